//! What each end of a refresh does to the connection.

use std::sync::Arc;

use latchkey_envelope::Envelope;
use latchkey_protocol::{AttentionReason, ConfigurationFault, FailureKind, HistoryKind};
use tracing::Instrument as _;

use super::{guard, save};
use crate::clients;
use crate::connection::{Connection, Failure, Standing};
use crate::credential::TokenSet;
use crate::flow::revocation;
use crate::http::host_of;
use crate::live::{Parts, RefreshEnd, Slot};
use crate::pacing::{Patience, RetryAfter, backoff_ms};
use crate::planted::{Planted, planted};
use crate::refresh::Why;
use crate::resting;
use crate::store::StoreError;

/// Backoff after a wrong setting: from five minutes to six hours.
const CONFIGURATION_MS: (i64, i64) = (300_000, 21_600_000);

/// Writes the next generation.
pub(super) async fn commit_renewal(
    parts: &Parts,
    renewed: &Connection,
    envelope: Envelope,
) -> Result<(), StoreError> {
    let line = match &renewed.standing {
        Standing::Attention { .. } => {
            (HistoryKind::NeedsSignIn, renewed.track.last_failure.as_ref().map(|last| last.message.clone()))
        }
        Standing::Good | Standing::Misconfigured { .. } | Standing::Disconnecting { .. } => {
            (HistoryKind::Renewed, None)
        }
    };
    let commit = parts.store.commit_rotation(renewed.clone(), envelope, line, parts.now());
    // Timed from outside, by `benches/speed/saving.rs`.
    commit.instrument(tracing::trace_span!("commit_rotation")).await
}

/// The new set came after a disconnect or a newer sign-in. After a disconnect it is what must be revoked;
/// after a newer sign-in it is dropped unrevoked, because revoking may end the whole grant (R90).
pub(super) async fn late(parts: &Arc<Parts>, slot: &Slot, set: &TokenSet) -> Result<RefreshEnd, StoreError> {
    let Some(connection) = parts.store.connection(&slot.id).await? else {
        return Ok(RefreshEnd::Superseded);
    };
    let told = matches!(connection.standing, Standing::Disconnecting { .. });
    if planted(Planted::LateRevoked) && !told {
        revoke_unasked(parts, &connection, set).await;
    }
    if told
        && !planted(Planted::LateNotRevoked)
        && let Ok(envelope) = resting::seal(parts, &connection, set).await
    {
        let mut tries = 0;
        while let Err(StoreError::Database { .. }) =
            parts.store.replace_set_to_revoke(&connection, envelope.clone()).await
        {
            save::pause(parts, tries).await;
            tries += 1;
        }
        slot.write(|state| state.tokens = Some(Arc::new(set.clone())));
    }
    Ok(RefreshEnd::Superseded)
}

/// The mistake of R90, for the simulator.
async fn revoke_unasked(parts: &Parts, connection: &Connection, set: &TokenSet) {
    if let Some(provider) = parts.provider_of(connection)
        && let Ok(client) = clients::of(parts, &provider, connection).await
    {
        let _ = revocation::revoke_one(&parts.http, &provider, &client, set).await;
    }
}

/// The provider, or the keychain, leaves nothing to renew with. The refused set stays at rest.
pub(super) async fn needs_sign_in(
    parts: &Arc<Parts>,
    connection: Connection,
    reason: AttentionReason,
    text: Option<String>,
) -> Result<RefreshEnd, StoreError> {
    guard::until_recorded(parts, connection, reason, text).await
}

/// Writes such an end down.
pub(super) async fn record_end(
    parts: &Arc<Parts>,
    connection: Connection,
    reason: AttentionReason,
    text: Option<String>,
) -> Result<RefreshEnd, StoreError> {
    let line = (HistoryKind::NeedsSignIn, text.clone());
    let ended = connection.needs_sign_in(reason, parts.now(), text).map_err(|_| StoreError::Superseded)?;
    parts.store.commit_state(ended.clone(), true, Some(line), parts.now()).await?;
    parts.publish(ended);
    Ok(RefreshEnd::NeedsSignIn)
}

/// A setting is wrong. The grant is kept, and tried again ever more rarely.
pub(super) async fn misconfigured(
    parts: &Arc<Parts>,
    connection: Connection,
    fault: ConfigurationFault,
    text: Option<String>,
    close_intent: bool,
) -> Result<RefreshEnd, StoreError> {
    if matches!(connection.standing, Standing::Attention { .. }) {
        return Ok(RefreshEnd::NeedsSignIn);
    }
    let known = matches!(connection.standing, Standing::Misconfigured { .. });
    let line = (!known).then(|| (HistoryKind::Misconfigured, text.clone()));
    let next_try = parts.now().plus(doubled(connection.track.failures, CONFIGURATION_MS));
    let faulty =
        connection.misconfigured(fault, parts.now(), text, next_try).map_err(|_| StoreError::Superseded)?;
    parts.store.commit_state(faulty.clone(), close_intent, line, parts.now()).await?;
    parts.publish(faulty);
    Ok(RefreshEnd::Misconfigured)
}

/// Nothing left this computer.
pub(super) async fn not_sent(
    parts: &Arc<Parts>,
    connection: Connection,
    text: String,
    close_intent: bool,
) -> Result<RefreshEnd, StoreError> {
    let wait = wait_ms(parts, connection.track.failures, Patience::Network);
    passing(parts, connection, FailureKind::Network, text, wait, close_intent).await
}

/// The provider failed at something that can be asked again without a second thought.
pub(super) async fn failing(
    parts: &Arc<Parts>,
    connection: Connection,
    text: String,
    close_intent: bool,
) -> Result<RefreshEnd, StoreError> {
    parts.gate.faulted(&parts.ask(&connection), parts.clock.boot());
    let wait = wait_ms(parts, connection.track.failures, Patience::Background);
    passing(parts, connection, FailureKind::Provider, text, wait, close_intent).await
}

/// The provider asked to wait.
pub(super) async fn throttled(
    parts: &Arc<Parts>,
    connection: Connection,
    retry_after: RetryAfter,
    close_intent: bool,
) -> Result<RefreshEnd, StoreError> {
    let ask = parts.ask(&connection);
    let provider_now = parts.skew.provider_now(host_of(&ask.endpoint), parts.clock.as_ref());
    let wait_ms = retry_after.wait_ms(provider_now);
    let text = format!("the provider asks to wait {} s", (wait_ms + 999) / 1000);
    let wait_ms = if planted(Planted::ThrottleIgnored) { 0 } else { wait_ms };
    parts.gate.limit(&ask, parts.clock.boot().plus(wait_ms));
    passing(parts, connection, FailureKind::RateLimit, text, wait_ms, close_intent).await
}

/// All repeats went without a definite answer. The intent stays open.
pub(super) async fn unanswered(
    parts: &Arc<Parts>,
    slot: &Slot,
    text: String,
    by_provider: bool,
    why: Why,
) -> Result<RefreshEnd, StoreError> {
    let (kind, patience) = match (by_provider, why) {
        (true, Why::Asked { .. } | Why::Needed { .. }) => (FailureKind::Provider, Patience::Awaited),
        (true, Why::Due { .. } | Why::Unanswered { .. }) => (FailureKind::Provider, Patience::Background),
        (false, Why::Asked { .. } | Why::Needed { .. } | Why::Due { .. } | Why::Unanswered { .. }) => {
            (FailureKind::Network, Patience::Network)
        }
    };
    let connection = parts.store.connection(&slot.id).await?.ok_or(StoreError::Superseded)?;
    parts.gate.faulted(&parts.ask(&connection), parts.clock.boot());
    let wait = wait_ms(parts, connection.track.failures, patience);
    passing(parts, connection, kind, text, wait, planted(Planted::IntentClosed)).await
}

async fn passing(
    parts: &Arc<Parts>,
    connection: Connection,
    kind: FailureKind,
    message: String,
    wait_ms: i64,
    close_intent: bool,
) -> Result<RefreshEnd, StoreError> {
    let now = parts.now();
    let line = (connection.track.failures == 0).then(|| (HistoryKind::RenewalFailed, Some(message.clone())));
    let failed = connection.failed_for_now(Failure { kind, at: now, message }, now.plus(wait_ms));
    parts.store.commit_state(failed.clone(), close_intent, line, now).await?;
    parts.publish(failed);
    Ok(RefreshEnd::Waiting)
}

/// `least · 2^failures`, at most `most`.
fn doubled(failures: u32, (least, most): (i64, i64)) -> i64 {
    least.saturating_mul(1_i64 << failures.min(30)).min(most)
}

fn wait_ms(parts: &Parts, failures: u32, patience: Patience) -> i64 {
    backoff_ms(failures, patience, |bound| parts.entropy.below(bound))
}

/// The keychain did not give the token set. What kept it from being tried is written down once.
pub(super) async fn locked(
    parts: &Arc<Parts>,
    connection: Connection,
    message: String,
) -> Result<RefreshEnd, StoreError> {
    let known = |failure: &Failure| failure.kind == FailureKind::Storage && failure.message == message;
    if !connection.track.last_failure.as_ref().is_some_and(known) {
        let failure = Failure { kind: FailureKind::Storage, at: parts.now(), message };
        let kept = connection.kept_from_trying(failure);
        parts.store.commit_state(kept.clone(), false, None, parts.now()).await?;
        parts.publish(kept);
    }
    Ok(RefreshEnd::Locked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_cap() {
        assert_eq!(doubled(0, CONFIGURATION_MS), 300_000);
        assert_eq!(doubled(3, CONFIGURATION_MS), 2_400_000);
        assert_eq!(doubled(4_000_000, CONFIGURATION_MS), 21_600_000);
    }
}
