//! The tasks of one engine. They end with it, and a caller that hangs up ends none of them.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// What runs beside the callers.
#[derive(Debug, Default)]
pub(crate) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    /// Runs `work` to its end, whoever waits for it.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What has ended is forgotten here rather than kept until the engine ends.
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    /// The same, with a result for those who wait: `None` when the task was ended before its time.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (done, result) = oneshot::channel();
        self.spawn(async move {
            // Nobody may be waiting.
            drop(done.send(work.await));
        });
        async move { result.await.ok() }
    }

    /// Ends every task where it stands.
    pub(crate) fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}
