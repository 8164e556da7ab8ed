//! A disk that takes nothing more, at every write of a refresh in turn: what the provider has rotated is lent,
//! marked as unsaved, and survives even a kill.
//!
//! No file may grow beyond a limit (`RLIMIT_FSIZE`), which is set to what the log of the database measures
//! plus room for so many more writes. The provider grants no grace: one lost answer is one lost sign-in.

use crate::host::{Host, Owner};
use crate::waits::until;
use crate::world::World;

/// Seconds. Long enough for the old token to live through a round, short enough to be renewed when asked.
const LIFE: u64 = 29;
/// A page of the log and the header before it, which are written one after the other.
const FRAME: u64 = 4096 + 24;
const HEADER: u64 = 24;

/// How far a refresh came before the disk was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// Its announcement failed, so nothing was sent.
    Nothing,
    /// The provider has rotated, and what it answered is in memory and in the spill slot.
    Unsaved,
    /// Everything that matters was written.
    Saved,
}

struct Life {
    world: World,
    host: Host,
    /// The refresh that met the full disk, until it is over.
    under_way: Option<u64>,
}

impl Life {
    fn begin() -> Self {
        let world = World::new(0, LIFE);
        let mut host = world.start(Owner::One);
        world.sign_in(&mut host);
        World::until_settled(&mut host);
        Self { world, host, under_way: None }
    }

    fn log(&self) -> u64 {
        std::fs::metadata(self.world.database("-wal")).unwrap().len()
    }

    /// No file grows by more than `room` beyond the log's present size.
    fn fill(&mut self, room: u64) {
        let limited = self.host.ask(&format!("limit {}", self.log() + room));
        assert_eq!(limited["limited"], true, "{limited}");
    }

    /// Refreshes with room for so many bytes, and looks at what is lent meanwhile.
    fn refresh(&mut self, room: u64) -> Reached {
        let (saved, asked) = (self.world.rotations(), self.world.asked());
        let old = *self.world.hashes().last().unwrap();
        self.fill(room);
        self.under_way = Some(self.host.send("renew"));
        let reached = until("an end, or a full disk", || {
            let state = self.host.ask("state");
            let full = state["health"]["activity"]["kind"] == "storage-fault";
            let done = state["rows"]["generation"].as_u64() == Some(saved as u64 + 2);
            let sent = self.world.rotations() > saved;
            match (done, full, sent) {
                (true, _, _) => Some(Reached::Saved),
                (false, true, true) => Some(Reached::Unsaved),
                (false, true, false) if self.world.asked() == asked => Some(Reached::Nothing),
                (false, _, _) => None,
            }
        });
        let lent = self.host.lend();
        let new = *self.world.hashes().last().unwrap();
        let (expected, durable) = match reached {
            Reached::Nothing => (old, true),
            Reached::Unsaved => (new, false),
            Reached::Saved => (new, true),
        };
        assert_eq!(
            (&lent["hash"], &lent["saved"]),
            (&expected.into(), &durable.into()),
            "{reached:?}: {lent}"
        );
        reached
    }

    /// The disk has room again, in this process or the next one: everything is in order within one refresh.
    fn recover(&mut self) {
        if let Some(under_way) = self.under_way.take() {
            self.host.answer(under_way);
        }
        until("everything is saved", || {
            let rows = self.host.ask("state")["rows"].clone();
            let saved = rows["generation"].as_u64() == Some(self.world.rotations() as u64 + 1);
            (saved && rows["intents"] == 0).then_some(())
        });
        let before = self.world.rotations();
        until("the next refresh", || {
            // The first one may join the refresh that is just over.
            let renewed = self.host.ask("renew");
            assert_eq!(renewed["health"]["severity"], "healthy", "{renewed}");
            (self.world.rotations() > before).then_some(())
        });
        assert_eq!(self.world.rotations(), before + 1);
        assert_eq!(self.host.lend()["hash"].as_u64(), self.world.hashes().last().copied());
        assert_eq!(self.world.refusals(), [""; 0]);
        World::until_settled(&mut self.host);
    }
}

/// One refresh after the other, each with room for one write more, until one fits.
fn at_every_write(mut relieve: impl FnMut(&mut Life)) -> Vec<Reached> {
    let mut life = Life::begin();
    // The spill slot and the log's index were made while there was room, and are shorter than the log.
    while life.log() < 72 * 1024 {
        life.host.ask("renew");
        World::until_settled(&mut life.host);
    }
    let mut all = Vec::new();
    for write in 0_u64.. {
        let room = write / 2 * FRAME + write % 2 * HEADER;
        let reached = life.refresh(room);
        relieve(&mut life);
        life.recover();
        all.push(reached);
        if reached == Reached::Saved {
            break;
        }
    }
    all
}

/// Each way to end was met, in this order; says how often.
fn all_met(all: &[Reached], how: &str) -> String {
    let count = |reached| all.iter().filter(|one| **one == reached).count();
    let (nothing, unsaved) = (count(Reached::Nothing), count(Reached::Unsaved));
    assert!(nothing > 1 && unsaved > 1, "{all:?}");
    assert!(all.is_sorted_by_key(|reached| *reached as u8), "{all:?}");
    format!("a full disk {how}: {nothing} writes before the request, {unsaved} after it, nothing lost")
}

#[test]
fn f40_f41_a_disk_that_is_full_at_any_write_of_a_refresh_costs_nothing() {
    let all = at_every_write(|life| {
        assert_eq!(life.host.ask("limit none")["limited"], true);
    });
    println!("{}", all_met(&all, "that has room again"));
}

#[test]
fn f41_killed_while_the_disk_is_full_the_next_process_finds_what_was_spilled() {
    let all = at_every_write(|life| {
        life.host.kill();
        life.under_way = None;
        let left = life.world.examine();
        assert!(life.world.rotations() - left.saved <= 1, "{left:?}");
        life.host = life.world.start(Owner::One);
    });
    println!("{}", all_met(&all, "and a kill"));
}

#[test]
fn f41_started_on_a_disk_that_is_still_full_it_lends_what_was_spilled_and_saves_it_once_there_is_room() {
    let all = at_every_write(|life| {
        life.host.kill();
        life.under_way = None;
        let unsaved = life.world.rotations() > life.world.examine().saved;
        let (folder, sandbox) = (life.world.folder.path(), life.world.sandbox.origin());
        life.host = Host::start_limited(folder, &sandbox, life.log());
        if unsaved {
            let lent = until("lent", || Some(life.host.lend()).filter(|lent| lent["saved"] == false));
            assert_eq!(lent["hash"].as_u64(), life.world.hashes().last().copied());
        }
        assert_eq!(life.host.ask("limit none")["limited"], true);
    });
    println!("{}", all_met(&all, "that is full after the kill too"));
}
