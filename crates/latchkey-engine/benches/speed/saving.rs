//! From a renewed token set to a durable one, beside a bare SQLite that commits the same bytes.
//!
//! Whole refreshes against the sandbox, one at a time and each followed by a bare commit on the same disk. The
//! engine's share is the span `commit_rotation`: from the call until the set is durable.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use latchkey_engine::{ManualClock, MemoryKeychain};
use latchkey_protocol::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Metadata, Subscriber};

use crate::Outcome;
use crate::report::{Aim, Row, quantile};
use crate::stopwatch::Stopwatch;
use crate::world::World;

/// Seconds that access lives: short, so that months do not pass within one run.
const LIFE: u64 = 120;
/// What is saved before anything is counted.
const WARM_UP: usize = 50;

/// Saves `commits` renewed sets, and the bytes of each once more.
pub(crate) async fn measure(commits: usize) -> Outcome<Vec<Row>> {
    let commits_seen = Commits::default();
    set_global_default(commits_seen.clone())?;
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_248_000_000)));
    let keychain = MemoryKeychain::default();
    let world = World::connected(clock.clone(), |_| keychain.factory(), LIFE).await?;
    let items = keychain.items();
    let set = items.get(items.keys().find(|name| name.contains("/c-")).ok_or("no set")?).ok_or("no set")?;
    let mut bare = bare(&world)?;
    let mut floor = Vec::new();
    for _ in 0..commits + WARM_UP {
        clock.advance(i64::try_from(LIFE)? * 1000);
        world.engine.lend(&world.id, 1).await?;
        world.at_rest().await?;
        // It answers when its database is done with whatever came after.
        world.engine.history(world.id.clone()).await?;
        floor.push(bare_commit(&mut bare, world.id.as_str(), set)?);
    }
    let engine = commits_seen.took();
    if engine.len() != floor.len() {
        return Err(format!("{} sets were saved in {} refreshes", engine.len(), floor.len()).into());
    }
    let row = |what, share, aim| {
        let (engine, floor) = (quantile(&engine[WARM_UP..], share), quantile(&floor[WARM_UP..], share));
        Row { what, engine, beside: "bare SQLite", floor, aim }
    };
    Ok(vec![
        row("commit of a renewed set, p99 ms", 0.99, Aim::Ratio(1.5)),
        row("  median, ms", 0.5, Aim::None),
    ])
}

/// The same promises to the disk, and nothing else.
fn bare(world: &World) -> Outcome<Connection> {
    let database = Connection::open(world.folder.path().join("bare.db"))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute("CREATE TABLE sets (id TEXT PRIMARY KEY, envelope BLOB) STRICT", [])?;
    Ok(database)
}

/// Milliseconds that one row takes.
fn bare_commit(database: &mut Connection, id: &str, envelope: &[u8]) -> Outcome<f64> {
    let watch = Stopwatch::start();
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction
        .execute("INSERT OR REPLACE INTO sets (id, envelope) VALUES (?1, ?2)", params![id, envelope])?;
    transaction.commit()?;
    Ok(watch.milliseconds())
}

/// Times every span `commit_rotation`, and hears nothing else.
#[derive(Clone, Default)]
struct Commits(Arc<Spans>);

#[derive(Default)]
struct Spans {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Stopwatch>>,
    took: Mutex<Vec<f64>>,
}

impl Commits {
    /// Milliseconds of each, in their order.
    fn took(&self) -> Vec<f64> {
        lock(&self.0.took).clone()
    }
}

impl Subscriber for Commits {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "commit_rotation"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let id = self.0.last.fetch_add(1, Ordering::Relaxed) + 1;
        lock(&self.0.open).insert(id, Stopwatch::start());
        Id::from_u64(id)
    }

    fn try_close(&self, id: Id) -> bool {
        if let Some(watch) = lock(&self.0.open).remove(&id.into_u64()) {
            lock(&self.0.took).push(watch.milliseconds());
        }
        true
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
