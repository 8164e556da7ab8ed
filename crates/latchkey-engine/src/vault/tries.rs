//! Tries of a passphrase: after each wrong one the next has to wait, longer each time.

use crate::clock::Boot;

/// Wait after the first wrong passphrase, in milliseconds; it doubles with each further one.
const FIRST_WAIT_MS: i64 = 500;
/// The longest wait, in milliseconds.
const LONGEST_WAIT_MS: i64 = 10_000;

/// How often it was wrong in a row, and from when another try is allowed.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    failures: u32,
    next: Option<Boot>,
}

impl Tries {
    /// Milliseconds until the next try is allowed; `None` when it is.
    pub(crate) fn wait(&self, boot: Boot) -> Option<i64> {
        self.next.map(|next| next.0.saturating_sub(boot.0)).filter(|wait| *wait > 0)
    }

    /// It was wrong. Returns the wait, in milliseconds.
    pub(crate) fn failed(&mut self, boot: Boot) -> i64 {
        let wait = FIRST_WAIT_MS.saturating_mul(1 << self.failures.min(10)).min(LONGEST_WAIT_MS);
        self.failures = self.failures.saturating_add(1);
        self.next = Some(boot.plus(wait));
        wait
    }

    /// It was right.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_try_doubles_the_wait_up_to_ten_seconds() {
        let mut tries = Tries::default();
        assert_eq!(tries.wait(Boot(0)), None);
        let waits: Vec<_> = (0..7).map(|_| tries.failed(Boot(0))).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        assert_eq!((tries.wait(Boot(9_999)), tries.wait(Boot(10_000))), (Some(1), None));
        tries.succeeded();
        assert_eq!(tries.wait(Boot(0)), None);
    }
}
