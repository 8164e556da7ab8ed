//! A world for the engine: the sandbox as provider, a clock moved by hand, a keychain with moods, and a
//! process that can be killed.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use latchkey_engine::{Callback, Engine, ManualClock, MemoryKeychain, Options, OsEntropy};
use latchkey_protocol::{
    ConnectionView, GrantState, Keep, Overview, Problem, ProviderId, ProviderView, Redirect, SignInView,
    Timestamp,
};
use latchkey_sandbox::{Consent, Control, Sandbox, SandboxOptions, Settings};
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// 21 November 2026, 08:00 UTC.
pub(crate) const START: Timestamp = Timestamp(1_795_248_000_000);
pub(crate) const MINUTE: i64 = 60_000;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) keychain: MemoryKeychain,
    pub(crate) sandbox: Control,
    pub(crate) folder: tempfile::TempDir,
    process: Option<(Runtime, Engine)>,
    outside: Runtime,
    _sandbox: Sandbox,
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl World {
    /// A running engine, nobody signed in. The sandbox agrees as Ada without asking.
    pub(crate) fn new() -> Self {
        let outside = runtime();
        let sandbox = outside.block_on(Sandbox::start(SandboxOptions::default())).unwrap();
        let control = sandbox.control();
        control.change_settings(|settings| settings.consent = Consent::Agree { account: "ada".into() });
        let mut world = Self {
            clock: Arc::new(ManualClock::at(START)),
            keychain: MemoryKeychain::default(),
            sandbox: control,
            folder: tempfile::tempdir().unwrap(),
            process: None,
            outside,
            _sandbox: sandbox,
        };
        world.start();
        world
    }

    /// One with a connection of Ada's, healthy and settled in the keychain.
    pub(crate) fn connected() -> Self {
        let world = Self::new();
        world.sign_in();
        world.until("the sign-in rests in the keychain", |overview| {
            let resting = latchkey_protocol::RestingPlace::Keychain;
            overview.connections.first().is_some_and(|connection| connection.resting == resting)
        });
        world
    }

    pub(crate) fn settings(&self, change: impl FnOnce(&mut Settings)) {
        self.sandbox.change_settings(change);
    }

    pub(crate) fn start(&mut self) {
        let runtime = runtime();
        let sandbox = self.sandbox.origin();
        let options = Options {
            data_dir: self.folder.path().join("data"),
            config_dir: self.folder.path().join("config"),
            clock: self.clock.clone(),
            entropy: Box::new(OsEntropy),
            keychain: self.keychain.factory(),
            environment: Box::new(move |name| (name == "LATCHKEY_SANDBOX_URL").then(|| sandbox.clone())),
        };
        let engine = runtime.block_on(Engine::start(options)).unwrap();
        self.process = Some((runtime, engine));
    }

    /// As SIGKILL: whatever runs stops where it is. A database transaction is over or never was.
    pub(crate) fn kill(&mut self) {
        let (runtime, engine) = self.process.take().unwrap();
        runtime.shutdown_timeout(Duration::from_millis(1));
        drop(engine);
    }

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

    pub(crate) fn overview(&self) -> Overview {
        self.engine().overview()
    }

    /// The one connection.
    pub(crate) fn connection(&self) -> ConnectionView {
        let mut connections = self.overview().connections;
        assert_eq!(connections.len(), 1, "{connections:?}");
        connections.remove(0)
    }

    pub(crate) fn grant(&self) -> GrantState {
        self.connection().health.grant
    }

    pub(crate) fn provider(&self) -> ProviderView {
        self.overview().providers.into_iter().find(|provider| provider.id == sandbox()).unwrap()
    }

    /// Waits for the engine to come into a state, by its events.
    pub(crate) fn until(&self, what: &str, reached: impl Fn(&Overview) -> bool) {
        let (_, mut events) = self.engine().watch();
        let waiting = async {
            while !reached(&self.engine().overview()) {
                let _ = tokio::time::timeout(Duration::from_millis(100), events.recv()).await;
            }
        };
        let waited = self.run(async { tokio::time::timeout(PATIENCE, waiting).await });
        assert!(waited.is_ok(), "{what}: not reached, but {:#?}", self.overview());
    }

    /// Moves the clock on in steps until the engine comes into a state: what waits for a due time gets there.
    pub(crate) fn advance_until(&self, what: &str, step: i64, reached: impl Fn(&Overview) -> bool) {
        let (_, mut events) = self.engine().watch();
        let waiting = async {
            while !reached(&self.engine().overview()) {
                self.clock.advance(step);
                let _ = tokio::time::timeout(Duration::from_millis(20), events.recv()).await;
            }
        };
        let waited = self.run(async { tokio::time::timeout(PATIENCE, waiting).await });
        assert!(waited.is_ok(), "{what}: not reached, but {:#?}", self.overview());
    }

    pub(crate) fn begin(&self) -> (SignInView, Url) {
        self.begin_with(Keep::Keychain, None).unwrap()
    }

    pub(crate) fn begin_with(
        &self,
        keep: Keep,
        redirect: Option<Redirect>,
    ) -> Result<(SignInView, Url), Problem> {
        self.run(self.engine().begin_sign_in(sandbox(), keep, redirect))
    }

    /// The browser's part: follows the authorization URL to the redirect back to Latchkey.
    pub(crate) fn browser(&self, url: &Url) -> String {
        self.outside(async {
            let response = client().get(url.clone()).send().await.unwrap();
            assert!(response.status().is_redirection(), "{}", response.text().await.unwrap());
            response.headers()["location"].to_str().unwrap().to_owned()
        })
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

    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("data/latchkey.db")
    }

    /// A number from the database, read as a bystander would.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        count(&self.database(), sql)
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
