//! Waiting in the world: for states, requests and other waits, never for time.

use std::time::Duration;

use crate::support::World;
use latchkey_engine::Clock as _;
use latchkey_protocol::{Activity, ConnectionView, Overview, RestingPlace, Severity};
use latchkey_sandbox::{Endpoint, Entry, HeldRequest};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl World {
    /// Waits for the engine to come into a state, by its events.
    pub(crate) fn until(&self, what: &str, reached: impl Fn(&Overview) -> bool) {
        let (_, mut events) = self.engine().watch();
        let waiting = async {
            while !reached(&self.engine().overview()) {
                let _ = tokio::time::timeout(Duration::from_millis(100), events.recv()).await;
            }
        };
        let waited = self.run(async { tokio::time::timeout(PATIENCE, waiting).await });
        assert!(waited.is_ok(), "{what}: not reached, but {:#?}", self.overview());
    }

    /// Moves the clock on in steps until the engine comes into a state: what waits for a due time gets there.
    pub(crate) fn advance_until(&self, what: &str, step: i64, reached: impl Fn(&Overview) -> bool) {
        let (_, mut events) = self.engine().watch();
        let waiting = async {
            while !reached(&self.engine().overview()) {
                self.clock.advance(step);
                let _ = tokio::time::timeout(Duration::from_millis(20), events.recv()).await;
            }
        };
        let waited = self.run(async { tokio::time::timeout(PATIENCE, waiting).await });
        assert!(waited.is_ok(), "{what}: not reached, but {:#?}", self.overview());
    }

    /// Returns once a request to `endpoint` waits.
    pub(crate) fn held(&self, endpoint: Endpoint) -> HeldRequest {
        let held = async { tokio::time::timeout(PATIENCE, self.sandbox.wait_for_held(endpoint)).await };
        self.outside(held).unwrap()
    }

    /// Returns once `endpoint` has met so many requests.
    pub(crate) fn requests(&self, endpoint: Endpoint, count: usize) -> Vec<Entry> {
        let met = self.sandbox.wait_for_requests(endpoint, count);
        let met = self.outside(async { tokio::time::timeout(PATIENCE, met).await });
        let so_far = || self.sandbox.requests_to(endpoint).len();
        met.unwrap_or_else(|_| panic!("{endpoint:?}: {} requests of {count}", so_far()))
    }

    /// Returns once the engine waits for a moment in exactly so many milliseconds. Until the clock is moved
    /// nothing more happens.
    pub(crate) fn until_asleep_for(&self, milliseconds: i64) {
        let asleep = self.clock.somebody_waits_for(self.clock.boot().plus(milliseconds));
        let asleep = self.outside(async { tokio::time::timeout(PATIENCE, asleep).await });
        assert!(asleep.is_ok(), "nobody waits for {milliseconds} ms: {:#?}", self.overview().connections);
    }

    /// Returns once nothing sleeps for so long any more.
    pub(crate) fn until_nobody_waits_for(&self, milliseconds: i64) {
        let awake = self.clock.nobody_waits_for(self.clock.boot().plus(milliseconds));
        let awake = self.outside(async { tokio::time::timeout(PATIENCE, awake).await });
        assert!(awake.is_ok(), "somebody still waits for {milliseconds} ms");
    }

    pub(crate) fn until_idle(&self) {
        self.until("idle", |overview| {
            matches!(overview.connections[0].health.activity, Activity::Idle { .. })
        });
    }

    /// Returns once the person must sign in again, and nothing is under way any more.
    pub(crate) fn until_attention(&self) {
        self.until("attention", |overview| {
            let health = &overview.connections[0].health;
            health.severity == Severity::Attention && health.activity != Activity::Refreshing
        });
    }

    pub(crate) fn until_settled(&self) {
        self.until("the sign-in rests in the keychain", |overview| {
            let resting = |connection: &ConnectionView| connection.resting == RestingPlace::Keychain;
            overview.connections.first().is_some_and(resting)
        });
    }
}
