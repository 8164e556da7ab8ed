//! Time as an argument: two clocks, because one of them is always wrong for something.
//!
//! Deadlines are kept on a clock that counts suspend, so that a token is not lent after a night in
//! which the monotonic clock stood still. The wall clock names points in time to people and survives a
//! reboot.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use latchkey_protocol::Timestamp;

#[cfg(feature = "testing")]
mod manual;
#[cfg(feature = "testing")]
pub use manual::ManualClock;

/// Milliseconds since the computer started, suspend included. Comparable within one boot only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boot(pub i64);

impl Boot {
    /// This point moved by `milliseconds`, which may be negative.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// A wait that a clock grants.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The suspend-aware clock.
    fn boot(&self) -> Boot;

    /// The wall clock.
    fn wall(&self) -> Timestamp;

    /// Milliseconds that the computer has been suspended since it started. Only its growth means anything.
    fn suspended_ms(&self) -> i64 {
        0
    }

    /// Waits until the suspend-aware clock shows `deadline`. After a suspend the wait may end late, by at
    /// most what was left of it when the suspend began: whoever needs more looks at shorter intervals.
    fn sleep_until(&self, deadline: Boot) -> Sleep<'_>;
}

/// The clocks of the operating system.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(target_os = "linux")]
    fn boot(&self) -> Boot {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Boot(now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000))
    }

    #[cfg(target_os = "linux")]
    fn suspended_ms(&self) -> i64 {
        let awake = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let awake = awake.tv_sec.saturating_mul(1000).saturating_add(awake.tv_nsec / 1_000_000);
        // Rounded: the two clocks are not read at the same moment.
        self.boot().0.saturating_sub(awake) / 1000 * 1000
    }

    // The wall clock counts suspend everywhere; elsewhere than on Linux it stands in for the boot clock
    // until those platforms are built and run.
    #[cfg(not(target_os = "linux"))]
    fn boot(&self) -> Boot {
        Boot(self.wall().0)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn wall(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where a timer is set")]
    fn sleep_until(&self, deadline: Boot) -> Sleep<'_> {
        let left = u64::try_from(deadline.0.saturating_sub(self.boot().0)).unwrap_or(0);
        Box::pin(tokio::time::sleep(Duration::from_millis(left)))
    }
}
