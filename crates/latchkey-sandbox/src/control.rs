//! The in-process handle: what a test does to the sandbox, and what it asks it. The control routes are the same
//! methods over HTTP.

use std::sync::Arc;
use std::time::Duration;

use crate::client::Client;
use crate::clock::{ClockMode, Timestamp};
use crate::core::{Issued, World};
use crate::faults::{Fault, FaultOrder};
use crate::gate::{HeldRequest, Release};
use crate::grant::RevokedBecause;
use crate::ledger::GrantView;
use crate::record::{Entry, Outcome};
use crate::route::Endpoint;
use crate::settings::Settings;

/// Commands and questions to a sandbox.
#[derive(Clone, Debug)]
pub struct Control {
    world: Arc<World>,
}

impl Control {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        self.world.core().origin.clone()
    }

    /// The habits at this moment.
    pub fn settings(&self) -> Settings {
        self.world.core().settings.clone()
    }

    /// Changes habits; they hold from the next request on.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.world.core().settings);
    }

    /// Queues a fault for the next `times` requests to an endpoint, behind those that wait already.
    pub fn set_fault(&self, endpoint: Endpoint, fault: Fault, times: u32) {
        self.world.core().faults.push(FaultOrder { endpoint, times, fault });
    }

    /// The faults that have not met their requests.
    pub fn faults(&self) -> Vec<FaultOrder> {
        self.world.core().faults.list()
    }

    /// Forgets the faults that have not met their requests.
    pub fn clear_faults(&self) {
        self.world.core().faults.clear();
    }

    /// Every request since the start or the last reset.
    pub fn requests(&self) -> Vec<Entry> {
        self.requests_since(0)
    }

    /// Every request after a sequence number.
    pub fn requests_since(&self, sequence: u64) -> Vec<Entry> {
        self.world.core().record.since(sequence)
    }

    /// Every request to one endpoint.
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<Entry> {
        self.requests().into_iter().filter(|entry| entry.endpoint == endpoint).collect()
    }

    /// Every request that was refused, with its reason.
    pub fn refusals(&self) -> Vec<(Entry, String)> {
        let refused = |entry: Entry| match entry.outcome.clone() {
            Outcome::Refused { why } => Some((entry, why)),
            Outcome::Pending | Outcome::Accepted | Outcome::Unprocessed => None,
        };
        self.requests().into_iter().filter_map(refused).collect()
    }

    /// Returns once an endpoint has met so many requests, all of them processed or struck by a fault.
    pub async fn wait_for_requests(&self, endpoint: Endpoint, count: usize) -> Vec<Entry> {
        let mut ticks = self.world.recorded.subscribe();
        loop {
            let mut met = self.requests_to(endpoint);
            met.retain(|entry| entry.outcome != Outcome::Pending);
            if met.len() >= count {
                return met;
            }
            // The sender lives in `self`, so the channel cannot close.
            let _open = ticks.changed().await;
        }
    }

    /// The requests that wait for their release.
    pub fn waiting(&self) -> Vec<HeldRequest> {
        self.world.gate.waiting()
    }

    /// Returns once a request to the endpoint is held. Put a timeout around it.
    pub async fn wait_for_held(&self, endpoint: Endpoint) -> HeldRequest {
        self.world.gate.wait_for(Some(endpoint)).await
    }

    /// Returns once any request is held.
    pub async fn wait_for_any_held(&self) -> HeldRequest {
        self.world.gate.wait_for(None).await
    }

    /// Releases one held request; tells whether it was waiting.
    pub fn release(&self, sequence: u64, release: Release) -> bool {
        self.world.gate.release(Some(sequence), release) > 0
    }

    /// Releases every held request; tells how many there were.
    pub fn release_all(&self, release: Release) -> usize {
        self.world.gate.release(None, release)
    }

    /// The provider ends the grants of an account, or all; tells how many were alive.
    pub fn revoke(&self, account: Option<&str>) -> usize {
        self.world.core().ledger.revoke_account(account, RevokedBecause::ByProvider)
    }

    /// Every live access token dies; tells how many there were.
    pub fn expire_access(&self) -> usize {
        let mut core = self.world.core();
        let now = core.clock.now();
        core.ledger.expire_access(now)
    }

    /// Every secret that ever passed.
    pub fn issued(&self) -> Issued {
        self.world.core().issued()
    }

    /// Every grant, in the order of the code exchanges.
    pub fn grants(&self) -> Vec<GrantView> {
        let core = self.world.core();
        core.ledger.grants(core.clock.now())
    }

    /// Registers a client, in place of one with the same id.
    pub fn add_client(&self, client: Client) {
        let mut core = self.world.core();
        core.clients.retain(|known| known.id != client.id);
        core.clients.push(client);
    }

    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        self.world.core().clock.now()
    }

    /// Whether its time runs by itself.
    pub fn clock_mode(&self) -> ClockMode {
        self.world.core().clock.mode()
    }

    /// Stops its time, or lets it run.
    pub fn set_clock(&self, mode: ClockMode) {
        self.world.core().clock.set_mode(mode);
    }

    /// Moves its time, in either mode.
    pub fn advance(&self, by: Duration) {
        self.world.core().clock.advance(by);
    }

    /// Back to the beginning: settings, clients, clock, no grants, no faults, no record. Held requests are dropped.
    pub fn reset(&self) {
        self.world.core().reset();
        self.world.gate.end_phase(true);
    }
}
