//! What happens around Latchkey: the computer sleeps and wakes, the network goes and comes.
//!
//! A shell, or the watcher of this page, reports it; a jump between the clocks is noticed without anybody.

#[cfg(target_os = "linux")]
mod linux;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::clock::{Boot, Clock};

#[cfg(target_os = "linux")]
pub use linux::{WatchError, watch_system, watch_system_on};

/// How long after a start or a wake nobody is told of anything, in milliseconds: five minutes.
const SETTLING_MS: i64 = 300_000;
/// A wall clock that leaps ahead of the boot clock by more than this, in milliseconds, tells of a machine that
/// was paused from outside.
const LEAP_MS: i64 = 120_000;

/// A change around Latchkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurroundingsChange {
    /// The computer has woken from sleep.
    Woke,
    /// There is a network again.
    NetworkUp,
    /// There is no network.
    NetworkDown,
}

/// What is known of the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Network {
    /// Nobody has reported it.
    #[default]
    Unknown,
    Up,
    Down,
}

/// How it is around Latchkey at this moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    network: Network,
    /// Until when the computer counts as just started or woken.
    pub(crate) settles_until: Boot,
}

impl Now {
    /// Whether there is no network: by report, else by what is `seen`.
    pub(crate) fn network_is_down(&self, seen: impl FnOnce() -> bool) -> bool {
        match self.network {
            Network::Unknown => seen(),
            Network::Up => false,
            Network::Down => true,
        }
    }
}

/// What there may be to catch up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CatchingUp {
    /// Nothing.
    Nothing,
    /// What waits for a network. The clocks jumped apart: a machine was paused from outside, or somebody has
    /// set the clock, which changes no plan (F33, F63).
    Offline,
    /// That, and what has become due meanwhile.
    Everything,
}

/// What is known of the surroundings.
#[derive(Debug)]
pub(crate) struct Surroundings {
    state: Mutex<State>,
    /// Rings when there is a network again.
    pub(crate) network_up: Notify,
}

#[derive(Debug)]
struct State {
    now: Now,
    /// Suspended milliseconds, and how far the wall clock is ahead of the boot clock, when last looked at.
    clocks: (i64, i64),
    /// Something was reported after which there may be something to do.
    to_catch_up: bool,
    /// The endpoints whose return is being waited for.
    awaited: BTreeSet<String>,
}

impl Surroundings {
    /// At the start of Latchkey.
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let now = Now { network: Network::Unknown, settles_until: clock.boot().plus(SETTLING_MS) };
        let state = State { now, clocks: clocks(clock), to_catch_up: false, awaited: BTreeSet::new() };
        Self { state: Mutex::new(state), network_up: Notify::new() }
    }

    pub(crate) fn now(&self) -> Now {
        self.state().now
    }

    /// Takes a report.
    pub(crate) fn changed(&self, change: SurroundingsChange, clock: &dyn Clock) {
        let mut state = self.state();
        match change {
            SurroundingsChange::Woke => {
                state.clocks = clocks(clock);
                state.now.settles_until = clock.boot().plus(SETTLING_MS);
                state.to_catch_up = true;
            }
            SurroundingsChange::NetworkUp => {
                state.now.network = Network::Up;
                state.to_catch_up = true;
            }
            SurroundingsChange::NetworkDown => state.now.network = Network::Down,
        }
    }

    /// What there may be to catch up with since this was last asked: by report, or because the computer has
    /// slept or was paused without one.
    pub(crate) fn take_catching_up(&self, clock: &dyn Clock) -> CatchingUp {
        let mut state = self.state();
        let ((slept, ahead), now) = (state.clocks, clocks(clock));
        state.clocks = now;
        let woke = now.0 > slept;
        if woke {
            state.now.settles_until = clock.boot().plus(SETTLING_MS);
        }
        if std::mem::take(&mut state.to_catch_up) || woke {
            CatchingUp::Everything
        } else if now.1.saturating_sub(ahead) > LEAP_MS {
            CatchingUp::Offline
        } else {
            CatchingUp::Nothing
        }
    }

    /// Whether nobody waits for this endpoint yet; from here on somebody does.
    pub(crate) fn begin_waiting(&self, endpoint: &str) -> bool {
        self.state().awaited.insert(endpoint.to_owned())
    }

    pub(crate) fn end_waiting(&self, endpoint: &str) {
        self.state().awaited.remove(endpoint);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is written half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn clocks(clock: &dyn Clock) -> (i64, i64) {
    (clock.suspended_ms(), clock.wall().0.saturating_sub(clock.boot().0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use latchkey_protocol::Timestamp;

    #[test]
    fn a_sleep_is_caught_up_with_once() {
        let clock = ManualClock::at(Timestamp(1_000_000_000_000));
        let surroundings = Surroundings::new(&clock);
        clock.advance(3_600_000);
        assert_eq!(surroundings.take_catching_up(&clock), CatchingUp::Nothing, "time passes");
        clock.suspend(3_600_000);
        assert_eq!(surroundings.take_catching_up(&clock), CatchingUp::Everything);
        assert_eq!(surroundings.take_catching_up(&clock), CatchingUp::Nothing);
    }

    #[test]
    fn f33_f63_clocks_that_jump_apart_are_told_from_a_sleep() {
        let clock = ManualClock::at(Timestamp(1_000_000_000_000));
        let surroundings = Surroundings::new(&clock);
        clock.set_wall(clock.wall().plus(LEAP_MS));
        assert_eq!(surroundings.take_catching_up(&clock), CatchingUp::Nothing, "a small correction");
        clock.set_wall(clock.wall().plus(LEAP_MS + 1));
        assert_eq!(surroundings.take_catching_up(&clock), CatchingUp::Offline);
        clock.set_wall(clock.wall().plus(-86_400_000));
        assert_eq!(surroundings.take_catching_up(&clock), CatchingUp::Nothing, "set back");
    }
}
