//! The life of a sandbox: bind a loopback port, serve, disappear from the network and come back, stop.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::clock::ClockMode;
use crate::control::Control;
use crate::core::{Beginning, Core, World};
use crate::random::Entropy;
use crate::settings::Settings;
use crate::wire::{Socket, Sockets};
use crate::{control_routes, door};

/// How a sandbox begins, and what a reset returns to.
#[derive(Clone, Debug, Default)]
pub struct SandboxOptions {
    /// The loopback port; 0 lets the system choose.
    pub port: u16,
    /// The habits at the beginning.
    pub settings: Settings,
    /// Whether time runs by itself.
    pub clock: ClockMode,
    /// The secret of `sandbox-confidential`; without one that client does not exist.
    pub confidential_secret: Option<String>,
    /// Redirect URIs for the built-in clients, beyond [`Client::REDIRECT_URIS`].
    pub redirect_uris: Vec<String>,
    /// More clients.
    pub clients: Vec<Client>,
    /// Makes codes and tokens repeatable.
    pub seed: Option<[u8; 32]>,
}

impl SandboxOptions {
    fn all_clients(&self) -> Vec<Client> {
        let confidential = self.confidential_secret.as_deref();
        let confidential = confidential.map(|secret| Client::confidential(Client::CONFIDENTIAL, secret));
        let mut clients: Vec<Client> =
            [Client::public(Client::DESKTOP)].into_iter().chain(confidential).collect();
        for client in &mut clients {
            client.redirect_uris.extend(self.redirect_uris.iter().cloned());
        }
        clients.extend(self.clients.iter().cloned());
        clients
    }
}

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    address: SocketAddr,
    serving: Option<Serving>,
}

#[derive(Debug)]
struct Serving {
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    /// Binds `127.0.0.1` and serves on the current Tokio runtime.
    pub async fn start(options: SandboxOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let beginning =
            Beginning { clients: options.all_clients(), settings: options.settings, clock: options.clock };
        let entropy = Entropy::new(options.seed)?;
        let core = Core::new(format!("http://{address}"), beginning, entropy);
        let world = Arc::new(World::new(core));
        let serving = Some(serve(listener, &world));
        Ok(Self { world, address, serving })
    }

    /// `http://127.0.0.1:PORT`, which is also the issuer.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A handle that works in-process. It can be cloned and outlives the sandbox.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.world))
    }

    /// Leaves the network: connections close, new ones are refused. Everything is remembered.
    pub async fn unplug(&mut self) {
        self.world.gate.end_phase(false);
        if let Some(Serving { stop, task }) = self.serving.take() {
            drop(stop);
            // A server that failed has left the network, too.
            let _ended = task.await;
        }
    }

    /// Comes back on the same port.
    pub async fn plug_in(&mut self) -> io::Result<()> {
        if self.serving.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.world.gate.reopen();
            self.serving = Some(serve(listener, &self.world));
        }
        Ok(())
    }

    /// Ends held requests, closes connections and returns when the port is free.
    pub async fn stop(mut self) {
        self.unplug().await;
    }
}

impl Drop for Sandbox {
    /// The stop signal is the drop of its sender; connections end with the phase.
    fn drop(&mut self) {
        self.world.gate.end_phase(false);
    }
}

fn serve(listener: TcpListener, world: &Arc<World>) -> Serving {
    let (stop, stopped) = oneshot::channel::<()>();
    let sockets = Sockets::new(listener, Arc::clone(world));
    let app: Router = control_routes::router().fallback(door::receive).with_state(Arc::clone(world));
    let service = app.into_make_service_with_connect_info::<Socket>();
    let server = axum::serve(sockets, service).with_graceful_shutdown(async move {
        let _dropped = stopped.await;
    });
    Serving { stop, task: tokio::spawn(server.into_future()) }
}
