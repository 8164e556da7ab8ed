//! Whether it is a refresh's turn: its lane, and whether the provider may be asked at all.

use latchkey_protocol::FailureKind;

use super::Why;
use crate::clock::Boot;
use crate::connection::{Connection, Failure, Standing};
use crate::http::host_of;
use crate::live::{Parts, RefreshEnd, Slot, SlotState};
use crate::pacing::{Held, Need};
use crate::store::StoreError;

/// How long after its first failure an attempt without a definite end is not held back, in milliseconds: no
/// provider is known to grant a longer grace by default.
const GRACE_MS: i64 = 60_000;
/// Over how long those are spread who wait for a provider to come back, in milliseconds.
const SPREAD_MS: i64 = 5_000;

/// How much a refresh is needed.
pub(super) fn need(parts: &Parts, slot: &Slot, why: Why) -> Need {
    let (since, ends) = slot.read(|state| (state.connection.track.failing_since, state.access_ends()));
    let fails_recently = since.is_some_and(|since| parts.now().0.saturating_sub(since.0) < GRACE_MS);
    match why {
        Why::Asked { .. } => Need::Asked,
        Why::Needed { .. } => Need::Awaited,
        Why::Unanswered { .. } => Need::Unanswered,
        Why::Due { .. } if fails_recently => Need::Unanswered,
        Why::Due { .. } => Need::AccessEnds(ends.unwrap_or(Boot(i64::MAX))),
    }
}

/// The host of a connection's token endpoint.
pub(super) fn host(parts: &Parts, slot: &Slot) -> String {
    host_of(&parts.ask(&slot.connection()).endpoint).to_owned()
}

/// A request to wait outlives the process that was asked.
pub(crate) fn remember_rate_limit(parts: &Parts, slot: &Slot) {
    let limited_until = |state: &SlotState| {
        let failure = state.connection.track.last_failure.as_ref();
        state.next_try().filter(|_| failure.is_some_and(|failure| failure.kind == FailureKind::RateLimit))
    };
    if let Some(until) = slot.read(limited_until) {
        parts.gate.limit(&parts.ask(&slot.connection()), until);
    }
}

/// The gate does not let it through: nothing was tried, and the connection says what it waits for.
pub(super) async fn held(parts: &Parts, slot: &Slot, held: Held) -> RefreshEnd {
    match postpone(parts, slot, held).await {
        Ok(end) => end,
        Err(StoreError::Superseded) => RefreshEnd::Superseded,
        Err(error) => {
            tracing::error!(connection.id = %slot.id, %error, "a postponed refresh could not be recorded");
            RefreshEnd::StorageFault
        }
    }
}

async fn postpone(parts: &Parts, slot: &Slot, held: Held) -> Result<RefreshEnd, StoreError> {
    let connection = parts.store.connection(&slot.id).await?.ok_or(StoreError::Superseded)?;
    match connection.standing {
        Standing::Disconnecting { .. } => return Err(StoreError::Superseded),
        Standing::Attention { .. } => return Ok(RefreshEnd::NeedsSignIn),
        Standing::Good | Standing::Misconfigured { .. } => {}
    }
    let waiting = waiting(parts, connection, held);
    parts.store.commit_state(waiting.clone(), false, None, parts.now()).await?;
    parts.publish(waiting);
    Ok(RefreshEnd::Held)
}

fn waiting(parts: &Parts, connection: Connection, held: Held) -> Connection {
    let (kind, until, message) = match held {
        Held::RateLimited(until) => (FailureKind::RateLimit, until, "the provider asks to wait"),
        Held::CircuitOpen(until) => {
            let until = until.plus(parts.entropy.below(SPREAD_MS));
            (FailureKind::Provider, until, "the provider answers no sign-in of this computer at present")
        }
    };
    let now = parts.now();
    let next_try_at = now.plus(until.0.saturating_sub(parts.clock.boot().0));
    connection.postponed(Failure { kind, at: now, message: message.to_owned() }, next_try_at)
}
