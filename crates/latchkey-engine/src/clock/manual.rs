//! A clock that a test moves by hand.

use tokio::sync::watch;

use super::{Boot, Clock, Sleep};
use latchkey_protocol::Timestamp;

/// Both clocks, moved by hand. Waits end when the clock is moved past them, and never by themselves.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<(Boot, Timestamp)>,
}

impl ManualClock {
    /// A clock that shows `wall` and a boot time of one hour.
    pub fn at(wall: Timestamp) -> Self {
        Self { now: watch::Sender::new((Boot(3_600_000), wall)) }
    }

    /// Moves both clocks on.
    pub fn advance(&self, milliseconds: i64) {
        self.now.send_modify(|(boot, wall)| {
            *boot = boot.plus(milliseconds);
            *wall = wall.plus(milliseconds);
        });
    }

    /// Moves the wall clock alone, as a person or a time server does.
    pub fn set_wall(&self, wall: Timestamp) {
        self.now.send_modify(|now| now.1 = wall);
    }
}

impl Clock for ManualClock {
    fn boot(&self) -> Boot {
        self.now.borrow().0
    }

    fn wall(&self) -> Timestamp {
        self.now.borrow().1
    }

    fn sleep_until(&self, deadline: Boot) -> Sleep<'_> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // The sender lives as long as `self`, which outlives this future.
            let _ = now.wait_for(|(boot, _)| *boot >= deadline).await;
        })
    }
}
