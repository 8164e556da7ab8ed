//! An engine beside the sandbox in one process, with a person who signs in.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use latchkey_engine::{Callback, Clock, Edges, Engine, KeychainFactory, Options, OsEntropy};
use latchkey_protocol::{Activity, ConnectionId, Keep, ProviderId, Redirect, RestingPlace};
use latchkey_sandbox::{Consent, Control, Sandbox, SandboxOptions, Settings};
use tempfile::TempDir;
use tokio::time::timeout;
use url::Url;

use crate::Outcome;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// One connection, healthy and at rest in the keychain.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) sandbox: Control,
    pub(crate) id: ConnectionId,
    /// Its files, on the disk where cargo builds.
    pub(crate) folder: TempDir,
    _provider: Sandbox,
}

impl World {
    /// Access lives for `life` seconds.
    pub(crate) async fn connected(
        clock: Arc<dyn Clock>,
        keychain: impl FnOnce(&Path) -> KeychainFactory,
        life: u64,
    ) -> Outcome<Self> {
        let folder = folder()?;
        let provider = provider(life).await?;
        let sandbox = provider.control();
        let keychain = keychain(folder.path());
        let engine = Engine::start(options(folder.path(), clock, keychain, sandbox.origin())).await?;
        sign_in(&engine).await?;
        let id = engine.overview().connections.first().ok_or("nobody is signed in")?.id.clone();
        Ok(Self { engine, sandbox, id, folder, _provider: provider })
    }

    /// Returns once the token set is at rest and nothing is under way.
    pub(crate) async fn at_rest(&self) -> Outcome<()> {
        at_rest(&self.engine).await
    }
}

/// A folder that goes away by itself.
pub(crate) fn folder() -> Outcome<TempDir> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// What an engine on `folder` is started with.
pub(crate) fn options(
    folder: &Path,
    clock: Arc<dyn Clock>,
    keychain: KeychainFactory,
    sandbox: String,
) -> Options {
    Options {
        data_dir: folder.join("data"),
        config_dir: folder.join("config"),
        clock,
        entropy: Box::new(OsEntropy),
        keychain,
        environment: Box::new(move |name| (name == "LATCHKEY_SANDBOX_URL").then(|| sandbox.clone())),
        edges: Edges::default(),
    }
}

async fn provider(life: u64) -> Outcome<Sandbox> {
    let settings = Settings {
        access_token_life_seconds: life,
        consent: Consent::Agree { account: "ada".into() },
        // The clock of this computer says nothing to an engine whose clock is moved by hand.
        date: Some("unknown".into()),
        ..Settings::default()
    };
    Ok(Sandbox::start(SandboxOptions { settings, ..SandboxOptions::default() }).await?)
}

async fn sign_in(engine: &Engine) -> Outcome<()> {
    let provider = ProviderId::try_from("sandbox")?;
    let redirect = Some(Redirect::DeepLink);
    let (_, url) = engine.begin_sign_in(provider, BTreeMap::new(), Keep::Keychain, redirect, None).await?;
    let url = url.ok_or("the sandbox does not begin in the browser")?;
    if engine.complete_sign_in(&browser(url).await?).await != Callback::Taken {
        return Err("the engine did not take the link".into());
    }
    at_rest(engine).await
}

/// The browser's part: one request, whose answer names the link.
async fn browser(url: Url) -> Outcome<String> {
    #[expect(clippy::disallowed_methods, reason = "the browser is not the engine's client")]
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    let answer = client.get(url).send().await?;
    let link = answer.headers().get("location").ok_or("the sandbox did not agree")?;
    Ok(link.to_str()?.to_owned())
}

async fn at_rest(engine: &Engine) -> Outcome<()> {
    let (_, mut events) = engine.watch();
    let resting = || {
        let overview = engine.overview();
        overview.connections.first().is_some_and(|connection| {
            connection.resting == RestingPlace::Keychain
                && matches!(connection.health.activity, Activity::Idle { .. })
        })
    };
    let waiting = async {
        while !resting() {
            // Events may be missed; what counts is how it is.
            let _ = timeout(Duration::from_millis(100), events.recv()).await;
        }
    };
    Ok(timeout(PATIENCE, waiting).await?)
}
