//! One refresh, from top to bottom.
//!
//! Single flight per connection, in a task of its own: a caller that hangs up takes nothing with it. The
//! intent is durable before the request leaves, the new set is durable before anybody hears of it, and an
//! attempt whose end is unknown is repeated at once with the same token, never two at a time: where the
//! provider has rotated and grants grace, only a quick repeat keeps the sign-in, and where it has not,
//! repeating costs nothing.

mod outcome;

use std::sync::Arc;

use futures_util::FutureExt as _;
use latchkey_protocol::{AttentionReason, ConfigurationFault, Timestamp};

use crate::clock::Boot;
use crate::connection::{Connection, Standing};
use crate::credential::TokenSet;
use crate::flow::authorization_code::{self, TokenOutcome};
use crate::flow::token_answer::Granted;
use crate::health::Doing;
use crate::live::{Flight, Parts, RefreshEnd, Slot};
use crate::resting::{self, LoadError};
use crate::store::StoreError;
use crate::vault::{KeychainError, VaultError};

/// Waits before an attempt is repeated whose answer was lost on the way, in milliseconds.
const REPLAYS_AFTER_LOSS_MS: [i64; 4] = [200, 2_000, 4_000, 8_000];
/// The same where the provider itself answered with a fault.
const REPLAYS_AFTER_FAULT_MS: [i64; 1] = [500];
/// Waits before a commit is repeated that the disk refused, in milliseconds; the last one for ever.
const COMMIT_RETRIES_MS: [i64; 8] = [50, 100, 200, 400, 800, 1_600, 3_200, 6_400];

/// Wait after the keychain or the database refused, in milliseconds.
const REFUSED_HERE_MS: i64 = 30_000;

/// Who asks for a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The clock. A refused token is left alone.
    Due,
    /// A person, who saw this version of the connection. A refused token is tried once more; one that was
    /// renewed since is left alone.
    Asked {
        /// Its epoch and generation.
        seen: (i64, i64),
    },
}

/// Starts a refresh, or joins the one that is under way.
pub(crate) fn renew(parts: &Arc<Parts>, slot: &Arc<Slot>, why: Why) -> Flight {
    slot.write(|state| {
        if let Some(flight) = &state.flight {
            return flight.clone();
        }
        let task = tokio::spawn(fly(parts.clone(), slot.clone(), why));
        let flight: Flight = async move { task.await.unwrap_or(RefreshEnd::Superseded) }.boxed().shared();
        state.flight = Some(flight.clone());
        flight
    })
}

async fn fly(parts: Arc<Parts>, slot: Arc<Slot>, why: Why) -> RefreshEnd {
    let permit = parts.refreshes.acquire().await;
    let exclusive = slot.exclusive.lock().await;
    slot.write(|state| state.doing = Doing::Refreshing);
    parts.tell(&slot);
    let end = until_definite(&parts, &slot, why).await;
    drop(exclusive);
    drop(permit);
    slot.write(|state| {
        state.flight = None;
        state.doing = match end {
            RefreshEnd::Locked => Doing::Locked,
            RefreshEnd::StorageFault => Doing::StorageFault,
            RefreshEnd::Renewed
            | RefreshEnd::NeedsSignIn
            | RefreshEnd::Misconfigured
            | RefreshEnd::Waiting
            | RefreshEnd::Superseded => Doing::Nothing,
        };
        if state.doing != Doing::Nothing {
            state.rest_until(parts.clock.boot().plus(REFUSED_HERE_MS));
        }
    });
    tracing::info!(connection.id = %slot.id, outcome = ?end, "refresh");
    parts.tell(&slot);
    parts.due_changed.notify_one();
    end
}

/// One attempt.
enum Attempt {
    /// It has a definite end.
    Ended(RefreshEnd),
    /// Nobody knows whether the provider has acted.
    Ambiguous { text: String, by_provider: bool },
}

async fn until_definite(parts: &Arc<Parts>, slot: &Arc<Slot>, why: Why) -> RefreshEnd {
    let mut replays = 0;
    loop {
        let (text, by_provider) = match attempt(parts, slot, why).await {
            Ok(Attempt::Ended(end)) => return end,
            Ok(Attempt::Ambiguous { text, by_provider }) => (text, by_provider),
            Err(StoreError::Superseded) => return RefreshEnd::Superseded,
            Err(error) => {
                tracing::error!(connection.id = %slot.id, %error, "a refresh could not be announced or recorded");
                return RefreshEnd::StorageFault;
            }
        };
        let waits: &[i64] = if by_provider { &REPLAYS_AFTER_FAULT_MS } else { &REPLAYS_AFTER_LOSS_MS };
        match waits.get(replays) {
            Some(wait) => parts.clock.sleep_until(parts.clock.boot().plus(*wait)).await,
            None => return outcome::unanswered(parts, slot, text, by_provider).await,
        }
        replays += 1;
    }
}

async fn attempt(parts: &Arc<Parts>, slot: &Arc<Slot>, why: Why) -> Result<Attempt, StoreError> {
    let connection = parts.store.connection(&slot.id).await?.ok_or(StoreError::Superseded)?;
    match connection.standing {
        Standing::Disconnecting { .. } => return Err(StoreError::Superseded),
        Standing::Attention { .. } if why == Why::Due => return Ok(Attempt::Ended(RefreshEnd::NeedsSignIn)),
        Standing::Good | Standing::Misconfigured { .. } | Standing::Attention { .. } => {}
    }
    if matches!(why, Why::Asked { seen } if seen != connection.version()) {
        return Ok(Attempt::Ended(RefreshEnd::Renewed));
    }
    let Some(provider) = parts.provider_of(&connection) else {
        let fault = ConfigurationFault::ProviderMissing;
        return outcome::misconfigured(parts, connection, fault, None, true).await.map(Attempt::Ended);
    };
    let set = match resting::load(parts, slot, &connection).await {
        Ok(set) => set,
        Err(error) => return unloadable(parts, connection, error).await.map(Attempt::Ended),
    };
    let Some(refresh) = &set.refresh else {
        let reason = AttentionReason::NotRenewable;
        return outcome::needs_sign_in(parts, connection, reason, None).await.map(Attempt::Ended);
    };
    let intent = parts.store.open_intent(&connection, parts.now()).await?;
    let started = (parts.clock.boot(), parts.now());
    let token_url = &provider.file.authorization.token_url;
    let answer = authorization_code::refresh(&parts.http, token_url, &connection.client_id, refresh).await;
    // An earlier attempt without a definite end stays unknown, whatever this one says.
    let first = intent.attempt == 1;
    let end = match answer {
        TokenOutcome::Granted(granted) => save(parts, slot, connection, &set, granted, started).await?,
        TokenOutcome::Rejected { text } => {
            let reason =
                if first { AttentionReason::RevokedOrExpired } else { AttentionReason::LostRotation };
            outcome::needs_sign_in(parts, connection, reason, text).await?
        }
        TokenOutcome::ClientRefused { text } => {
            outcome::misconfigured(parts, connection, ConfigurationFault::ClientRefused, text, first).await?
        }
        TokenOutcome::RequestRefused { text } => {
            outcome::misconfigured(parts, connection, ConfigurationFault::RequestRefused, text, first).await?
        }
        TokenOutcome::Redirected => {
            let fault = ConfigurationFault::EndpointRedirects;
            outcome::misconfigured(parts, connection, fault, None, first).await?
        }
        TokenOutcome::Untrusted { text } => {
            let fault = ConfigurationFault::CertificateUntrusted;
            outcome::misconfigured(parts, connection, fault, Some(text), first).await?
        }
        TokenOutcome::NotSent { text } => outcome::not_sent(parts, connection, text, first).await?,
        TokenOutcome::Throttled { wait_ms } => outcome::throttled(parts, connection, wait_ms, first).await?,
        TokenOutcome::Ambiguous { text, by_provider } => return Ok(Attempt::Ambiguous { text, by_provider }),
    };
    Ok(Attempt::Ended(end))
}

/// The token set cannot be read. A locked keychain is no reason to sign in again; a lost item is.
async fn unloadable(
    parts: &Arc<Parts>,
    connection: Connection,
    error: LoadError,
) -> Result<RefreshEnd, StoreError> {
    match error {
        LoadError::Store(error) => Err(error),
        LoadError::Vault(VaultError::Keychain(
            KeychainError::Locked
            | KeychainError::Absent(_)
            | KeychainError::Slow
            | KeychainError::Refused(_)
            | KeychainError::TooLarge,
        )) => Ok(RefreshEnd::Locked),
        LoadError::Vault(VaultError::KeyMissing | VaultError::ItemMissing | VaultError::Damaged(_)) => {
            outcome::needs_sign_in(parts, connection, AttentionReason::Unreadable, None).await
        }
    }
}

/// Saves what the provider granted as the next generation, then publishes it, then lets it settle.
async fn save(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    connection: Connection,
    old: &TokenSet,
    granted: Granted,
    (started_boot, started_wall): (Boot, Timestamp),
) -> Result<RefreshEnd, StoreError> {
    let scopes = granted.scopes.clone();
    let set = next_set(old, granted, started_wall);
    let Ok(renewed) = connection.clone().renewed(&set, scopes) else {
        return outcome::late(parts, slot, &set).await;
    };
    // The installation key is in memory: the set before this one was opened or sealed with it.
    let Ok(envelope) = resting::seal(parts, &renewed, &set).await else {
        return Ok(RefreshEnd::Locked);
    };
    let mut tries = 0;
    loop {
        let saved = outcome::commit_renewal(parts, &renewed, envelope.clone()).await;
        match saved {
            Ok(()) => break,
            Err(StoreError::Superseded) => return outcome::late(parts, slot, &set).await,
            Err(error) => {
                tracing::error!(connection.id = %slot.id, %error, "a renewed sign-in is not saved yet");
                slot.write(|state| state.doing = Doing::StorageFault);
                parts.tell(slot);
            }
        }
        let wait = COMMIT_RETRIES_MS.get(tries).or(COMMIT_RETRIES_MS.last()).copied().unwrap_or(6_400);
        tries += 1;
        parts.clock.sleep_until(parts.clock.boot().plus(wait)).await;
    }
    let slot = parts.publish_set(renewed, set, started_boot);
    resting::settle_in_background(parts, &slot);
    Ok(RefreshEnd::Renewed)
}

/// A new refresh token replaces the old one; where none came back the old one stands (RFC 6749 6).
fn next_set(old: &TokenSet, granted: Granted, started: Timestamp) -> TokenSet {
    TokenSet {
        access: granted.access,
        refresh: granted.refresh.or_else(|| old.refresh.clone()),
        bearer: granted.bearer,
        obtained_at: started,
        expires_at: granted.life_s.map(|life| started.plus(life.saturating_mul(1000))),
    }
}
