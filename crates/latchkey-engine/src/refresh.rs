//! One refresh, from top to bottom.
//!
//! Single flight per connection, in a task of its own: a caller that hangs up takes nothing with it. The
//! connection's lock keeps other processes out, and under it the truth is read anew. The intent is durable
//! before the request leaves, the new set is durable before anybody hears of it, and an attempt whose end is
//! unknown is repeated at once with the same token, never two at a time: where the provider has rotated and
//! grants grace, only a quick repeat keeps the sign-in, and where it has not, repeating costs nothing.

mod guard;
mod outcome;
mod save;
mod stranger;
mod turn;

use std::sync::{Arc, OnceLock};

use futures_util::FutureExt as _;
use latchkey_protocol::{AttentionReason, ConfigurationFault};

use crate::clients;
use crate::clock::Boot;
use crate::connection::{Connection, Standing};
use crate::edges::Rotation;
use crate::flow;
use crate::flow::authorization_code::TokenOutcome;
use crate::flow::dialect::Dialect;
use crate::health::Doing;
use crate::live::{Flight, Parts, RefreshEnd, Slot};
use crate::pacing::Need;
use crate::planted::{Planted, planted};
use crate::resting::{self, LoadError};
use crate::store::{Intent, StoreError};
use crate::vault::VaultError;

pub(crate) use turn::remember_rate_limit;

/// Waits before an attempt is repeated whose answer was lost on the way, in milliseconds.
const REPLAYS_AFTER_LOSS_MS: [i64; 4] = [200, 2_000, 4_000, 8_000];
/// The same where the provider itself answered with a fault.
const REPLAYS_AFTER_FAULT_MS: [i64; 1] = [500];

/// Wait after the keychain or the database refused, in milliseconds.
const REFUSED_HERE_MS: i64 = 30_000;

/// Who asks for a refresh, and which version of the connection they saw: one that was renewed since is left
/// alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The clock. A refused token is left alone.
    Due {
        /// Epoch and generation.
        seen: (i64, i64),
    },
    /// The process before this one, which left an attempt without a definite end. A refused token is left alone.
    Unanswered {
        /// Epoch and generation.
        seen: (i64, i64),
    },
    /// A caller that needs access. A refused token is left alone.
    Needed {
        /// Epoch and generation.
        seen: (i64, i64),
    },
    /// A person. A refused token is tried once more.
    Asked {
        /// Epoch and generation.
        seen: (i64, i64),
    },
}

impl Why {
    fn seen(self) -> (i64, i64) {
        match self {
            Self::Due { seen } | Self::Unanswered { seen } | Self::Needed { seen } | Self::Asked { seen } => {
                seen
            }
        }
    }

    fn tries_a_refused_token(self) -> bool {
        match self {
            Self::Asked { .. } => true,
            Self::Due { .. } | Self::Unanswered { .. } | Self::Needed { .. } => {
                planted(Planted::RefusedAgain)
            }
        }
    }
}

/// Starts a refresh because the clock says so.
pub(crate) fn renew_due(parts: &Arc<Parts>, slot: &Arc<Slot>) {
    // Joined by whoever needs the result; the clock only starts it.
    drop(renew(parts, slot, Why::Due { seen: slot.connection().version() }));
}

/// Starts a refresh because the process before this one left an attempt without a definite end.
pub(crate) fn renew_unanswered(parts: &Arc<Parts>, slot: &Arc<Slot>) {
    drop(renew(parts, slot, Why::Unanswered { seen: slot.connection().version() }));
}

/// Starts a refresh, or joins the one that is under way.
pub(crate) fn renew(parts: &Arc<Parts>, slot: &Arc<Slot>, why: Why) -> Flight {
    slot.write(|state| {
        if let Some(flight) = state.flight.as_ref().filter(|_| !alone(why)) {
            parts.gate.raise(&slot.id, awaited(why));
            return flight.clone();
        }
        if parts.tasks.are_closed() {
            return std::future::ready(RefreshEnd::Held).boxed().shared();
        }
        let work = fly(parts.clone(), slot.clone(), why);
        let flight: Flight = if planted(Planted::InCallersFuture) {
            work.boxed().shared()
        } else {
            let task = parts.tasks.run(work);
            async move { task.await.unwrap_or(RefreshEnd::Superseded) }.boxed().shared()
        };
        state.flight = Some(flight.clone());
        flight
    })
}

/// Whether a caller starts a flight of its own, as a planted bug has it.
fn alone(why: Why) -> bool {
    planted(Planted::NoSingleFlight) && matches!(why, Why::Needed { .. })
}

/// How much somebody needs a refresh who joins one.
fn awaited(why: Why) -> Need {
    match why {
        Why::Asked { .. } => Need::Asked,
        Why::Needed { .. } => Need::Awaited,
        Why::Unanswered { .. } | Why::Due { .. } => Need::AccessEnds(Boot(i64::MAX)),
    }
}

async fn fly(parts: Arc<Parts>, slot: Arc<Slot>, why: Why) -> RefreshEnd {
    let landing = Landing { parts: &parts, slot: &slot };
    stranger::look_up_keys(&parts, &slot);
    let lane = parts.gate.lane(&slot.id, turn::host(&parts, &slot), turn::need(&parts, &slot, why)).await;
    let exclusive = if alone(why) { None } else { Some(slot.exclusive.lock().await) };
    let need = lane.need().unwrap_or_else(|| turn::need(&parts, &slot, why));
    let end = match parts.gate.admit(parts.ask(&slot.connection()), need, parts.clock.boot()) {
        // Nothing has left: the next start does it.
        Ok(_) if parts.tasks.are_closed() => RefreshEnd::Held,
        Ok(_pass) => {
            slot.write(|state| state.doing = Doing::Refreshing);
            parts.tell(&slot);
            guarded(&parts, &slot, why).await
        }
        Err(held) => turn::held(&parts, &slot, held).await,
    };
    drop(exclusive);
    drop(lane);
    landing.land(end);
    tracing::info!(connection.id = %slot.id, outcome = ?end, "refresh");
    end
}

/// The end of a flight, also of one that panics: the next one may start.
struct Landing<'f> {
    parts: &'f Parts,
    slot: &'f Slot,
}

impl Landing<'_> {
    fn land(&self, end: RefreshEnd) {
        let boot = self.parts.clock.boot();
        self.slot.write(|state| {
            state.doing = match end {
                RefreshEnd::Locked => Doing::Locked,
                RefreshEnd::StorageFault => Doing::StorageFault,
                RefreshEnd::Renewed
                | RefreshEnd::NeedsSignIn
                | RefreshEnd::Misconfigured
                | RefreshEnd::Waiting
                | RefreshEnd::Held
                | RefreshEnd::Busy
                | RefreshEnd::Superseded => Doing::Nothing,
            };
            if matches!(end, RefreshEnd::Locked | RefreshEnd::StorageFault | RefreshEnd::Busy) {
                state.rest_until(boot.plus(REFUSED_HERE_MS));
            }
        });
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if !planted(Planted::FlightStays) {
            self.slot.write(|state| state.flight = None);
        }
        self.parts.tell(self.slot);
        self.parts.due_changed.notify_one();
    }
}

/// The refresh under the connection's lock.
async fn guarded(parts: &Arc<Parts>, slot: &Arc<Slot>, why: Why) -> RefreshEnd {
    let mut rotation = match guard::take(parts, slot).await {
        Ok(Some(rotation)) => rotation,
        Ok(None) => return RefreshEnd::Busy,
        Err(error) => {
            tracing::error!(connection.id = %slot.id, %error, "the lock of a sign-in cannot be taken");
            return RefreshEnd::StorageFault;
        }
    };
    match until_definite(parts, slot, why, &mut rotation).await {
        Ok(end) => end,
        Err(StoreError::Superseded) => {
            // Somebody else has written a newer truth.
            drop(guard::reload(parts, slot).await);
            RefreshEnd::Superseded
        }
        Err(error) => {
            tracing::error!(connection.id = %slot.id, %error, "a refresh could not be announced or recorded");
            RefreshEnd::StorageFault
        }
    }
}

/// One attempt.
enum Attempt {
    /// It has a definite end.
    Ended(RefreshEnd),
    /// Nobody knows whether the provider has acted.
    Ambiguous { text: String, by_provider: bool },
}

async fn until_definite(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    why: Why,
    rotation: &mut Box<dyn Rotation>,
) -> Result<RefreshEnd, StoreError> {
    let mut repeats = 0;
    loop {
        let (text, by_provider) = match attempt(parts, slot, why, rotation).await? {
            Attempt::Ended(end) => return Ok(end),
            Attempt::Ambiguous { text, by_provider } => (text, by_provider),
        };
        let waits: &[i64] = if by_provider { &REPLAYS_AFTER_FAULT_MS } else { &REPLAYS_AFTER_LOSS_MS };
        match waits.get(repeats).filter(|_| !planted(Planted::NoRepeat)) {
            Some(wait) => {
                let wait = if planted(Planted::LateRepeat) { 60_000 } else { *wait };
                parts.clock.sleep_until(parts.clock.boot().plus(wait)).await;
            }
            None => return outcome::unanswered(parts, slot, text, by_provider, why).await,
        }
        repeats += 1;
    }
}

async fn attempt(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    why: Why,
    rotation: &mut Box<dyn Rotation>,
) -> Result<Attempt, StoreError> {
    let connection = guard::reload(parts, slot).await?;
    match connection.standing {
        Standing::Disconnecting { .. } => return Err(StoreError::Superseded),
        // A person who asks cannot know whose sign-in would come back.
        Standing::Attention { reason: AttentionReason::IdentityChanged, .. } => {
            return Ok(Attempt::Ended(RefreshEnd::NeedsSignIn));
        }
        Standing::Attention { .. } if !why.tries_a_refused_token() => {
            return Ok(Attempt::Ended(RefreshEnd::NeedsSignIn));
        }
        Standing::Good | Standing::Misconfigured { .. } | Standing::Attention { .. } => {}
    }
    if why.seen() != connection.version() && !planted(Planted::NoReload) && !alone(why) {
        return Ok(Attempt::Ended(RefreshEnd::Renewed));
    }
    let set = match resting::load(parts, slot, &connection).await {
        Ok(set) => set,
        Err(error) => return unloadable(parts, connection, error).await.map(Attempt::Ended),
    };
    if let Some(end) = guard::adopt_spilled(parts, slot, &connection, &set, rotation).await? {
        return Ok(Attempt::Ended(end));
    }
    let Some(provider) = parts.provider_of(&connection) else {
        let fault = ConfigurationFault::ProviderMissing;
        return outcome::misconfigured(parts, connection, fault, None, true).await.map(Attempt::Ended);
    };
    let Some(refresh) = &set.refresh else {
        let reason = AttentionReason::NotRenewable;
        return outcome::needs_sign_in(parts, connection, reason, None).await.map(Attempt::Ended);
    };
    let client = match clients::of(parts, &provider, &connection).await {
        Ok(client) => client,
        Err(error) => return no_client(parts, connection, error).await.map(Attempt::Ended),
    };
    let intent = announce(parts, &connection).await?;
    let started = (parts.clock.boot(), parts.now());
    let token_url = &provider.file.token.url;
    let dialect = Dialect::new(&provider, &client, started.1).held_by(parts.holder(set.key.as_ref()));
    let date = OnceLock::new();
    let asking = flow::renew(&parts.http, &dialect, &connection, refresh, &date);
    let answer = guard::answered(parts, asking).await;
    parts.learn_time(token_url, date.get().copied(), started.0).await;
    if answer.is_answer() {
        parts.gate.answered(token_url);
    }
    if let TokenOutcome::Granted(granted) = answer {
        let strange = stranger::is_strange(parts, &provider, &connection, &set, &granted);
        let fresh = save::Fresh { granted, started, strange };
        return save::save(parts, slot, connection, &set, fresh, rotation).await.map(Attempt::Ended);
    }
    let first = intent.attempt == 1 || !provider.spends_refresh_tokens();
    refused(parts, connection, mistaken(answer), first).await
}

/// What the mistakes of other programs make of an answer that ends nothing.
fn mistaken(answer: TokenOutcome) -> TokenOutcome {
    let ends = match &answer {
        TokenOutcome::ClientRefused { .. } => planted(Planted::ClientRefusedEnds),
        TokenOutcome::NotSent { .. } => planted(Planted::OfflineEnds),
        TokenOutcome::Throttled { .. } => planted(Planted::ThrottleEnds),
        TokenOutcome::Ambiguous { text, by_provider: true } if text.contains("JSON") => {
            planted(Planted::PageEnds)
        }
        TokenOutcome::Ambiguous { by_provider, .. } => *by_provider && planted(Planted::FaultEnds),
        TokenOutcome::Granted(_)
        | TokenOutcome::Rejected { .. }
        | TokenOutcome::RequestRefused { .. }
        | TokenOutcome::Redirected
        | TokenOutcome::Failing { .. }
        | TokenOutcome::ProxyRefused
        | TokenOutcome::Untrusted { .. } => false,
    };
    if ends { TokenOutcome::Rejected { text: None } } else { answer }
}

/// "This refresh token is about to be spent", durable.
async fn announce(parts: &Parts, connection: &Connection) -> Result<Intent, StoreError> {
    if planted(Planted::NoIntent) {
        return Ok(Intent { attempt: 1 });
    }
    parts.store.open_intent(connection, parts.now()).await
}

/// Everything a token endpoint may answer that is no token.
async fn refused(
    parts: &Arc<Parts>,
    connection: Connection,
    answer: TokenOutcome,
    // An earlier attempt without a definite end stays unknown, whatever this one says.
    first: bool,
) -> Result<Attempt, StoreError> {
    let end = match answer {
        TokenOutcome::Granted(_) => RefreshEnd::Superseded,
        TokenOutcome::Rejected { text } => {
            let lost = !first && !planted(Planted::AmbiguityForgotten);
            let reason = if lost { AttentionReason::LostRotation } else { AttentionReason::RevokedOrExpired };
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
        TokenOutcome::ProxyRefused => {
            let fault = ConfigurationFault::ProxyCredentials;
            outcome::misconfigured(parts, connection, fault, None, first).await?
        }
        TokenOutcome::NotSent { text } => outcome::not_sent(parts, connection, text, first).await?,
        TokenOutcome::Failing { text } => outcome::failing(parts, connection, text, first).await?,
        TokenOutcome::Throttled { retry_after } => {
            outcome::throttled(parts, connection, retry_after, first).await?
        }
        TokenOutcome::Ambiguous { text, by_provider } => return Ok(Attempt::Ambiguous { text, by_provider }),
    };
    Ok(Attempt::Ended(end))
}

/// The client secret cannot be read. The grant is untouched: a secret can be typed in anew.
async fn no_client(
    parts: &Arc<Parts>,
    connection: Connection,
    error: LoadError,
) -> Result<RefreshEnd, StoreError> {
    let text = error.to_string();
    match error {
        LoadError::Store(error) => Err(error),
        LoadError::Vault(error) if error.may_pass() => outcome::locked(parts, connection, text).await,
        LoadError::Vault(_) => {
            let fault = ConfigurationFault::ClientIdMissing;
            outcome::misconfigured(parts, connection, fault, Some(text), true).await
        }
    }
}

/// The token set cannot be read. A locked keychain is no reason to sign in again; a lost item is.
async fn unloadable(
    parts: &Arc<Parts>,
    connection: Connection,
    error: LoadError,
) -> Result<RefreshEnd, StoreError> {
    let message = error.to_string();
    match error {
        LoadError::Store(error) => Err(error),
        LoadError::Vault(VaultError::Keychain(_) | VaultError::PassphraseNeeded | VaultError::KeyFile(_))
            if !planted(Planted::LockedEnds) =>
        {
            outcome::locked(parts, connection, message).await
        }
        LoadError::Vault(
            VaultError::KeyMissing
            | VaultError::ItemMissing
            | VaultError::Damaged(_)
            | VaultError::Keychain(_)
            | VaultError::PassphraseNeeded
            | VaultError::KeyFile(_),
        ) => outcome::needs_sign_in(parts, connection, AttentionReason::Unreadable, None).await,
    }
}
