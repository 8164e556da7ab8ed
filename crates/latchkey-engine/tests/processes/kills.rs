//! SIGKILL while refreshes run, half of them at named moments and half at random ones: the database is whole,
//! and no sign-in is lost that could have been kept.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Mutex;
use std::time::Duration;

use latchkey_sandbox::{Endpoint, Fault, Moment, Outcome, Release};
use serde_json::Value;

use crate::host::{Host, Owner};
use crate::oracle::{Kill, Verdict, judge};
use crate::waits::{some_moment, timed, until};
use crate::world::World;

/// Seconds an access token lives: it is renewed by itself after half of them.
const LIFE: u64 = 2;
/// Worlds at once. They wait more than they work.
const WORLDS: usize = 4;

/// When a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The request waits at the provider and is never processed.
    Asked,
    /// The same, but it is processed after the kill.
    AskedAndHeard,
    /// The provider has rotated, and its answer waits.
    Rotated,
    /// The connection broke before the provider acted.
    LostBefore,
    /// It broke after the provider had rotated.
    LostAfter,
    /// The next process is killed as well, when its repeat waits at the provider.
    Recovering,
    /// Whenever.
    Anytime,
    /// Within milliseconds of the provider's answer, while callers come.
    AroundTheAnswer,
    /// The next process is killed as well, within milliseconds of its start.
    Starting,
}

const NAMED: [At; 6] =
    [At::Asked, At::Rotated, At::LostAfter, At::Recovering, At::AskedAndHeard, At::LostBefore];
const RANDOM: [At; 3] = [At::AroundTheAnswer, At::Starting, At::Anytime];

/// Numbers that a seed decides. What they meet in a process is not repeatable all the same.
struct Lot(u64);

impl Lot {
    fn below(&mut self, milliseconds: u64) -> Duration {
        // xorshift64*; its upper bits are the good ones.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        Duration::from_micros((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % (milliseconds * 1000))
    }
}

#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    kills: usize,
    random: usize,
    kept: usize,
    excused: usize,
    refreshes: usize,
    avoidable: Vec<String>,
}

/// A world with a process that runs in it.
struct Life {
    world: World,
    host: Host,
    grace_seconds: u64,
}

impl Life {
    fn begin(grace_seconds: u64) -> Self {
        let world = World::new(grace_seconds, LIFE);
        let mut host = world.start(Owner::One);
        world.sign_in(&mut host);
        Self { world, host, grace_seconds }
    }

    /// Brings it to the moment and kills; says how often, and what the last process had told.
    fn kill(&mut self, at: At, lot: &mut Lot) -> (usize, Vec<Value>) {
        match at {
            At::Asked => self.kill_held(Moment::Before, Release::Drop),
            At::AskedAndHeard => self.kill_held(Moment::Before, Release::Continue),
            At::Rotated => self.kill_held(Moment::After, Release::Drop),
            At::LostBefore => self.kill_after_losing(Moment::Before),
            At::LostAfter => self.kill_after_losing(Moment::After),
            At::Recovering => {
                self.kill_held(Moment::Before, Release::Drop);
                self.world.hold(Moment::Before);
                self.host = self.world.spawn(Owner::One);
                let held = self.world.held();
                let told = self.host.kill();
                self.world.sandbox.release(held.sequence, Release::Drop);
                (2, told)
            }
            At::Anytime => {
                some_moment(lot.below(LIFE * 1000));
                (1, self.host.kill())
            }
            At::AroundTheAnswer => self.kill_around_the_answer(lot),
            At::Starting => {
                self.kill_held(Moment::Before, Release::Drop);
                self.host = self.world.spawn(Owner::One);
                some_moment(lot.below(120));
                (2, self.host.kill())
            }
        }
    }

    fn kill_held(&mut self, moment: Moment, release: Release) -> (usize, Vec<Value>) {
        self.world.hold(moment);
        self.host.send("renew");
        let held = self.world.held();
        let told = self.host.kill();
        self.world.sandbox.release(held.sequence, release);
        self.world.until_processed();
        self.world.examine();
        (1, told)
    }

    fn kill_after_losing(&mut self, moment: Moment) -> (usize, Vec<Value>) {
        let before = self.world.asked();
        self.world.sandbox.set_fault(Endpoint::Refresh, Fault::Drop { moment }, 1);
        self.host.send("renew");
        until("lost", || self.world.sandbox.faults().is_empty().then_some(()));
        self.world.refreshes(before + 1);
        (1, self.host.kill())
    }

    fn kill_around_the_answer(&mut self, lot: &mut Lot) -> (usize, Vec<Value>) {
        let before = self.world.asked();
        self.host.send("renew");
        self.world.refreshes(before + 1);
        let (mut passed, end) = (Duration::ZERO, lot.below(30));
        while passed < end {
            self.host.send("lend 0 3");
            let wait = lot.below(2);
            some_moment(wait);
            passed += wait;
        }
        (1, self.host.kill())
    }

    /// One moment, one restart, one verdict.
    fn round(&mut self, at: At, lot: &mut Lot) -> (usize, Verdict) {
        let (kills, told) = self.kill(at, lot);
        self.world.until_processed();
        let left = self.world.examine();
        let early = self.lent_before_it_was_saved(&told, left.saved);
        let answer_lost = at == At::LostAfter;
        let refusals = self.world.refusals();
        let kill = Kill { grace_seconds: self.grace_seconds, left, refusals, answer_lost };
        self.host = self.world.start(Owner::One);
        let verdict = judge(&self.world, &mut self.host, &kill);
        (kills, if early { Verdict::Avoidable("lent before it was saved".into()) } else { verdict })
    }

    /// Without grace each access token belongs to one rotation.
    fn lent_before_it_was_saved(&self, told: &[Value], saved: usize) -> bool {
        let hashes = self.world.hashes();
        let lent = told.iter().filter_map(|answer| answer["lent"].as_array()).flatten();
        let mut named_saved = lent.filter(|lent| lent["saved"] == true);
        self.grace_seconds == 0
            && named_saved.any(|lent| {
                let rotation = hashes.iter().position(|hash| Some(*hash) == lent["hash"].as_u64());
                rotation.is_none_or(|rotation| rotation > saved)
            })
    }

    fn processed(&self) -> usize {
        let sent = self.world.sandbox.requests_to(Endpoint::Refresh);
        sent.iter().filter(|entry| entry.outcome == Outcome::Accepted).count()
    }
}

/// Kills until there were enough.
fn work(worker: usize, wanted: usize, seed: u64, tally: &Mutex<Tally>) {
    let grace_seconds = [30, 0][worker % 2];
    let mut lot = Lot((seed ^ (worker as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1);
    let mut life = Life::begin(grace_seconds);
    loop {
        let round = {
            let mut tally = tally.lock().unwrap();
            if tally.kills >= wanted {
                tally.refreshes += life.processed();
                return;
            }
            tally.rounds += 1;
            tally.rounds - 1
        };
        let random = round % 2 == 1;
        let at = if random { RANDOM[round / 2 % RANDOM.len()] } else { NAMED[round / 2 % NAMED.len()] };
        let (kills, verdict) = life.round(at, &mut lot);
        let mut tally = tally.lock().unwrap();
        tally.kills += kills;
        tally.random += if random { kills } else { 0 };
        match verdict {
            Verdict::Kept => {
                tally.kept += 1;
                continue;
            }
            Verdict::Excused => tally.excused += 1,
            Verdict::Avoidable(why) => tally.avoidable.push(format!("{at:?}: {why}")),
        }
        tally.refreshes += life.processed();
        drop(tally);
        life = Life::begin(grace_seconds);
    }
}

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn killed_at_any_moment_no_sign_in_is_lost_that_could_be_kept() {
    let wanted = number("LATCHKEY_KILLS").unwrap_or(100);
    let seed = number("LATCHKEY_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let tally = Mutex::new(Tally::default());
    let ((), took) = timed(|| {
        std::thread::scope(|scope| {
            for worker in 0..WORLDS {
                let tally = &tally;
                scope.spawn(move || work(worker, wanted, seed, tally));
            }
        });
    });
    let Tally { rounds, kills, random, kept, excused, refreshes, avoidable } = tally.into_inner().unwrap();
    println!(
        "{kills} kills ({} named, {random} random, seed {seed}) in {rounds} rounds and {} s: \
         {kills} databases whole, {kept} kept, {excused} excused (rotated without grace and the answer lost), \
         {} avoidable; {refreshes} refreshes",
        kills - random,
        took.as_secs(),
        avoidable.len(),
    );
    assert!(avoidable.is_empty(), "{avoidable:#?}");
}
