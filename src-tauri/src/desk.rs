//! What commands reach: the engine, or why there is none, and the one listener of the window.

use std::sync::{Mutex, PoisonError};

use latchkey_engine::Engine;
use latchkey_protocol::{Notice, Problem};
use tauri::async_runtime::JoinHandle;

/// The shell's state.
pub(crate) struct Desk {
    engine: Result<Engine, Problem>,
    /// What the shell itself found, beside what the engine says.
    notices: Mutex<Vec<Notice>>,
    forwarding: Mutex<Option<JoinHandle<()>>>,
}

impl Desk {
    pub(crate) fn new(engine: Result<Engine, Problem>, notice: Option<Notice>) -> Self {
        Self { engine, notices: Mutex::new(notice.into_iter().collect()), forwarding: Mutex::new(None) }
    }

    /// The engine, or why there is none.
    pub(crate) fn engine(&self) -> Result<&Engine, Problem> {
        self.engine.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn add_notice(&self, notice: Notice) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The window listens anew: whoever forwarded before stops.
    pub(crate) fn forward(&self, task: JoinHandle<()>) {
        let old = self.forwarding.lock().unwrap_or_else(PoisonError::into_inner).replace(task);
        if let Some(old) = old {
            old.abort();
        }
    }
}
