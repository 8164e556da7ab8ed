//! Time as an argument: the one file that reads a clock or sleeps, so that token lives and grace windows can be
//! tested without waiting.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Milliseconds since the sandbox started, on the sandbox's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    pub(crate) fn plus(self, life: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(life)))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Whether the sandbox's time runs by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// Time passes, and can be advanced on top.
    #[default]
    Real,
    /// Time stands still until it is advanced.
    Manual,
}

/// The clock of one sandbox.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    base: Duration,
    running_since: Option<Instant>,
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
fn instant() -> Instant {
    Instant::now()
}

impl Clock {
    pub(crate) fn start(mode: ClockMode) -> Self {
        let started = instant();
        let mut clock = Self { started, base: Duration::ZERO, running_since: Some(started) };
        clock.set_mode(mode);
        clock
    }

    pub(crate) fn mode(&self) -> ClockMode {
        if self.running_since.is_some() { ClockMode::Real } else { ClockMode::Manual }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(milliseconds(self.base + self.running()))
    }

    /// Real milliseconds since the start, whatever the mode: records tell how fast a client retried.
    pub(crate) fn real_elapsed(&self) -> u64 {
        milliseconds(self.started.elapsed())
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.base += by;
    }

    pub(crate) fn set_mode(&mut self, mode: ClockMode) {
        self.base += self.running();
        self.running_since = match mode {
            ClockMode::Real => Some(instant()),
            ClockMode::Manual => None,
        };
    }

    fn running(&self) -> Duration {
        self.running_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// Waits in real time: a slow answer is slow for its client, whatever the sandbox's clock says.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that sleeps; only faults that imitate slowness use it"
)]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let mut clock = Clock::start(ClockMode::Manual);
        let before = clock.now();
        clock.advance(Duration::from_mins(1));
        assert_eq!(clock.now().since(before), Duration::from_mins(1));
        assert_eq!(clock.now(), clock.now());
    }

    #[test]
    fn changing_the_mode_never_turns_time_back() {
        let mut clock = Clock::start(ClockMode::Real);
        clock.advance(Duration::from_secs(5));
        clock.set_mode(ClockMode::Manual);
        let frozen = clock.now();
        clock.set_mode(ClockMode::Real);
        assert!(clock.now() >= frozen);
        assert!(frozen >= Timestamp(5_000));
    }
}
