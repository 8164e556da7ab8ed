//! Where requests wait: for a test that has to act at an exact point, or for ever. Every wait ends when the sandbox
//! stops or is reset.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};

use crate::clock;
use crate::faults::Moment;
use crate::route::Endpoint;

/// A request that waits for its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HeldRequest {
    /// Its number in the record.
    pub sequence: u64,
    /// What it is for.
    pub endpoint: Endpoint,
    /// Whether it waits before or after it was processed.
    pub moment: Moment,
}

/// How a held request goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// As if it had not waited. One whose client died is still processed.
    #[default]
    Continue,
    /// Its connection closes; one that was not processed never will be.
    Drop,
}

/// The waiting requests of one sandbox.
#[derive(Debug)]
pub(crate) struct Gate {
    held: Mutex<Vec<(HeldRequest, oneshot::Sender<Release>)>>,
    phase: watch::Sender<Phase>,
    arrivals: watch::Sender<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Phase {
    open: bool,
    number: u64,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let phase = watch::Sender::new(Phase { open: true, number: 0 });
        Self { held: Mutex::default(), phase, arrivals: watch::Sender::new(0) }
    }

    /// Waits for a release, or for the end of the phase, which drops the request.
    pub(crate) async fn hold(&self, request: HeldRequest) -> Release {
        let (sender, receiver) = oneshot::channel();
        self.lock().push((request, sender));
        self.arrivals.send_modify(|count| *count += 1);
        tokio::select! {
            release = receiver => release.unwrap_or(Release::Drop),
            () = self.phase_end() => Release::Drop,
        }
    }

    /// Waits until the end of the phase.
    pub(crate) async fn hang(&self) {
        self.phase_end().await;
    }

    /// Waits; tells whether the whole time passed before the end of the phase.
    pub(crate) async fn pause(&self, duration: Duration) -> bool {
        tokio::select! {
            () = clock::pause(duration) => true,
            () = self.phase_end() => false,
        }
    }

    /// Waits until the sandbox leaves the network.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut phases = self.phase.subscribe();
        async move {
            // An error means that the sandbox is gone, which is the same.
            let _closed = phases.wait_for(|phase| !phase.open).await;
        }
    }

    /// Releases one held request, or all; tells how many.
    pub(crate) fn release(&self, sequence: Option<u64>, release: Release) -> usize {
        let mut held = self.lock();
        let named = |request: &HeldRequest| sequence.is_none_or(|sequence| request.sequence == sequence);
        let released = held.extract_if(.., |(request, _)| named(request));
        released.filter_map(|(_, sender)| sender.send(release).ok()).count()
    }

    pub(crate) fn waiting(&self) -> Vec<HeldRequest> {
        self.lock().iter().map(|(request, _)| *request).collect()
    }

    /// The first held request of an endpoint, as soon as there is one.
    pub(crate) async fn wait_for(&self, endpoint: Option<Endpoint>) -> HeldRequest {
        let mut arrivals = self.arrivals.subscribe();
        loop {
            let wanted = |request: &HeldRequest| endpoint.is_none_or(|endpoint| request.endpoint == endpoint);
            if let Some(request) = self.waiting().into_iter().find(wanted) {
                return request;
            }
            // The sender lives in `self`, so the channel cannot close.
            let _open = arrivals.changed().await;
        }
    }

    /// Ends every wait; with `open` false, later ones end at once.
    pub(crate) fn end_phase(&self, open: bool) {
        self.lock().clear();
        self.phase.send_modify(|phase| *phase = Phase { open, number: phase.number + 1 });
    }

    pub(crate) fn reopen(&self) {
        self.phase.send_modify(|phase| phase.open = true);
    }

    async fn phase_end(&self) {
        let mut phases = self.phase.subscribe();
        let number = phases.borrow_and_update().number;
        let _ended = phases.wait_for(|phase| !phase.open || phase.number != number).await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(HeldRequest, oneshot::Sender<Release>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
