//! The engine as a process of its own, for tests that kill it, start several of it on one folder, or let it
//! run out of disk: the real clock, the real database, real sockets, and a keychain of files or the system's.
//!
//! ```text
//! host FOLDER [--without-owner] [--limit BYTES] [--system-keychain]
//! ```
//!
//! Commands come on standard input, one a line: a number, a word, arguments. Each answer is a line of JSON
//! that begins with that number. Of a token it tells a short hash and never the token.
#![expect(clippy::unwrap_used, reason = "a host that cannot go on is a test that fails")]

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::join_all;
use latchkey_engine::{
    Callback, Edges, Engine, Keychain, KeychainError, LentToken, Options, OsEntropy, SystemClock,
    system_keychain,
};
use latchkey_protocol::{ConnectionId, Keep, Problem, ProviderId, Redirect, SignInStage};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Items as files, which outlive this process as a keychain does. One named `locked` locks it.
struct Files(PathBuf);

impl Files {
    fn path(&self, item: &str) -> Result<PathBuf, KeychainError> {
        if self.0.join("locked").exists() {
            return Err(KeychainError::Locked);
        }
        std::fs::create_dir_all(&self.0).map_err(refused)?;
        Ok(self.0.join(item.replace('/', "+")))
    }
}

fn refused(error: impl std::fmt::Display) -> KeychainError {
    KeychainError::Refused(error.to_string())
}

impl Keychain for Files {
    fn read(&mut self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        match std::fs::read(self.path(item)?) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    /// Whole or not at all, as a keychain's own.
    fn write(&mut self, item: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let path = self.path(item)?;
        let next = path.with_added_extension(std::process::id().to_string());
        std::fs::write(&next, secret).and_then(|()| std::fs::rename(&next, path)).map_err(refused)
    }

    fn delete(&mut self, item: &str) -> Result<(), KeychainError> {
        match std::fs::remove_file(self.path(item)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(refused(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// What the commands work on.
struct Host {
    engine: Engine,
    folder: PathBuf,
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap());
    let (mut alone, mut of_files) = (true, true);
    while let Some(option) = arguments.next() {
        match option.to_str() {
            Some("--without-owner") => alone = false,
            Some("--system-keychain") => of_files = false,
            Some("--limit") => drop(limit(arguments.next().unwrap().to_str().unwrap().parse().ok())),
            _ => panic!("{}: no such option", option.display()),
        }
    }
    let keychain = folder.join("keychain");
    let options = Options {
        data_dir: folder.join("data"),
        config_dir: folder.join("config"),
        clock: Arc::new(SystemClock),
        entropy: Box::new(OsEntropy),
        keychain: if of_files {
            Box::new(move || Box::new(Files(keychain)))
        } else {
            system_keychain("latchkey-host")
        },
        environment: Box::new(|name| std::env::var(name).ok()),
        edges: if alone { Edges::default() } else { Edges::without_owner() },
    };
    let engine = Engine::start(options).await.unwrap();
    let host = Arc::new(Host { engine, folder });
    answer("0", &json!({ "ready": hashed(include_str!("host.rs")) }));
    let mut lines = lines();
    // Whoever started this process ends it by closing its standard input.
    while let Some(line) = lines.recv().await {
        let host = host.clone();
        tokio::spawn(async move {
            let mut words = line.split(' ');
            let number = words.next().unwrap();
            let done = obey(&host, number, &words.collect::<Vec<_>>()).await;
            answer(number, &done.unwrap_or_else(|problem| json!({ "refused": problem })));
        });
    }
}

/// The lines of standard input, read where that blocks nobody.
fn lines() -> tokio::sync::mpsc::UnboundedReceiver<String> {
    let (sender, lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    lines
}

fn answer(number: &str, what: &Value) {
    // Whoever asked may be gone.
    let _ = writeln!(std::io::stdout().lock(), "{number} {what}");
}

async fn obey(host: &Host, number: &str, words: &[&str]) -> Result<Value, Problem> {
    match *words {
        ["begin", provider, ref variables @ ..] => begin(host, provider, variables).await,
        ["complete", link] => Ok(complete(host, link).await),
        ["lend", least, count] => lend(host, number, least.parse().unwrap(), count.parse().unwrap()).await,
        ["renew"] => {
            let view = host.engine.check(connection(host).unwrap()).await?;
            Ok(json!({ "health": view.health }))
        }
        ["state"] => Ok(state(host)),
        ["limit", bytes] => Ok(limit(bytes.parse().ok())),
        ["lock"] => Ok(json!({ "locked": std::fs::write(host.folder.join("keychain/locked"), "").is_ok() })),
        ["unlock"] => {
            Ok(json!({ "unlocked": std::fs::remove_file(host.folder.join("keychain/locked")).is_ok() }))
        }
        ref unknown => Ok(json!({ "unknown": unknown })),
    }
}

/// `variables` are pairs such as `issuer=https://id.example`.
async fn begin(host: &Host, provider: &str, variables: &[&str]) -> Result<Value, Problem> {
    let provider = ProviderId::try_from(provider).unwrap();
    let redirect = Some(Redirect::DeepLink);
    let pairs = variables.iter().filter_map(|pair| pair.split_once('='));
    let variables: BTreeMap<_, _> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (_, url) = host.engine.begin_sign_in(provider, variables, Keep::Keychain, redirect, None).await?;
    let url = url.map(|url| url.to_string());
    Ok(json!({ "url": url }))
}

/// Takes a link and waits until its sign-in has ended in one way or the other.
async fn complete(host: &Host, link: &str) -> Value {
    let (_, mut events) = host.engine.watch();
    let taken = host.engine.complete_sign_in(link).await == Callback::Taken;
    loop {
        let overview = host.engine.overview();
        let mut under_way = overview.providers.iter().filter_map(|provider| provider.sign_in.as_ref());
        let ended = !taken || under_way.any(|live| matches!(live.stage, SignInStage::Ended { .. }));
        let done = overview.providers.iter().all(|provider| provider.sign_in.is_none());
        if ended || done {
            return json!({ "connected": done && !overview.connections.is_empty() });
        }
        let _ = events.recv().await;
    }
}

fn connection(host: &Host) -> Option<ConnectionId> {
    host.engine.overview().connections.first().map(|connection| connection.id.clone())
}

/// So many callers at once. That they wait is told first, where they do.
async fn lend(host: &Host, number: &str, least: i64, count: usize) -> Result<Value, Problem> {
    let id = connection(host).unwrap();
    let mut all = Box::pin(join_all((0..count).map(|_| host.engine.lend(&id, least))));
    let first = poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx))).await;
    let lent = match first {
        Poll::Ready(lent) => lent,
        Poll::Pending => {
            answer(number, &json!({ "waiting": count }));
            all.await
        }
    };
    Ok(json!({ "lent": lent.into_iter().map(told).collect::<Vec<_>>() }))
}

fn told(lent: Result<LentToken, Problem>) -> Value {
    match lent {
        Ok(lent) => {
            json!({ "hash": hashed(lent.token.expose_secret()), "saved": lent.saved, "bound": lent.bound })
        }
        Err(problem) => json!({ "refused": problem }),
    }
}

fn hashed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn state(host: &Host) -> Value {
    let overview = host.engine.overview();
    let Some(known) = overview.connections.first() else { return json!({ "connections": 0 }) };
    json!({
        "connections": overview.connections.len(),
        "health": known.health,
        "resting": known.resting,
        "sealed": known.sealed,
        "renewal": known.renewal,
        "rows": rows(&host.folder.join("data/latchkey.db")),
    })
}

/// What a bystander reads in the database.
fn rows(path: &Path) -> Option<Value> {
    let database =
        rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    let sql = "SELECT epoch, generation, (SELECT count(*) FROM intents) FROM connections";
    let row = database.query_row(sql, [], |row| {
        Ok(json!({
            "epoch": row.get::<_, i64>(0)?,
            "generation": row.get::<_, i64>(1)?,
            "intents": row.get::<_, i64>(2)?,
        }))
    });
    row.ok()
}

/// No file grows beyond so many bytes: what a full disk does, without a disk and without privileges. The
/// signal that comes with it is ignored by whoever starts this process (`trap '' XFSZ`).
#[cfg(unix)]
fn limit(bytes: Option<u64>) -> Value {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Fsize).maximum;
    json!({ "limited": setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).is_ok() })
}

#[cfg(not(unix))]
fn limit(_: Option<u64>) -> Value {
    json!({ "limited": false })
}
