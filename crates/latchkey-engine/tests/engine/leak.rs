//! No secret anywhere but in the vault and on its way to the provider: not on the disk, not in a log, not in
//! anything that leaves the engine.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::support::{MINUTE, World};
use latchkey_engine::Callback;
use latchkey_protocol::{Event, Keep, Redirect};
use latchkey_sandbox::{Consent, Endpoint, Fault, Moment, Release, Rotation};
use tokio::sync::broadcast;
use tracing_subscriber::util::SubscriberInitExt as _;

/// All that was ever logged on the threads of this file's worlds.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs everything of this thread, to its end.
fn log_everything() {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    std::mem::forget(subscriber.with_writer(|| Log).finish().set_default());
}

/// A world whose every word is kept.
struct Overheard {
    world: World,
    said: Vec<String>,
    events: Vec<broadcast::Receiver<Event>>,
}

impl Overheard {
    fn new() -> Self {
        let mut world = World::before_the_start();
        world.on_thread(log_everything);
        world.start();
        let mut overheard = Self { world, said: Vec::new(), events: Vec::new() };
        overheard.listen();
        overheard
    }

    fn listen(&mut self) {
        let (first, events) = self.world.engine().watch();
        self.say(first);
        self.events.push(events);
    }

    fn say(&mut self, value: impl std::fmt::Debug) {
        self.said.push(format!("{value:?}"));
    }

    fn restart(&mut self) {
        self.world.restart();
        self.listen();
    }

    fn take(&mut self, link: &str) -> Callback {
        let taken = self.world.link(link);
        self.say(taken);
        taken
    }

    /// Everything that a stranger could read, by the place where it was found.
    fn everything(&mut self) -> Vec<(String, Vec<u8>)> {
        self.say(self.world.overview());
        for mut events in std::mem::take(&mut self.events) {
            while let Ok(event) = events.try_recv() {
                self.say(&event);
            }
        }
        for connection in self.world.overview().connections {
            let history = self.world.run(self.world.engine().history(connection.id));
            self.say(history);
        }
        let mut found = vec![("public values".to_owned(), self.said.join("\n").into_bytes())];
        found.push(("log".to_owned(), LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()));
        for (name, bytes) in self.world.keychain.items() {
            found.push((format!("keychain item {name}"), bytes));
        }
        read_all(self.world.folder.path(), &mut found);
        found
    }

    fn assert_nothing_leaked(&mut self) {
        let found = self.everything();
        for name in ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm", "owner.lock"] {
            assert!(found.iter().any(|(place, _)| place.ends_with(name)), "{name} was not searched");
        }
        for (place, bytes) in found {
            let text = String::from_utf8_lossy(&bytes);
            for secret in secrets(&self.world) {
                assert!(!text.contains(&secret), "{secret} is in {place}");
            }
        }
    }
}

fn read_all(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

/// Pieces of every secret that passed: half a secret is found as well.
fn secrets(world: &World) -> BTreeSet<String> {
    let issued = world.sandbox.issued();
    let lists =
        [issued.codes, issued.access_tokens, issued.refresh_tokens, issued.states, issued.code_verifiers];
    let pieces = |secret: String| {
        assert!(secret.len() >= 32, "{secret}");
        let half = secret.len() / 2;
        [secret[half - 16..half].to_owned(), secret[secret.len() - 16..].to_owned()]
    };
    assert!(lists.iter().all(|list| !list.is_empty()), "each kind of secret has passed");
    lists.into_iter().flatten().flat_map(pieces).collect()
}

fn logged(text: &str) -> bool {
    String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).contains(text)
}

#[test]
fn a_life_with_everything_in_it_leaks_nothing() {
    let mut life = Overheard::new();
    life.world.sign_in();
    life.world.until_settled();
    for round in 1..=3 {
        life.world.advance_until("renewed", 10 * MINUTE, |_| life.world.refreshes().len() == round);
        life.world.until_idle();
    }
    life.restart();
    let checked = life.world.check();
    life.say(checked);

    life.world.settings(|settings| settings.consent = Consent::Decline);
    let (view, url) = life.world.begin();
    life.say(view);
    let link = life.world.browser(&url);
    life.take(&link);

    life.world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = life.world.begin_with(Keep::Memory, Some(Redirect::Loopback)).unwrap();
    let redirect = life.world.browser(&url);
    let page = life.world.visit(&redirect);
    let page = life.world.outside(async { page.await.unwrap().unwrap().text().await.unwrap() });
    life.say(page);
    life.world.until("two accounts", |overview| overview.connections.len() == 2);

    let ada = life.world.overview().connections[0].id.clone();
    let (view, url) = life.world.run(life.world.engine().reconnect(ada.clone(), None, vec![])).unwrap();
    life.say(view);
    let link = life.world.browser(&url);
    for hostile in
        [format!("{link}#x"), format!("{link}&state=x"), format!("{link}&access_token=x"), format!("{link}A")]
    {
        assert!(matches!(life.take(&hostile), Callback::Ignored(_)));
    }
    assert_eq!(life.take(&link), Callback::Taken);

    life.world.begin();
    life.restart();
    life.world.sandbox.set_fault(Endpoint::Revoke, Fault::status(503), 1);
    life.world.run(life.world.engine().disconnect(ada)).unwrap();
    life.world.requests(Endpoint::Revoke, 1);
    assert!(logged("signed in") && logged("outcome=Renewed"), "the log was listened to");
    life.assert_nothing_leaked();
}

#[test]
fn a_killed_sign_in_that_waits_for_its_account_leaks_nothing() {
    let mut life = Overheard::new();
    life.world.hold(Endpoint::Userinfo, Moment::Before);
    let (_, url) = life.world.begin();
    let link = life.world.browser(&url);
    life.take(&link);
    let held = life.world.held(Endpoint::Userinfo);
    assert_eq!(life.world.count("SELECT count(*) FROM sign_ins"), 1, "its tokens are on the disk, sealed");
    life.assert_nothing_leaked();
    life.world.kill();
    life.world.sandbox.release(held.sequence, Release::Drop);
    life.world.start();
    life.world.until("connected", |overview| overview.connections.len() == 1);
    life.assert_nothing_leaked();
}

#[test]
fn answers_that_cannot_be_read_leak_nothing() {
    let mut life = Overheard::new();
    life.world.sign_in();
    life.world.settings(|settings| {
        settings.rotation = Rotation::Rotate { grace_seconds: 30, reuse_detection: true };
    });
    for fault in [Fault::TruncatedJson, Fault::GzipGarbage, Fault::CutBody, Fault::OversizedBody] {
        let before = life.world.refreshes().len();
        life.world.sandbox.set_fault(Endpoint::Refresh, fault, 2);
        life.world.advance_until("given up", 10 * MINUTE, |_| life.world.refreshes().len() > before + 1);
        life.world.advance_until("renewed", MINUTE, |_| life.world.refreshes().len() > before + 2);
        life.world.until_idle();
    }
    life.assert_nothing_leaked();
}

/// Some providers repeat in an error what they were sent.
#[test]
fn a_secret_that_the_provider_repeats_goes_no_further() {
    let mut life = Overheard::new();
    let (_, url) = life.world.begin();
    let link = life.world.browser(&url);
    let code = url::Url::parse(&link)
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let repeated = |error: &str, secret: &str| Fault::OauthError {
        error: error.into(),
        description: Some(format!("{}{secret} is not good", "x".repeat(9))),
        status: None,
    };
    life.world.sandbox.set_fault(Endpoint::Token, repeated("invalid_grant", &code), 1);
    life.take(&link);
    life.world.requests(Endpoint::Token, 1);
    life.world.sign_in();
    let access = life.world.sandbox.issued().access_tokens.pop().unwrap();
    let body = Some(format!("{}{access}", "x".repeat(9)));
    let forbidden =
        Fault::Status { status: 403, body, content_type: None, retry_after: None, moment: Moment::Before };
    life.world.sandbox.set_fault(Endpoint::Userinfo, forbidden, 1);
    let checked = life.world.check();
    assert!(format!("{checked:?}").contains("xxx"), "what else it says is told: {checked:?}");
    life.say(checked);
    for (error, times) in [("server_error", 2), ("invalid_client", 2), ("invalid_grant", 1)] {
        let refresh = life.world.sandbox.grants()[0].active_refresh_token().unwrap().to_owned();
        life.world.sandbox.set_fault(Endpoint::Refresh, repeated(error, &refresh), times);
        life.world.clock.advance(60 * MINUTE);
        life.world.advance_until("refused", MINUTE, |_| life.world.sandbox.faults().is_empty());
        let checked = life.world.check();
        life.say(checked);
    }
    life.assert_nothing_leaked();
}

#[cfg(unix)]
#[test]
fn the_data_folder_is_for_this_user_only_and_is_closed_again_if_somebody_opened_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut world = World::new();
    let folder = world.folder.path().join("data");
    let mode = || std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o700);
    world.kill();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.start();
    assert_eq!(mode(), 0o700);
}
