//! The only place that waits: polls with a deadline, so that nothing sleeps longer than it must or for ever.
#![expect(
    clippy::disallowed_methods,
    reason = "looks at other programs, which follow the machine's clock and not a manual one"
)]

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Result};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Time between two looks when the moment itself is measured.
const SHORT_PAUSE: Duration = Duration::from_millis(3);

/// Polls `probe` until it yields a value; an error of `probe` ends the wait at once.
pub fn until<T>(what: &str, limit: Duration, probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    poll(what, limit, PAUSE, probe)
}

/// Like [`until`], but notices the moment within a few milliseconds.
pub fn closely<T>(what: &str, limit: Duration, probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    poll(what, limit, SHORT_PAUSE, probe)
}

fn poll<T>(
    what: &str,
    limit: Duration,
    pause: Duration,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = probe()? {
            return Ok(value);
        }
        if start.elapsed() >= limit {
            return Err(timeout(what, limit, ""));
        }
        thread::sleep(pause);
    }
}

/// Polls `probe` until it succeeds; on time-out its last error is reported.
pub async fn until_ok<T>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let error = match tokio::time::timeout(limit, probe()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        if start.elapsed() >= limit {
            return Err(timeout(what, limit, &error));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Lets the machine run for `span`, for figures that are taken over a stretch of time.
pub async fn elapse(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Measures how long `work` takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

/// The error for something that did not come in time.
pub(crate) fn timeout(what: &str, limit: Duration, last: &str) -> Error {
    let last = if last.is_empty() { String::new() } else { format!("; last seen: {last}") };
    Error::Timeout { what: what.to_owned(), limit, last }
}
