//! WebDriver servers: one for the app's window, one for the browser.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value};

use crate::{
    Error, Result,
    environment::Environment,
    service::{Service, piped},
    wait,
};

const START_LIMIT: Duration = Duration::from_secs(10);
const SESSION_LIMIT: Duration = Duration::from_mins(1);
/// The same for a browser, which is there already and may be asked by another driver.
const BROWSER_LIMIT: Duration = Duration::from_secs(20);
const CONNECT_LIMIT: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 5;

/// A running WebDriver server.
#[derive(Debug)]
pub(crate) struct Driver {
    // Held for its `Drop`.
    _service: Service,
    port: u16,
    limit: Duration,
}

impl Driver {
    /// Starts the driver of web views; `prepare` adds to the environment that the app will see.
    pub(crate) fn web_view(environment: &Environment, prepare: impl Fn(&mut Command)) -> Result<Self> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            // The driver cannot choose a port itself, and the chosen one may be taken before it listens.
            match Self::web_view_on(free_port()?, environment, &prepare) {
                Err(error @ Error::Failed { .. }) => last = Some(error),
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| Error::failed("WebKitWebDriver", "did not start")))
    }

    fn web_view_on(port: u16, environment: &Environment, prepare: &impl Fn(&mut Command)) -> Result<Self> {
        let mut command = environment.command("WebKitWebDriver");
        // Without the variable the app never answers the driver, and the session is awaited for ever.
        command.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        prepare(&mut command);
        let mut service = Service::start(&format!("webkit-driver-{port}"), command, &environment.logs())?;
        wait::until("WebKitWebDriver to listen", START_LIMIT, || {
            service.check()?;
            Ok(listens(port).then_some(()))
        })?;
        Ok(Self { _service: service, port, limit: SESSION_LIMIT })
    }

    /// Starts the driver of the browser.
    pub(crate) fn chromium(environment: &Environment) -> Result<Self> {
        let mut command = environment.command("chromedriver");
        command.arg("--port=0");
        let mut service = Service::start("chromedriver", piped(command), &environment.logs())?;
        let port = service.announce(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        })?;
        let port =
            port.parse().map_err(|_| Error::failed("chromedriver", format!("names the port {port}")))?;
        Ok(Self { _service: service, port, limit: BROWSER_LIMIT })
    }

    /// Opens a session.
    pub(crate) async fn session(&self, capabilities: Map<String, Value>) -> Result<Client> {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let address = format!("http://127.0.0.1:{}", self.port);
        match tokio::time::timeout(self.limit, builder.connect(&address)).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(Error::failed("the WebDriver session", error.to_string())),
            Err(_) => Err(wait::timeout("the WebDriver session to open", self.limit, "")),
        }
    }
}

/// Whether something listens on this port of the loopback address.
pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), CONNECT_LIMIT).is_ok()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(Error::io("look for a free port"))
}
