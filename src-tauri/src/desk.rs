//! What commands reach: the engine, or why there is none, and the one listener of the window.

use std::sync::{Mutex, PoisonError};

use latchkey_engine::Engine;
use latchkey_protocol::{Notice, Problem};
use tauri::async_runtime::JoinHandle;
use tokio::sync::SetOnce;

/// The shell's state.
#[derive(Default)]
pub(crate) struct Desk {
    /// Set once the engine has started, or has said why it does not. The window is made meanwhile.
    engine: SetOnce<Result<Engine, Problem>>,
    /// What the shell itself found, beside what the engine says.
    notices: Mutex<Vec<Notice>>,
    forwarding: Mutex<Option<JoinHandle<()>>>,
}

impl Desk {
    /// What a start has led to. Whatever waits for the engine goes on.
    pub(crate) fn open(&self, engine: Result<Engine, Problem>) {
        if self.engine.set(engine).is_err() {
            tracing::error!("the engine was started twice");
        }
    }

    /// The engine once it has started, or why there is none.
    pub(crate) async fn engine(&self) -> Result<&Engine, Problem> {
        self.engine.wait().await.as_ref().map_err(Clone::clone)
    }

    /// Waits until nothing is on its way that the end of the program would lose.
    pub(crate) async fn close(&self) {
        if let Some(Ok(engine)) = self.engine.get() {
            engine.close().await;
        }
    }

    /// The program goes on after all.
    pub(crate) fn reopen(&self) {
        if let Some(Ok(engine)) = self.engine.get() {
            engine.reopen();
        }
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
