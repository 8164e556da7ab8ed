//! After a sleep, and when the network is back: what is due is caught up with, but not before the provider can
//! be reached, and not all at once (F35, F63, F64).
//!
//! A refresh token is not sent into a network that is only half there: an answer lost on the way is the one
//! thing that can cost a sign-in. Whoever waits for a token does not wait for this.

use std::collections::BTreeMap;
use std::sync::Arc;

use latchkey_protocol::FailureKind;
use url::Url;

use crate::live::{Parts, Slot, SlotState};
use crate::surroundings::{CatchingUp, SurroundingsChange};

/// Waits before each try to reach a provider, in milliseconds: a minute in all.
const TRIES_MS: [i64; 8] = [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
/// How long one try may take, in milliseconds.
const TRY_MS: i64 = 5_000;
/// The longest that a refresh is held back for this, in milliseconds.
const HOLD_MS: i64 = 120_000;
/// Over how long the refreshes are spread that are due, in milliseconds.
const SPREAD_MS: i64 = 5_000;
/// A proxy answers in the provider's place: reaching the provider directly says nothing then.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Something around Latchkey has changed.
pub(crate) fn report(parts: &Parts, change: SurroundingsChange) {
    tracing::info!(?change, "the surroundings have changed");
    parts.surroundings.changed(change, parts.clock.as_ref());
    if change == SurroundingsChange::NetworkUp {
        parts.surroundings.network_up.notify_waiters();
    }
    // The scheduler begins: whoever reports need not be on a thread of the runtime.
    parts.due_changed.notify_one();
}

/// Catches up with what is due or waits for a network. Connections whose access is good are left alone.
pub(crate) fn begin(parts: &Arc<Parts>, what: CatchingUp) {
    let with_due = match what {
        CatchingUp::Nothing => return,
        CatchingUp::Offline => false,
        CatchingUp::Everything => true,
    };
    parts.gate.close_circuits();
    for (endpoint, slots) in waiting(parts, with_due) {
        if parts.surroundings.begin_waiting(&endpoint) {
            let until = parts.clock.boot().plus(HOLD_MS);
            for slot in &slots {
                slot.write(|state| state.rest_until(until));
            }
            let parts = parts.clone();
            parts.clone().tasks.spawn(async move {
                let reached = reached(&parts, &endpoint).await;
                release(&parts, &slots, reached);
                parts.surroundings.end_waiting(&endpoint);
            });
        }
    }
}

/// The connections of each token endpoint that could not reach it and, `with_due`, those that are due.
fn waiting(parts: &Parts, with_due: bool) -> BTreeMap<String, Vec<Arc<Slot>>> {
    let boot = parts.clock.boot();
    let mut waiting: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for slot in parts.slots() {
        let waits = slot.read(|state| {
            let due = with_due && state.due().is_some_and(|due| due <= boot);
            state.flight.is_none() && state.connection.may_renew() && (due || is_offline(state))
        });
        if waits {
            waiting.entry(parts.ask(&slot.connection()).endpoint).or_default().push(slot);
        }
    }
    waiting
}

/// Whether the host of an endpoint was reached within a minute.
async fn reached(parts: &Parts, endpoint: &str) -> bool {
    let proxied = PROXY_VARIABLES.iter().any(|name| (parts.environment)(name).is_some());
    let Some(url) = Url::parse(endpoint).ok().filter(|_| !proxied) else { return true };
    for wait in TRIES_MS {
        let network_up = parts.surroundings.network_up.notified();
        tokio::select! {
            biased;
            () = network_up => {}
            () = parts.clock.sleep_until(parts.clock.boot().plus(wait)) => {}
        }
        let deadline = parts.clock.boot().plus(TRY_MS);
        let reached = tokio::select! {
            biased;
            reached = parts.http.reach(&url) => reached,
            () = parts.clock.sleep_until(deadline) => false,
        };
        if reached {
            return true;
        }
    }
    false
}

/// Lets them go, each at a moment of its own. What was not reached goes on at its own pace.
fn release(parts: &Parts, slots: &[Arc<Slot>], reached: bool) {
    let boot = parts.clock.boot();
    for slot in slots {
        let at = boot.plus(parts.entropy.below(SPREAD_MS + 1));
        slot.write(|state| state.come_back(at, reached));
    }
    parts.due_changed.notify_one();
}

/// Whether the last try did not get through.
fn is_offline(state: &SlotState) -> bool {
    let failure = state.connection.track.last_failure.as_ref();
    failure.is_some_and(|failure| failure.kind == FailureKind::Network)
}
