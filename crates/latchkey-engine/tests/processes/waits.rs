//! Waiting for other processes: they follow the machine's clock, so a condition is looked at again and again,
//! and never for ever.
#![expect(
    clippy::disallowed_methods,
    reason = "looks at other processes, which follow the machine's clock and not a manual one"
)]

use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {} s", PATIENCE.as_secs());
        std::thread::sleep(PAUSE);
    }
}

/// Lets a moment pass that is drawn by lot: what is to be met in it is not known.
pub(crate) fn some_moment(duration: Duration) {
    std::thread::sleep(duration);
}

/// How long `work` takes, for the person who reads the tally.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}
