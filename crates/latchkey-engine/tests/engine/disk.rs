//! A disk that fails at each write in turn, and at every one after it until it is put right: with an error of
//! input or output, one that was none, or because it may only be read.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use latchkey_engine::{Callback, Disk, DiskFault, DiskMood, Edges, Pause};
use latchkey_protocol::{
    Activity, ConnectionView, Overview, ProblemCode, RestingPlace, Revocation, Severity, SignInEnding,
    SignInStage,
};
use latchkey_sandbox::{Endpoint, Rotation};
use secrecy::ExposeSecret as _;

use crate::identity::{STRANGE, assert_changed, revoked, strange_answer};
use crate::support::{MINUTE, START, World, farewell};

const MOODS: [DiskMood; 3] = [
    DiskMood::Failing(DiskFault::InputOutput),
    DiskMood::Lying(DiskFault::InputOutput),
    DiskMood::Failing(DiskFault::ReadOnly),
];

struct Faulty {
    database: Arc<Mutex<rusqlite::Connection>>,
    fault: Mutex<Fault>,
}

struct Fault {
    /// Writes that still succeed.
    left: usize,
    then: DiskMood,
    /// Whether it was met.
    met: bool,
}

impl Pause for Faulty {
    fn pause(&self, _: &'static str) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

impl Disk for Faulty {
    fn database(&self) -> Arc<Mutex<rusqlite::Connection>> {
        self.database.clone()
    }

    fn mood(&self) -> DiskMood {
        let mut fault = self.fault.lock().unwrap();
        if let Some(left) = fault.left.checked_sub(1) {
            fault.left = left;
            return DiskMood::Willing;
        }
        fault.met = true;
        fault.then
    }
}

impl Faulty {
    fn put(&self, left: usize, then: DiskMood) {
        *self.fault.lock().unwrap() = Fault { left, then, met: false };
    }

    fn heal(&self) {
        self.put(usize::MAX, DiskMood::Willing);
    }

    fn met(&self) -> bool {
        self.fault.lock().unwrap().met
    }
}

/// A world whose disk does what it is told.
fn world() -> (World, Arc<Faulty>) {
    let mut world = World::before_the_start();
    std::fs::create_dir(world.folder.path().join("data")).unwrap();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let fault = Fault { left: usize::MAX, then: DiskMood::Willing, met: false };
    let disk = Arc::new(Faulty { database: Arc::new(Mutex::new(database)), fault: Mutex::new(fault) });
    world.edges = Edges::on_disk(disk.clone());
    world.settings(|settings| {
        settings.rotation = Rotation::Rotate { grace_seconds: 0, reuse_detection: true };
    });
    world.start();
    (world, disk)
}

fn connected() -> (World, Arc<Faulty>) {
    let (world, disk) = world();
    world.sign_in();
    world.until_settled();
    (world, disk)
}

/// How the one connection is, where nothing is under way.
fn at_rest(overview: &Overview) -> Option<&ConnectionView> {
    let connection = overview.connections.first()?;
    (connection.health.activity != Activity::Refreshing).then_some(connection)
}

fn renewed(overview: &Overview) -> bool {
    at_rest(overview).is_some_and(|connection| connection.renewal.last_success_at > Some(START))
}

fn settled(connection: &ConnectionView) -> bool {
    connection.resting == RestingPlace::Keychain
}

/// What is lent while the disk fails: the token there was where nothing was sent, else the newest. Returns
/// whether the person is told.
fn told_meanwhile(world: &World, when: &str) -> bool {
    let lent = world.run(world.engine().lend(&world.connection().id, 1)).unwrap();
    let issued = world.sandbox.issued().access_tokens;
    assert_eq!(lent.token.expose_secret(), issued.last().unwrap(), "{when}");
    world.connection().health.activity == Activity::StorageFault
}

/// The provider never saw a token twice, and the next refresh goes as every other.
fn assert_kept(world: &World, when: &str) {
    let before = world.refreshes().len();
    world.advance_until("the next renewal", 10 * MINUTE, |_| world.refreshes().len() > before);
    world.advance_until("settled", MINUTE, |overview| at_rest(overview).is_some_and(settled));
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy, "{when}");
    assert!(world.sandbox.refusals().is_empty(), "{when}: {:?}", world.sandbox.refusals());
    assert_eq!(world.count("SELECT count(*) FROM intents"), 0, "{when}");
}

#[test]
fn f40_f41_no_write_of_a_refresh_that_fails_or_is_not_allowed_costs_a_sign_in() {
    for mood in MOODS {
        let mut told = Vec::new();
        for write in 0.. {
            let when = format!("{mood:?} from write {write} on");
            let (world, disk) = connected();
            disk.put(write, mood);
            world.clock.advance(55 * MINUTE);
            world.until(&when, |overview| {
                let ended = renewed(overview) && overview.connections.iter().all(settled);
                at_rest(overview).is_some() && (disk.met() || ended)
            });
            if !disk.met() {
                break;
            }
            told.push(told_meanwhile(&world, &when));
            disk.heal();
            world.advance_until(&when, 5_000, renewed);
            assert_kept(&world, &when);
        }
        assert!(told.iter().filter(|told| **told).count() >= 2, "{mood:?}: {told:?}");
    }
}

#[test]
fn f40_no_write_of_a_sign_in_that_fails_or_is_not_allowed_wastes_what_the_person_agreed_to() {
    for mood in MOODS {
        let mut met = 0;
        for write in 0.. {
            let when = format!("{mood:?} from write {write} on");
            let (mut world, disk) = world();
            disk.put(write, mood);
            let (_, url) = world.begin();
            assert_eq!(world.link(&world.browser(&url)), Callback::Taken);
            world.until(&when, |overview| {
                disk.met() && world.sandbox.grants().len() == 1 || overview.connections.iter().any(settled)
            });
            if !disk.met() {
                break;
            }
            met += 1;
            disk.heal();
            world.advance_until(&when, 1_000, |overview| !overview.connections.is_empty());
            world.advance_until(&when, MINUTE, |overview| overview.connections.iter().any(settled));
            world.restart();
            assert_eq!(world.check().unwrap().health.severity, Severity::Healthy, "{when}");
            assert_eq!(world.sandbox.grants().len(), 1, "{when}: one consent is enough");
        }
        assert!(met > 2, "{mood:?}: {met}");
    }
}

#[test]
fn f40_a_sign_in_that_the_disk_does_not_take_for_ten_minutes_is_given_back() {
    let (world, disk) = world();
    let (_, url) = world.begin();
    disk.put(0, DiskMood::Failing(DiskFault::ReadOnly));
    world.link(&world.browser(&url));
    let failed = |stage: &SignInStage| {
        let SignInStage::Ended { ending: SignInEnding::Failed { problem } } = stage else { return None };
        Some(problem.code)
    };
    world.advance_until("given up", MINUTE, |overview| {
        let mut under_way = overview.providers.iter().filter_map(|provider| provider.sign_in.as_ref());
        under_way.any(|live| failed(&live.stage) == Some(ProblemCode::Storage))
    });
    assert!(world.overview().connections.is_empty());
    assert!(world.sandbox.grants()[0].revoked.is_some(), "no access is left that nobody holds");
    disk.heal();
    world.sign_in();
}

#[test]
fn f40_no_write_of_a_disconnect_that_fails_leaves_access_behind() {
    for mood in MOODS {
        let mut met = 0;
        for write in 0.. {
            let when = format!("{mood:?} from write {write} on");
            let (mut world, disk) = connected();
            world.restart();
            let id = world.connection().id;
            let (_, mut events) = world.engine().watch();
            disk.put(write, mood);
            let begun = world.run(world.engine().disconnect(id.clone()));
            world.until(&when, |overview| disk.met() || overview.connections.is_empty());
            if !disk.met() {
                break;
            }
            met += 1;
            disk.heal();
            if begun.is_err() {
                world.run(world.engine().disconnect(id)).unwrap();
            }
            world.advance_until(&when, MINUTE, |overview| overview.connections.is_empty());
            assert_eq!(world.run(farewell(&mut events)), Revocation::Confirmed, "{when}");
            assert!(world.sandbox.grants()[0].revoked.is_some(), "{when}");
            assert_eq!(world.sets_in_keychain(), 0, "{when}");
        }
        assert!(met > 2, "{mood:?}: {met}");
    }
}

#[test]
fn f24_f41_what_came_for_another_account_is_never_lent_whatever_the_disk_says_and_wherever_it_is_killed() {
    let mood = DiskMood::Failing(DiskFault::InputOutput);
    for write in 0.. {
        for killed in [false, true] {
            let when = format!("write {write}, killed: {killed}");
            let (mut world, disk) = connected();
            world.sandbox.set_fault(Endpoint::Refresh, strange_answer(), 1);
            disk.put(write, mood);
            world.clock.advance(55 * MINUTE);
            let attention = |connection: &ConnectionView| connection.health.severity == Severity::Attention;
            world.until(&when, |overview| {
                at_rest(overview).is_some_and(|connection| disk.met() || attention(connection))
            });
            if !disk.met() {
                return;
            }
            let lent = world.run(world.engine().lend(&world.connection().id, 1));
            assert!(lent.is_err() || lent.unwrap().token.expose_secret() != STRANGE[0], "{when}");
            if killed {
                world.kill();
            }
            disk.heal();
            if killed {
                world.start();
            }
            world.advance_until(&when, 5_000, |overview| at_rest(overview).is_some_and(attention));
            assert_changed(&world);
            assert_eq!(world.disconnect(world.connection().id), Revocation::Confirmed);
            assert_eq!(revoked(&world)[..2], [STRANGE[1], STRANGE[0]], "{when}");
        }
    }
}
