//! When a provider may be asked: how long after failures, how many at once, and not at all while it is down
//! or has asked to wait.
//!
//! Pure but for [`Gate`], which lets callers wait for their turn: time and randomness are arguments, and the
//! same calls in the same order give the same answers.

mod buckets;
mod circuit;
mod gate;
mod lanes;
mod retry_after;

pub(crate) use buckets::{Buckets, Owner, Window};
pub(crate) use gate::{Ask, Gate, Held, Limited};
pub(crate) use lanes::Need;
pub(crate) use retry_after::{RetryAfter, date, milliseconds};

/// The first wait after a failure, in milliseconds, doubled with each further one.
const BASE_MS: i64 = 1_000;
/// The least wait, in milliseconds: full jitter alone would sometimes ask again at once.
const LEAST_MS: i64 = 250;

/// Who is behind a call that failed, which decides how patient the next try is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A person or a program waits for it.
    Awaited,
    /// Nobody waits.
    Background,
    /// It did not get through, most likely for want of a network, which may be back at any moment.
    Network,
}

impl Patience {
    /// The longest wait, in milliseconds.
    fn cap_ms(self) -> i64 {
        match self {
            Self::Awaited => 30_000,
            Self::Background => 900_000,
            Self::Network => 60_000,
        }
    }
}

/// Milliseconds until the next try after `failures` earlier ones: full jitter, that is anything up to the
/// doubled wait, so that many connections that failed together do not come back together. `below` draws a
/// number from 0 up to, not including, its argument.
pub(crate) fn backoff_ms(failures: u32, patience: Patience, below: impl FnOnce(i64) -> i64) -> i64 {
    let ceiling = BASE_MS.saturating_mul(1_i64 << failures.min(30)).min(patience.cap_ms());
    LEAST_MS + below(ceiling - LEAST_MS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_anything_between_the_least_and_the_doubled_ceiling() {
        for (failures, ceiling) in [(0, 1_000), (1, 2_000), (4, 16_000), (9, 512_000)] {
            assert_eq!(backoff_ms(failures, Patience::Background, |_| 0), 250);
            assert_eq!(backoff_ms(failures, Patience::Background, |bound| bound - 1), ceiling);
        }
    }

    #[test]
    fn whoever_waits_is_asked_for_sooner_than_nobody() {
        let longest = |patience| backoff_ms(u32::MAX, patience, |bound| bound - 1);
        assert_eq!(longest(Patience::Awaited), 30_000);
        assert_eq!(longest(Patience::Background), 15 * 60_000);
        assert_eq!(longest(Patience::Network), 60_000);
    }
}
