//! How far this computer's clock is from the clocks of providers, learnt from the `Date` of their answers.
//!
//! For messages, and for dates that a provider names; never for the life of a token, which is counted from
//! the sending of the request on a clock that nobody sets. What is kept is where the provider's clock stands
//! against the boot clock, so a wall clock that is put right is right at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use latchkey_protocol::Timestamp;

use crate::clock::{Boot, Clock};

/// From this difference on a clock is called wrong, in milliseconds: two minutes.
const WRONG_MS: i64 = 120_000;
/// A `Date` has whole seconds: on average half of one has passed, in milliseconds.
const HALF_SECOND_MS: i64 = 500;
/// What is written down is rounded to this, in milliseconds.
const COARSE_MS: i64 = 60_000;

/// The clocks of providers, by host.
#[derive(Debug, Default)]
pub(crate) struct Skew(Mutex<BTreeMap<String, Known>>);

#[derive(Debug, Clone, Copy)]
struct Known {
    /// The provider's clock less the boot clock, in milliseconds.
    ahead_of_boot_ms: i64,
    /// Measured by this process, not only remembered from one before it.
    measured: bool,
    /// What is written down: how far this computer is ahead, in minutes.
    written: Option<i64>,
}

impl Skew {
    /// What a process before this one has written down: minutes by which this computer was ahead.
    pub(crate) fn remember(&self, host: String, minutes: i64, clock: &dyn Clock) {
        let provider = clock.wall().plus(-minutes.saturating_mul(COARSE_MS));
        let ahead_of_boot_ms = provider.0.saturating_sub(clock.boot().0);
        self.known().insert(host, Known { ahead_of_boot_ms, measured: false, written: Some(minutes) });
    }

    /// An answer with this `Date` came to a request that left at `sent`. Returns what is to be written down, in
    /// minutes, where that has changed.
    pub(crate) fn learn(&self, host: &str, date: Timestamp, sent: Boot, clock: &dyn Clock) -> Option<i64> {
        let middle = sent.plus(clock.boot().0.saturating_sub(sent.0) / 2);
        let ahead_of_boot_ms = date.plus(HALF_SECOND_MS).0.saturating_sub(middle.0);
        let minutes = (ahead_of(ahead_of_boot_ms, clock) + COARSE_MS / 2).div_euclid(COARSE_MS);
        let mut known = self.known();
        let before = known.get(host).and_then(|known| known.written);
        let written = Some(minutes);
        known.insert(host.to_owned(), Known { ahead_of_boot_ms, measured: true, written });
        (before.unwrap_or(0) != minutes).then_some(minutes)
    }

    /// Milliseconds by which this computer is ahead of a provider, if that is more than two minutes either way.
    pub(crate) fn wrong_by(&self, host: &str, clock: &dyn Clock) -> Option<i64> {
        let known = *self.known().get(host).filter(|known| known.measured)?;
        Some(ahead_of(known.ahead_of_boot_ms, clock)).filter(|ahead| ahead.abs() > WRONG_MS)
    }

    /// The provider's time, as far as it is known.
    pub(crate) fn provider_now(&self, host: &str, clock: &dyn Clock) -> Timestamp {
        let known = self.known().get(host).copied();
        known.map_or(clock.wall(), |known| Timestamp(clock.boot().0.saturating_add(known.ahead_of_boot_ms)))
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        // Nothing in here is written half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ahead_of(ahead_of_boot_ms: i64, clock: &dyn Clock) -> i64 {
    clock.wall().0.saturating_sub(clock.boot().0.saturating_add(ahead_of_boot_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const NOON: Timestamp = Timestamp(1_795_262_400_000);

    /// The provider says noon in the middle of four seconds, in which this computer shows `wall` at the end.
    fn learnt(clock: &ManualClock, skew: &Skew) -> Option<i64> {
        let sent = clock.boot();
        clock.advance(4_000);
        skew.learn("a", NOON, sent, clock)
    }

    #[test]
    fn the_middle_of_the_exchange_is_compared_with_the_date() {
        let (clock, skew) = (ManualClock::at(NOON.plus(180_000)), Skew::default());
        assert_eq!(learnt(&clock, &skew), Some(3));
        assert_eq!(skew.wrong_by("a", &clock), Some(181_500));
        assert_eq!(skew.provider_now("a", &clock), NOON.plus(2_500));
    }

    #[test]
    fn two_minutes_are_no_wrong_clock() {
        let (clock, skew) = (ManualClock::at(NOON.plus(118_000)), Skew::default());
        learnt(&clock, &skew);
        assert_eq!(skew.wrong_by("a", &clock), None);
    }

    #[test]
    fn a_clock_that_is_put_right_is_right_at_once() {
        let (clock, skew) = (ManualClock::at(NOON.plus(-3_600_000)), Skew::default());
        learnt(&clock, &skew);
        assert!(skew.wrong_by("a", &clock).is_some_and(|ahead| ahead < 0));
        clock.set_wall(NOON.plus(2_500));
        assert_eq!(skew.wrong_by("a", &clock), None);
    }

    #[test]
    fn what_is_remembered_counts_dates_and_accuses_nobody() {
        let (clock, skew) = (ManualClock::at(NOON), Skew::default());
        skew.remember("a".into(), 7, &clock);
        assert_eq!(skew.provider_now("a", &clock), NOON.plus(-420_000));
        assert_eq!(skew.wrong_by("a", &clock), None);
        assert_eq!(skew.provider_now("b", &clock), NOON);
    }

    #[test]
    fn only_a_change_of_a_minute_is_written_down() {
        let (clock, skew) = (ManualClock::at(NOON.plus(180_000)), Skew::default());
        assert_eq!(learnt(&clock, &skew), Some(3));
        clock.set_wall(NOON.plus(180_000));
        assert_eq!(learnt(&clock, &skew), None);
    }
}
