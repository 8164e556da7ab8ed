//! One world: its clock, its disk, its provider, its processes, and everything that went wrong in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use latchkey_engine::{Boot, Clock, MemoryKeychain, Sleep};
use latchkey_protocol::Timestamp;
use tokio::sync::Notify;

use crate::plan::{Kind, Plan};
use crate::provider::{Delivery, Provider};
use crate::rng::Rng;

/// 21 November 2026, 08:00 UTC.
const WALL: i64 = 1_795_248_000_000;
const BOOT: i64 = 3_600_000;
/// A world in which more than this happens has run away.
const MOST_NOTES: u64 = 100_000;

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) database: Arc<Mutex<rusqlite::Connection>>,
    pub(crate) keychain: MemoryKeychain,
    /// Rings when an answer with tokens has reached a process.
    pub(crate) answered: Notify,
    state: Mutex<State>,
    started: tokio::time::Instant,
}

/// What changes.
pub(crate) struct State {
    pub(crate) rng: Rng,
    pub(crate) provider: Provider,
    /// Faults may happen.
    pub(crate) trouble: bool,
    pub(crate) disk_bad_until: i64,
    /// Until then every answer to a refresh is lost.
    pub(crate) blackout_until: i64,
    pub(crate) suspended: i64,
    pub(crate) wall_offset: i64,
    /// Who holds which lock.
    pub(crate) locks: BTreeMap<String, u64>,
    pub(crate) spills: BTreeMap<String, Vec<u8>>,
    pub(crate) violations: Vec<String>,
    /// Refresh requests of live processes on the wire.
    pub(crate) on_the_wire: u64,
    pub(crate) lost_last: bool,
    pub(crate) disk_lied: bool,
    pub(crate) kills: u64,
    pub(crate) incarnations: u64,
    pub(crate) tally: Tally,
    notes: u64,
    hash: u64,
}

/// What a run of worlds adds up to.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) faults: u64,
    pub(crate) kills: u64,
    pub(crate) disk_faults: u64,
    pub(crate) lends: u64,
    pub(crate) excused: u64,
}

/// The moment from which virtual time is counted.
#[expect(clippy::disallowed_methods, reason = "time is paused here")]
fn beginning() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

impl World {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let mut rng = Rng::new(seed);
        let plan = Plan::of(seed, &mut rng);
        let provider = Provider {
            grants: Vec::new(),
            life_s: plan.life_s,
            rotates: plan.rotates,
            grace_ms: plan.grace_ms,
            reuse_detection: plan.reuse_detection,
            revokes: plan.revokes,
            granted: 0,
        };
        let state = State {
            rng,
            provider,
            trouble: false,
            disk_bad_until: 0,
            blackout_until: 0,
            suspended: 0,
            wall_offset: 0,
            locks: BTreeMap::new(),
            spills: BTreeMap::new(),
            violations: Vec::new(),
            on_the_wire: 0,
            lost_last: false,
            disk_lied: false,
            kills: 0,
            incarnations: 0,
            tally: Tally::default(),
            notes: 0,
            hash: seed,
        };
        Arc::new(Self {
            plan,
            database: Arc::new(Mutex::new(rusqlite::Connection::open_in_memory().unwrap())),
            keychain: MemoryKeychain::default(),
            answered: Notify::new(),
            state: Mutex::new(state),
            started: beginning(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Milliseconds on the suspend-aware clock, which is also the provider's.
    pub(crate) fn now(&self) -> i64 {
        let suspended = self.state().suspended;
        BOOT + i64::try_from(self.started.elapsed().as_millis()).unwrap() + suspended
    }

    /// Milliseconds that processes have been running, suspends left out.
    pub(crate) fn awake(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    pub(crate) fn violation(&self, invariant: &str, what: impl std::fmt::Display) {
        let now = self.now();
        self.state().violations.push(format!("{invariant} at {now}: {what}"));
    }

    /// Notes that something happened; two runs of a seed must note the same.
    pub(crate) fn note(&self, what: &str) {
        if trace() {
            println!("{} {what}", self.now());
        }
        let now = self.now().cast_unsigned();
        let mut state = self.state();
        state.notes += 1;
        if state.notes == MOST_NOTES {
            state.violations.insert(0, format!("R at {now}: the world does not come to rest, at {what}"));
        }
        for byte in now.to_le_bytes().into_iter().chain(what.bytes()) {
            state.hash = (state.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.state().hash
    }

    /// The highest generation on disk.
    pub(crate) fn generation(&self) -> i64 {
        let sql = "SELECT coalesce(max(generation), 0) FROM connections";
        self.database.lock().unwrap().query_row(sql, [], |row| row.get(0)).unwrap_or(0)
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.database.lock().unwrap().query_row(&sql, [], |row| row.get(0)).unwrap_or(0)
    }
}

/// One life of one process.
pub(crate) struct Incarnation {
    pub(crate) world: Arc<World>,
    pub(crate) number: u64,
    dead: AtomicBool,
    /// Points until it is killed.
    fuse: AtomicU64,
    pub(crate) died: Notify,
}

impl Incarnation {
    pub(crate) fn new(world: &Arc<World>) -> Arc<Self> {
        let number = {
            let mut state = world.state();
            state.incarnations += 1;
            state.incarnations
        };
        let (dead, fuse) = (AtomicBool::new(false), AtomicU64::new(u64::MAX));
        Arc::new(Self { world: world.clone(), number, dead, fuse, died: Notify::new() })
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// It will be killed after this many points.
    pub(crate) fn light_fuse(&self, points: u64) {
        self.fuse.store(points, Ordering::Relaxed);
    }

    /// A point between two things that a process does: it may be slow there, or be killed there.
    pub(crate) async fn point(&self, place: &str) {
        if self.is_dead() || self.world.state().notes > MOST_NOTES {
            return std::future::pending().await;
        }
        self.world.note(place);
        let left = self.fuse.load(Ordering::Relaxed);
        if left != u64::MAX {
            self.fuse.store(left.saturating_sub(1), Ordering::Relaxed);
            if left == 0 && self.world.state().trouble && self.may_die() {
                self.die();
                return std::future::pending().await;
            }
        }
        let slow = {
            let mut state = self.world.state();
            if state.rng.per_mille(250) { state.rng.range(0, 20) } else { -1 }
        };
        match slow {
            -1 => {}
            0 => tokio::task::yield_now().await,
            milliseconds => pass(milliseconds).await,
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }

    /// Where no loss may have an excuse, nobody is killed between an answer and the first chance to save it.
    fn may_die(&self) -> bool {
        if matches!(self.world.plan.kind, Kind::Chaos | Kind::Kills) {
            return true;
        }
        let (now, generation) = (self.world.now(), self.world.generation());
        let state = self.world.state();
        let busy = state.on_the_wire > 0;
        let unsaved = state.provider.grants.iter().filter_map(|grant| grant.delivered).any(|delivery| {
            let unsaved = delivery.incarnation == self.number && delivery.generation_before >= generation;
            unsaved && now - delivery.at < 1_000
        });
        !busy && !unsaved
    }

    /// As SIGKILL: nothing it does has any effect from here on, and what it held is free.
    fn die(&self) {
        self.world.note("killed");
        self.dead.store(true, Ordering::Relaxed);
        let generation = self.world.generation();
        let mut state = self.world.state();
        state.kills += 1;
        state.tally.kills += 1;
        let number = self.number;
        state.locks.retain(|_, holder| *holder != number);
        let spilled = state.spills.values().any(|spill| !spill.is_empty());
        for grant in &mut state.provider.grants {
            let unsaved = |delivery: &Delivery| {
                delivery.incarnation == number && delivery.generation_before >= generation && !spilled
            };
            if grant.delivered.as_ref().is_some_and(unsaved) {
                grant.excuse = Some("killed between answer and commit");
                grant.delivered = None;
            }
        }
        drop(state);
        self.died.notify_one();
    }
}

/// Virtual time goes by.
#[expect(clippy::disallowed_methods, reason = "time is paused here and moves when everybody waits")]
pub(crate) async fn pass(milliseconds: i64) {
    tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))).await;
}

/// The clocks of the computer that all processes run on.
pub(crate) struct SimClock(pub(crate) Arc<World>);

impl Clock for SimClock {
    fn boot(&self) -> Boot {
        Boot(self.0.now())
    }

    fn suspended_ms(&self) -> i64 {
        self.0.state().suspended
    }

    fn wall(&self) -> Timestamp {
        let now = self.0.now();
        let offset = self.0.state().wall_offset;
        Timestamp(WALL - BOOT + now + offset)
    }

    fn sleep_until(&self, deadline: Boot) -> Sleep<'_> {
        // As the system's timers: what was set before a suspend ends late.
        Box::pin(pass(deadline.0.saturating_sub(self.0.now())))
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.faults += other.faults;
        self.kills += other.kills;
        self.disk_faults += other.disk_faults;
        self.lends += other.lends;
        self.excused += other.excused;
    }
}

/// Whether everything that happens is printed: `LATCHKEY_TRACE=1`, for one seed at a time.
pub(crate) fn trace() -> bool {
    static TRACE: std::sync::LazyLock<bool> =
        std::sync::LazyLock::new(|| std::env::var_os("LATCHKEY_TRACE").is_some());
    *TRACE
}
