//! A folder, a provider, and what a bystander sees of both.

use std::path::{Path, PathBuf};

use latchkey_sandbox::{
    Consent, Control, Endpoint, Fault, GrantView, HeldRequest, Moment, Outcome, Rotation, Sandbox,
    SandboxOptions, Settings,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::host::{Host, Owner, hashed};
use crate::waits::{PATIENCE, until};

/// One provider and one folder.
pub(crate) struct World {
    pub(crate) sandbox: Control,
    pub(crate) folder: tempfile::TempDir,
    outside: Runtime,
    _provider: Sandbox,
}

/// What the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Rotations that were saved.
    pub(crate) saved: usize,
    /// Refreshes that were announced and have no end.
    pub(crate) intents: i64,
}

impl World {
    /// The provider rotates and detects reuse; its access tokens live `life` seconds.
    pub(crate) fn new(grace_seconds: u64, life: u64) -> Self {
        let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let settings = Settings {
            rotation: Rotation::Rotate { grace_seconds, reuse_detection: true },
            access_token_life_seconds: life,
            consent: Consent::Agree { account: "ada".into() },
            ..Settings::default()
        };
        let options = SandboxOptions { settings, ..SandboxOptions::default() };
        let provider = outside.block_on(Sandbox::start(options)).unwrap();
        let sandbox = provider.control();
        Self { sandbox, folder: tempfile::tempdir().unwrap(), outside, _provider: provider }
    }

    pub(crate) fn spawn(&self, owner: Owner) -> Host {
        Host::spawn(self.folder.path(), &self.sandbox.origin(), owner)
    }

    pub(crate) fn start(&self, owner: Owner) -> Host {
        Host::start(self.folder.path(), &self.sandbox.origin(), owner)
    }

    /// A whole sign-in; the browser's part is one request.
    pub(crate) fn sign_in(&self, host: &mut Host) {
        let begun = host.ask("begin sandbox");
        let link = self.outside.block_on(async {
            let answer = client().get(begun["url"].as_str().unwrap()).send().await.unwrap();
            answer.headers()["location"].to_str().unwrap().to_owned()
        });
        let done = host.ask(&format!("complete {link}"));
        assert_eq!(done["connected"], true, "{done}");
    }

    /// Waits until the sign-in rests in the keychain and nothing is under way.
    pub(crate) fn until_settled(host: &mut Host) -> Value {
        until("settled", || {
            let state = host.ask("state");
            let at_rest = state["resting"] == "keychain" && state["rows"]["intents"] == 0;
            (at_rest && state["health"]["activity"]["kind"] == "idle").then_some(state)
        })
    }

    pub(crate) fn hold(&self, moment: Moment) {
        self.sandbox.set_fault(Endpoint::Refresh, Fault::Hold { moment }, 1);
    }

    /// Returns once a refresh waits at the provider.
    pub(crate) fn held(&self) -> HeldRequest {
        let held = self.sandbox.wait_for_held(Endpoint::Refresh);
        self.outside.block_on(async { tokio::time::timeout(PATIENCE, held).await }).unwrap()
    }

    /// Returns once so many refreshes have been processed or struck by a fault.
    pub(crate) fn refreshes(&self, count: usize) {
        let met = self.sandbox.wait_for_requests(Endpoint::Refresh, count);
        self.outside.block_on(async { tokio::time::timeout(PATIENCE, met).await }).unwrap();
    }

    /// How many refreshes have arrived.
    pub(crate) fn asked(&self) -> usize {
        self.sandbox.requests_to(Endpoint::Refresh).len()
    }

    /// Returns once the provider is done with everything it was asked.
    pub(crate) fn until_processed(&self) {
        until("processed", || {
            let pending = |entry: &latchkey_sandbox::Entry| entry.outcome == Outcome::Pending;
            (!self.sandbox.requests().iter().any(pending)).then_some(())
        });
    }

    pub(crate) fn grant(&self) -> GrantView {
        self.sandbox.grants().pop().unwrap()
    }

    /// How often the provider has rotated the refresh token.
    pub(crate) fn rotations(&self) -> usize {
        self.grant().refresh_tokens.len() - 1
    }

    /// The hash of each access token, oldest first.
    pub(crate) fn hashes(&self) -> Vec<u64> {
        self.sandbox.issued().access_tokens.iter().map(|token| hashed(token)).collect()
    }

    pub(crate) fn refusals(&self) -> Vec<String> {
        self.sandbox.refusals().into_iter().map(|(_, why)| why).collect()
    }

    pub(crate) fn database(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("data/latchkey.db{ending}"))
    }

    /// Checks a copy of what a dead process has left: whoever starts next finds it as it was.
    pub(crate) fn examine(&self) -> Rows {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("latchkey.db");
        std::fs::copy(self.database(""), &path).unwrap();
        if self.database("-wal").exists() {
            std::fs::copy(self.database("-wal"), copy.path().join("latchkey.db-wal")).unwrap();
        }
        rows(&path)
    }
}

fn rows(path: &Path) -> Rows {
    let database = rusqlite::Connection::open(path).unwrap();
    let verdict: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let generation = number("SELECT generation FROM connections");
    let intents = number("SELECT count(*) FROM intents");
    // A sign-in is the first generation.
    Rows { saved: usize::try_from(generation - 1).unwrap(), intents }
}

#[expect(clippy::disallowed_methods, reason = "the browser of the tests is not the engine's client")]
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
