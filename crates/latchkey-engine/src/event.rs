//! Broadcasts what changed. Every change of state ends here, and nothing else leaves unasked.

use std::sync::atomic::{AtomicU64, Ordering};

use latchkey_protocol::{Event, EventBody};
use tokio::sync::broadcast;

/// The engine's one loudspeaker.
#[derive(Debug)]
pub(crate) struct Events {
    sender: broadcast::Sender<Event>,
    last: AtomicU64,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self { sender: broadcast::Sender::new(256), last: AtomicU64::new(0) }
    }

    /// Tells everybody who listens. Nobody listening is fine.
    pub(crate) fn send(&self, body: EventBody) {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let _ = self.sender.send(Event { number, body });
    }

    /// The same where making the body costs something: it is made for listeners only.
    pub(crate) fn send_with(&self, body: impl FnOnce() -> EventBody) {
        if self.sender.receiver_count() > 0 {
            self.send(body());
        } else {
            // Whoever listens from here on begins with how everything is.
            self.last.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }
}
