//! When a sealed set tries to reach its keychain, and why it is not there yet.

use latchkey_protocol::SealedReason;

use crate::clock::Boot;

/// The longest wait between two tries of a keychain that does not take a set, in milliseconds: an hour.
const LONGEST_WAIT_MS: i64 = 3_600_000;

/// What is known of one connection's way to the keychain.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    again: Option<Boot>,
    failed: Option<Failed>,
}

/// Why the set of this epoch and generation did not move, and how often it was tried.
#[derive(Debug)]
struct Failed {
    version: (i64, i64),
    reason: SealedReason,
    tries: u32,
}

impl Settling {
    /// Whether it is time for another try; the next turn comes after `wait` milliseconds, and ever later with
    /// each failure. A set that is too large is not tried again.
    pub(crate) fn take_turn(&mut self, version: (i64, i64), boot: Boot, wait: i64) -> bool {
        let failed = self.failed.as_ref().filter(|failed| failed.version == version);
        let turn = !self.is_in_vain(version) && self.again.is_none_or(|again| again <= boot);
        if turn {
            let doublings = failed.map_or(0, |failed| failed.tries.saturating_sub(1)).min(10);
            let wait = wait.saturating_mul(1 << doublings).min(LONGEST_WAIT_MS.max(wait));
            self.again = Some(boot.plus(wait));
        }
        turn
    }

    /// Whether the set of this version has turned out too large.
    pub(crate) fn is_in_vain(&self, version: (i64, i64)) -> bool {
        let too_large = |failed: &Failed| failed.reason == SealedReason::TooLarge;
        self.failed.as_ref().is_some_and(|failed| failed.version == version && too_large(failed))
    }

    /// The set of this version did not move to the keychain.
    pub(crate) fn fail(&mut self, version: (i64, i64), reason: SealedReason) {
        let before = self.failed.as_ref().filter(|failed| failed.version == version);
        let tries = before.map_or(0, |failed| failed.tries).saturating_add(1);
        self.failed = Some(Failed { version, reason, tries });
    }

    /// Why the set has not moved, where it was tried.
    pub(crate) fn reason(&self) -> Option<SealedReason> {
        self.failed.as_ref().map(|failed| failed.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: i64 = 300_000;

    #[test]
    fn a_keychain_that_fails_is_tried_ever_more_rarely_up_to_an_hour() {
        let (mut settling, mut turns) = (Settling::default(), Vec::new());
        for minute in 0..=200 {
            if settling.take_turn((1, 1), Boot(minute * 60_000), WAIT) {
                settling.fail((1, 1), SealedReason::KeychainRefused);
                turns.push(minute);
            }
        }
        let waits: Vec<_> = turns.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waits, [5, 5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn a_set_that_is_too_large_is_not_tried_again_but_its_successor_is() {
        let mut settling = Settling::default();
        settling.fail((1, 1), SealedReason::TooLarge);
        assert!(!settling.take_turn((1, 1), Boot(i64::MAX), WAIT));
        assert_eq!(settling.reason(), Some(SealedReason::TooLarge));
        assert!(settling.take_turn((1, 2), Boot(0), WAIT));
    }
}
