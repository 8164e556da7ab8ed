//! A clock that a test moves by hand.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

use super::{Boot, Clock, Sleep};
use latchkey_protocol::Timestamp;

/// Both clocks, moved by hand. Waits end when the clock is moved past them, and never by themselves.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<(Boot, Timestamp)>,
    suspended_ms: AtomicI64,
    /// The deadline of each wait.
    waits: watch::Sender<Vec<Boot>>,
}

impl ManualClock {
    /// A clock that shows `wall` and a boot time of one hour.
    pub fn at(wall: Timestamp) -> Self {
        let now = watch::Sender::new((Boot(3_600_000), wall));
        Self { now, suspended_ms: AtomicI64::new(0), waits: watch::Sender::default() }
    }

    /// Moves both clocks on.
    pub fn advance(&self, milliseconds: i64) {
        self.now.send_modify(|(boot, wall)| {
            *boot = boot.plus(milliseconds);
            *wall = wall.plus(milliseconds);
        });
    }

    /// Moves both clocks on as a suspend does.
    pub fn suspend(&self, milliseconds: i64) {
        self.suspended_ms.fetch_add(milliseconds, Ordering::Relaxed);
        self.advance(milliseconds);
    }

    /// Moves the wall clock alone, as a person or a time server does.
    pub fn set_wall(&self, wall: Timestamp) {
        self.now.send_modify(|now| now.1 = wall);
    }

    /// Returns once somebody waits for exactly this moment: until the clock is moved, nothing more happens
    /// there.
    pub async fn somebody_waits_for(&self, deadline: Boot) {
        // The sender lives as long as `self`.
        let _ = self.waits.subscribe().wait_for(|waits| waits.contains(&deadline)).await;
    }

    /// Returns once nobody waits for exactly this moment.
    pub async fn nobody_waits_for(&self, deadline: Boot) {
        let _ = self.waits.subscribe().wait_for(|waits| !waits.contains(&deadline)).await;
    }
}

impl Clock for ManualClock {
    fn boot(&self) -> Boot {
        self.now.borrow().0
    }

    fn wall(&self) -> Timestamp {
        self.now.borrow().1
    }

    fn suspended_ms(&self) -> i64 {
        self.suspended_ms.load(Ordering::Relaxed)
    }

    fn sleep_until(&self, deadline: Boot) -> Sleep<'_> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            let _wait = Wait::note(&self.waits, deadline);
            // The sender lives as long as `self`, which outlives this future.
            let _ = now.wait_for(|(boot, _)| *boot >= deadline).await;
        })
    }
}

/// A noted wait; dropped when it is over or given up.
struct Wait<'w>(&'w watch::Sender<Vec<Boot>>, Boot);

impl<'w> Wait<'w> {
    fn note(waits: &'w watch::Sender<Vec<Boot>>, deadline: Boot) -> Self {
        waits.send_modify(|waits| waits.push(deadline));
        Self(waits, deadline)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waits| {
            if let Some(index) = waits.iter().position(|deadline| *deadline == self.1) {
                waits.swap_remove(index);
            }
        });
    }
}
