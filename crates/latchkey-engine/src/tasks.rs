//! The tasks of one engine. They end with it, and a caller that hangs up ends none of them.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

/// What runs beside the callers.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    running: Mutex<JoinSet<()>>,
    /// What must not be cut off where it can be helped: whoever ends the program waits for it.
    promised: TaskTracker,
}

impl Tasks {
    /// Runs `work` to its end, whoever waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // What has ended is forgotten here rather than kept until the engine ends.
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    /// The same for a secret that is on its way, with a result for those who wait: `None` when the task was
    /// ended before its time.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (done, result) = oneshot::channel();
        self.spawn(self.promised.track_future(async move {
            // Nobody may be waiting.
            drop(done.send(work.await));
        }));
        async move { result.await.ok() }
    }

    /// From here on nothing is begun that somebody would have to wait for.
    pub(crate) fn close(&self) {
        self.promised.close();
    }

    /// Takes [`Tasks::close`] back.
    pub(crate) fn reopen(&self) {
        self.promised.reopen();
    }

    pub(crate) fn are_closed(&self) -> bool {
        self.promised.is_closed()
    }

    /// Waits, once they are closed, for the end of everything that must not be cut off.
    pub(crate) async fn ended(&self) {
        self.promised.wait().await;
    }

    /// Ends every task where it stands.
    pub(crate) fn end(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
