//! The time that something takes, by the machine's clock.
#![expect(
    clippy::disallowed_methods,
    reason = "measures on the machine's clock and waits for other processes, which follow it"
)]

use std::time::{Duration, Instant};

/// A watch that runs.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since it was started.
    pub(crate) fn milliseconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1e3
    }
}

/// Lets time pass in which others are watched.
pub(crate) async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}
