//! The keyring of a desktop that stops, locks or dies in the middle of a refresh: a real daemon on a bus of its
//! own. The provider rotates without grace, so one answer that is not kept is one sign-in lost.

use latchkey_rig::{Desktop, DesktopOptions, Display, Keyring, KeyringStart};
use latchkey_sandbox::{Moment, Release};

use crate::host::{Host, SHELL};
use crate::waits::until;
use crate::world::World;

/// Seconds. Long enough to live through a round, short enough to be renewed when asked.
const LIFE: u64 = 29;

struct Life {
    desktop: Desktop,
    world: World,
    host: Host,
}

impl Life {
    /// A sign-in that rests in the keyring.
    fn begin() -> Self {
        let options = DesktopOptions {
            display: Display::Existing("none".into()),
            keyring: KeyringStart::Unlocked,
            home: None,
        };
        let desktop = Desktop::start(options).unwrap();
        let world = World::new(0, LIFE);
        let mut host = start(&desktop, &world);
        world.sign_in(&mut host);
        World::until_settled(&mut host);
        Self { desktop, world, host }
    }

    /// Something happens to the keyring while the provider has rotated and its answer is under way.
    fn refresh_while(&mut self, happens: impl FnOnce(&Keyring)) {
        self.world.hold(Moment::After);
        let renewing = self.host.send("renew");
        let held = self.world.held();
        happens(self.desktop.keyring());
        self.world.sandbox.release(held.sequence, Release::Continue);
        let renewed = self.host.answer(renewing);
        assert_eq!(renewed["health"]["severity"], "healthy", "{renewed}");
        let state = self.host.ask("state");
        assert_eq!((&state["rows"]["generation"], &state["rows"]["intents"]), (&2.into(), &0.into()));
        assert_eq!(state["resting"], "sealed", "{state}");
        self.assert_newest(true);
    }

    /// Says why the set has not reached the keyring.
    fn until_told(&mut self) -> String {
        until("a reason", || {
            let state = self.host.ask("state");
            assert_eq!(state["health"]["severity"], "healthy", "{state}");
            let reason = state["sealed"].as_str().unwrap_or_default().to_owned();
            (reason != "on-its-way" && !reason.is_empty()).then_some(reason)
        })
    }

    fn assert_newest(&mut self, saved: bool) {
        let lent = self.host.lend();
        assert_eq!(lent["hash"].as_u64(), self.world.hashes().last().copied(), "{lent}");
        assert_eq!(lent["saved"], saved, "{lent}");
    }

    /// The keyring is in order again: the next refresh works and comes to rest there, and so is what a
    /// process that knows nothing else finds.
    fn recovers(&mut self) {
        let renewed = self.host.ask("renew");
        assert_eq!(renewed["health"]["severity"], "healthy", "{renewed}");
        World::until_settled(&mut self.host);
        assert_eq!(self.world.rotations(), 2);
        self.host.kill();
        let count = "SELECT count(*) FROM token_sets";
        let database = rusqlite::Connection::open(self.world.database("")).unwrap();
        assert_eq!(database.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        self.host = start(&self.desktop, &self.world);
        self.assert_newest(true);
        assert_eq!((self.world.rotations(), self.world.asked()), (2, 2));
        assert_eq!(self.world.refusals(), [""; 0]);
    }
}

fn start(desktop: &Desktop, world: &World) -> Host {
    Host::start_on(desktop.command(SHELL), world.folder.path(), &world.sandbox.origin())
}

#[test]
fn a_keyring_that_stops_during_a_refresh_is_told_as_slow_and_costs_nothing() {
    let mut life = Life::begin();
    life.refresh_while(|keyring| keyring.pause().unwrap());
    assert_eq!(life.until_told(), "keychain-slow");
    life.desktop.keyring().resume().unwrap();
    life.recovers();
}

#[test]
fn a_keyring_that_locks_during_a_refresh_costs_nothing() {
    let mut life = Life::begin();
    life.refresh_while(|keyring| keyring.lock().unwrap());
    let told = life.until_told();
    assert!(["keychain-locked", "keychain-refused", "keychain-slow"].contains(&told.as_str()), "{told}");
    life.desktop.keyring().unlock().unwrap();
    life.recovers();
}

#[test]
fn a_keyring_that_dies_during_a_refresh_and_comes_back_costs_nothing() {
    let mut life = Life::begin();
    life.refresh_while(Keyring::stop);
    assert_eq!(life.until_told(), "keychain-absent");
    life.desktop.keyring().restart().unwrap();
    life.recovers();
}

#[test]
fn killed_while_the_keyring_is_gone_the_next_process_finds_what_was_sealed_once_it_is_back() {
    let mut life = Life::begin();
    life.refresh_while(Keyring::stop);
    life.host.kill();
    life.host = start(&life.desktop, &life.world);
    assert_eq!(life.host.lend()["refused"]["code"], "keychain-unavailable");
    assert_eq!(life.world.asked(), 1, "nothing is sent that cannot be sealed");
    life.desktop.keyring().restart().unwrap();
    life.recovers();
}
