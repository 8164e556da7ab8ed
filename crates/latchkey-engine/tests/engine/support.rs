//! A world for the engine: the sandbox as provider, a clock moved by hand, a keychain with moods, and a
//! process that can be killed.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::waits::PATIENCE;
use latchkey_engine::{
    Callback, Clock as _, Edges, Engine, ManualClock, MemoryKeychain, Options, OsEntropy, StartError,
};
use latchkey_protocol::{
    ConnectionId, ConnectionView, Event, EventBody, GrantState, Keep, Overview, Problem, ProviderId,
    ProviderView, Redirect, Revocation, SignInView, Timestamp,
};
use latchkey_sandbox::{Consent, Control, Endpoint, Fault, Moment, Sandbox, SandboxOptions, Settings};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use url::Url;

/// 21 November 2026, 08:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_795_248_000_000);
pub(crate) const MINUTE: i64 = 60_000;
/// With what a server proves itself to the sandbox.
pub(crate) const UPSTREAM_SECRET: &str = "the secret between two servers";

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) keychain: MemoryKeychain,
    pub(crate) sandbox: Control,
    pub(crate) folder: tempfile::TempDir,
    /// Variables of the environment of the engines to come.
    pub(crate) environment: BTreeMap<String, String>,
    process: Option<(Runtime, Engine)>,
    /// What its engines reach the world through.
    pub(crate) edges: Edges,
    /// Called at the start of each thread of the engine.
    on_thread: fn(),
    outside: Runtime,
    provider: Sandbox,
}

fn runtime(on_thread: fn()) -> Runtime {
    Builder::new_multi_thread().worker_threads(2).on_thread_start(on_thread).enable_all().build().unwrap()
}

impl World {
    /// A running engine, nobody signed in. The sandbox agrees as Ada without asking.
    pub(crate) fn new() -> Self {
        let mut world = Self::before_the_start();
        world.start();
        world
    }

    /// The same before the engine is started.
    pub(crate) fn before_the_start() -> Self {
        let outside = runtime(|| {});
        let options = SandboxOptions {
            confidential_secret: Some(UPSTREAM_SECRET.into()),
            redirect_uris: vec!["http://127.0.0.1/oauth/pocketbase".into()],
            ..SandboxOptions::default()
        };
        let provider = outside.block_on(Sandbox::start(options)).unwrap();
        let sandbox = provider.control();
        sandbox.change_settings(|settings| {
            settings.consent = Consent::Agree { account: "ada".into() };
            // The clock of this computer says nothing to an engine whose clock is moved by hand.
            settings.date = Some("unknown".into());
        });
        Self {
            clock: Arc::new(ManualClock::at(START)),
            keychain: MemoryKeychain::default(),
            sandbox,
            folder: tempfile::tempdir().unwrap(),
            environment: BTreeMap::new(),
            process: None,
            edges: Edges::default(),
            on_thread: || {},
            outside,
            provider,
        }
    }

    /// One with a connection of Ada's, healthy and settled in the keychain.
    pub(crate) fn connected() -> Self {
        let world = Self::new();
        world.sign_in();
        world.until_settled();
        world
    }

    /// Calls `on_thread` on this thread and at the start of each thread of the engines to come.
    pub(crate) fn on_thread(&mut self, on_thread: fn()) {
        on_thread();
        self.on_thread = on_thread;
    }

    /// Writes a provider file of the person's own, for the engines to come.
    pub(crate) fn write_provider(&self, name: &str, text: &str) -> PathBuf {
        let folder = self.folder.path().join("config/providers");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn settings(&self, change: impl FnOnce(&mut Settings)) {
        self.sandbox.change_settings(change);
    }

    pub(crate) fn start(&mut self) {
        self.try_start().unwrap();
    }

    /// Starts an engine on the world's folder, also beside one that runs.
    pub(crate) fn try_start(&mut self) -> Result<(), StartError> {
        let runtime = runtime(self.on_thread);
        let mut environment = self.environment.clone();
        environment.insert("LATCHKEY_SANDBOX_URL".to_owned(), self.sandbox.origin());
        let options = Options {
            data_dir: self.folder.path().join("data"),
            config_dir: self.folder.path().join("config"),
            clock: self.clock.clone(),
            entropy: Box::new(OsEntropy),
            keychain: self.keychain.factory(),
            environment: Box::new(move |name| environment.get(name).cloned()),
            edges: self.edges.clone(),
        };
        let engine = runtime.block_on(Engine::start(options))?;
        self.process = Some((runtime, engine));
        Ok(())
    }

    /// As SIGKILL: whatever runs stops where it is. A database transaction is over or never was.
    pub(crate) fn kill(&mut self) {
        let (runtime, engine) = self.process.take().unwrap();
        runtime.shutdown_timeout(PATIENCE);
        drop(engine);
    }

    /// Killed and started again.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.start();
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.process.as_ref().unwrap().1
    }

    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.process.as_ref().unwrap().0.block_on(work)
    }

    /// Runs something of the world outside the engine's process.
    pub(crate) fn outside<T>(&self, work: impl Future<Output = T>) -> T {
        self.outside.block_on(work)
    }

    /// Lets something of the world outside go on by itself.
    pub(crate) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.outside.spawn(work);
    }

    pub(crate) fn overview(&self) -> Overview {
        self.engine().overview()
    }

    /// The one connection.
    pub(crate) fn connection(&self) -> ConnectionView {
        let mut connections = self.overview().connections;
        assert_eq!(connections.len(), 1, "{connections:?}");
        connections.remove(0)
    }

    /// The engine's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    pub(crate) fn grant(&self) -> GrantState {
        self.connection().health.grant
    }

    pub(crate) fn provider(&self) -> ProviderView {
        self.overview().providers.into_iter().find(|provider| provider.id == sandbox()).unwrap()
    }

    pub(crate) fn begin(&self) -> (SignInView, Url) {
        self.begin_with(Keep::Keychain, None).unwrap()
    }

    pub(crate) fn begin_with(
        &self,
        keep: Keep,
        redirect: Option<Redirect>,
    ) -> Result<(SignInView, Url), Problem> {
        let begun = self.engine().begin_sign_in(sandbox(), BTreeMap::new(), keep, redirect, None);
        let (view, url) = self.run(begun)?;
        Ok((view, url.unwrap()))
    }

    /// Begins to sign in again.
    pub(crate) fn reconnect(&self, id: &ConnectionId) -> (SignInView, Url) {
        let (view, url) = self.run(self.engine().reconnect(id.clone(), None, vec![])).unwrap();
        (view, url.unwrap())
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        latchkey_engine::Clock::wall(self.clock.as_ref())
    }

    /// The browser's part: follows the authorization URL to the redirect back to Latchkey.
    pub(crate) fn browser(&self, url: &Url) -> String {
        self.outside(async {
            let response = client().get(url.clone()).send().await.unwrap();
            assert!(response.status().is_redirection(), "{}", response.text().await.unwrap());
            response.headers()["location"].to_str().unwrap().to_owned()
        })
    }

    /// The browser's part of a sign-in over a port: asks for the page, whose answer may take its time.
    pub(crate) fn visit(&self, url: &str) -> JoinHandle<reqwest::Result<reqwest::Response>> {
        self.outside.spawn(client().get(url).send())
    }

    pub(crate) fn link(&self, link: &str) -> Callback {
        self.run(self.engine().complete_sign_in(link))
    }

    /// A whole sign-in, up to a connection that says so.
    pub(crate) fn sign_in(&self) -> ConnectionView {
        let (_, url) = self.begin();
        let link = self.browser(&url);
        assert_eq!(self.link(&link), Callback::Taken);
        self.until("connected", |overview| {
            overview.connections.iter().any(|connection| connection.health.grant == GrantState::Connected)
                && overview.providers.iter().all(|provider| provider.sign_in.is_none())
        });
        self.connection()
    }

    pub(crate) fn check(&self) -> Result<ConnectionView, Problem> {
        let id = self.connection().id;
        self.run(self.engine().check(id))
    }

    /// The provider leaves the network.
    pub(crate) fn unplug(&mut self) {
        self.outside.block_on(self.provider.unplug());
    }

    /// The provider comes back.
    pub(crate) fn plug_in(&mut self) {
        self.outside.block_on(self.provider.plug_in()).unwrap();
    }

    /// Makes the next request to `endpoint` wait.
    pub(crate) fn hold(&self, endpoint: Endpoint, moment: Moment) {
        self.sandbox.set_fault(endpoint, Fault::Hold { moment }, 1);
    }

    /// A whole disconnect, up to the farewell; time goes on meanwhile.
    pub(crate) fn disconnect(&self, id: ConnectionId) -> Revocation {
        let (_, mut events) = self.engine().watch();
        self.run(self.engine().disconnect(id)).unwrap();
        self.advance_until("gone", MINUTE, |overview| overview.connections.is_empty());
        self.run(farewell(&mut events))
    }

    /// The refresh token of each refresh so far.
    pub(crate) fn refreshes(&self) -> Vec<String> {
        let sent = self.sandbox.requests_to(Endpoint::Refresh);
        sent.iter().map(|entry| entry.form.value("refresh_token").unwrap().to_owned()).collect()
    }

    /// How many token sets rest in the keychain.
    pub(crate) fn sets_in_keychain(&self) -> usize {
        self.keychain.items().keys().filter(|name| name.contains("/c-")).count()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("data/latchkey.db")
    }

    /// A number from the database, read as a bystander would.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        count(&self.database(), sql)
    }
}

/// What the next connection that goes away leaves to be said.
pub(crate) async fn farewell(events: &mut broadcast::Receiver<Event>) -> Revocation {
    loop {
        if let EventBody::ConnectionRemoved { farewell, .. } = events.recv().await.unwrap().body {
            return farewell.revocation;
        }
    }
}

pub(crate) fn count(database: &Path, sql: &str) -> i64 {
    rusqlite::Connection::open(database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

pub(crate) fn sandbox() -> ProviderId {
    ProviderId::try_from("sandbox").unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the browser of the tests is not the engine's client")]
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
