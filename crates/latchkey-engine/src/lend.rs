//! Lending: an access token with enough life, renewed first where it has less.

use std::sync::Arc;

use latchkey_oidc::DpopKey;
use latchkey_protocol::{ConnectionId, FailureKind, Problem, ProblemCode, Timestamp};
use secrecy::SecretString;

use crate::connection::{Connection, Standing};
use crate::credential::TokenSet;
use crate::live::{Parts, Slot, SlotState};
use crate::planted::{Planted, planted};
use crate::refresh::{self, Why};
use crate::resting::{self, LoadError};
use crate::store::StoreError;
use crate::vault::VaultError;

/// The longest a caller waits for a renewal, in milliseconds.
const PATIENCE_MS: i64 = 45_000;
/// What is left of a life is never asked to be more than the whole life less this, in milliseconds (R114).
const MARGIN_MS: i64 = 60_000;
/// After a failure callers try again at the latest after this, in milliseconds, whatever the background does.
const CALLERS_WAIT_MS: i64 = 30_000;

/// An access token on loan. It goes to the caller and nowhere else.
#[derive(Debug, Clone)]
pub struct LentToken {
    /// The token.
    pub token: SecretString,
    /// When it runs out; absent where the provider does not say.
    pub expires_at: Option<Timestamp>,
    /// The scopes it has.
    pub scopes: Arc<[String]>,
    /// Whether it is bound to a key that stays in the engine (RFC 9449): alone it opens nothing.
    pub bound: bool,
    /// Whether it would survive the process: false while the disk refuses to take it.
    pub saved: bool,
    /// The key, for calls of the engine.
    pub(crate) key: Option<Arc<DpopKey>>,
    /// Epoch and generation of the connection whose token it is.
    pub(crate) version: (i64, i64),
}

/// Lends the access token of a connection with at least `min_life_ms` of life where that can be had, and
/// otherwise whatever still lives.
pub(crate) async fn lend(
    parts: &Arc<Parts>,
    id: &ConnectionId,
    min_life_ms: i64,
) -> Result<LentToken, Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    match held(parts, &slot, min_life_ms) {
        Some(token) => Ok(token),
        // Boxed: its room would have to be moved about by those who do not need it.
        None => Box::pin(fetched(parts, &slot, min_life_ms)).await,
    }
}

/// The token if memory holds it with enough life. Most calls end here: nothing is waited for, and nothing is
/// copied but what is lent.
fn held(parts: &Parts, slot: &Slot, min_life_ms: i64) -> Option<LentToken> {
    let boot = parts.clock.boot();
    slot.read(|state| {
        let stands = match state.connection.standing {
            Standing::Good | Standing::Misconfigured { .. } => state.unsaved.is_none(),
            Standing::Attention { .. } | Standing::Disconnecting { .. } => false,
        };
        let enough = enough(state, min_life_ms);
        let lives = state.life_left(boot).is_none_or(|left| left >= enough);
        let set = state.tokens.as_ref()?;
        let held = stands && lives && !planted(Planted::LifeOnWallClock);
        held.then(|| lent(set, state.connection.version(), state.scopes.clone(), true)).flatten()
    })
}

/// The token from rest, or a renewed one.
async fn fetched(parts: &Arc<Parts>, slot: &Arc<Slot>, min_life_ms: i64) -> Result<LentToken, Problem> {
    let deadline = parts.clock.boot().plus(PATIENCE_MS);
    let mut renewed = false;
    loop {
        let changed = slot.changed.notified();
        // Read before the token is looked at: one that is renewed meanwhile must not be renewed again.
        let (seen, enough) = slot.read(|state| (state.connection.version(), enough(state, min_life_ms)));
        if let Some(token) = at_hand(parts, slot, enough).await? {
            return Ok(token);
        }
        if renewed || !may_ask(parts, slot) || parts.clock.boot() >= deadline {
            break;
        }
        let flight = refresh::renew(parts, slot, Why::Needed { seen });
        tokio::select! {
            biased;
            _ = flight => renewed = true,
            () = changed => {}
            () = parts.clock.sleep_until(deadline) => {}
        }
    }
    let alive = at_hand(parts, slot, 1).await?;
    alive.ok_or_else(|| nothing_to_lend(parts, &slot.connection()))
}

fn enough(state: &SlotState, min_life_ms: i64) -> i64 {
    if planted(Planted::DeadLent) {
        return i64::MIN;
    }
    if planted(Planted::RenewedEachCall) {
        return i64::MAX;
    }
    let access = &state.connection.access;
    let whole = access.expires_at.map_or(i64::MAX, |at| at.0.saturating_sub(access.obtained_at.0));
    min_life_ms.min(whole.saturating_sub(MARGIN_MS)).max(1)
}

/// The token if it has `enough` milliseconds of life.
async fn at_hand(parts: &Parts, slot: &Slot, enough: i64) -> Result<Option<LentToken>, Problem> {
    let boot = parts.clock.boot();
    let connection = slot.connection();
    match connection.standing {
        Standing::Good | Standing::Misconfigured { .. } => {}
        Standing::Attention { .. } | Standing::Disconnecting { .. } => {
            return Err(nothing_to_lend(parts, &connection));
        }
    }
    if let Some(set) = slot.read(|state| state.unsaved_for(boot, enough)) {
        let (version, scopes) = (connection.version(), connection.grant.granted.into());
        return Ok(lent(&set, version, scopes, planted(Planted::UnsavedUnmarked)));
    }
    let mut left = slot.read(|state| state.life_left(boot));
    if planted(Planted::LifeOnWallClock) {
        left = connection.access.expires_at.map(|at| at.0.saturating_sub(parts.now().0));
    }
    if left.is_some_and(|left| left < enough) {
        return Ok(None);
    }
    let loaded = resting::load(parts, slot, &connection).await;
    // The keychain may have taken its time.
    let left = left.map(|left| left.saturating_sub(parts.clock.boot().0.saturating_sub(boot.0)));
    match loaded {
        Ok(_) if left.is_some_and(|left| left < enough) && !planted(Planted::DeadLent) => Ok(None),
        Ok(set) => Ok(lent(&set, connection.version(), connection.grant.granted.into(), true)),
        // Another process has renewed it, or it is lost; a refresh finds out which and writes it down.
        Err(
            LoadError::Vault(VaultError::ItemMissing | VaultError::Damaged(_))
            | LoadError::Store(StoreError::Superseded),
        ) => Ok(None),
        Err(LoadError::Vault(error)) => Err(Problem::from(error).about(&connection.id)),
        Err(LoadError::Store(error)) => Err(error.into()),
    }
}

fn lent(set: &TokenSet, version: (i64, i64), scopes: Arc<[String]>, saved: bool) -> Option<LentToken> {
    set.usable.then(|| LentToken {
        token: set.access.clone(),
        expires_at: set.expires_at,
        scopes,
        bound: set.key.is_some(),
        saved,
        key: set.key.clone(),
        version,
    })
}

/// Whether a caller may have the provider asked at this moment: a provider's request to wait holds for
/// everybody, the patience of the background for the background alone.
fn may_ask(parts: &Parts, slot: &Slot) -> bool {
    let (boot, now) = (parts.clock.boot(), parts.now());
    slot.read(|state| {
        let Some(until) = state.next_try().filter(|until| *until > boot) else { return true };
        match &state.connection.track.last_failure {
            Some(failure) if failure.kind != FailureKind::RateLimit => {
                let waited = now.0.saturating_sub(failure.at.0);
                waited >= CALLERS_WAIT_MS.min(until.0.saturating_sub(boot.0).saturating_add(waited))
            }
            Some(_) | None => false,
        }
    })
}

fn nothing_to_lend(parts: &Parts, connection: &Connection) -> Problem {
    let (provider, account) = (&connection.provider_name, parts.called(connection));
    let problem = match &connection.standing {
        Standing::Attention { .. } | Standing::Disconnecting { .. } => {
            let message = format!("{provider} · {account} must be signed in again.");
            Problem::new(ProblemCode::SignInNeeded, message).hint("Reconnect it in Latchkey.")
        }
        Standing::Misconfigured { .. } => {
            let message = format!("{provider} · {account} cannot be renewed: a setting is wrong.");
            Problem::new(ProblemCode::Misconfigured, message).hint("Its card in Latchkey says which.")
        }
        Standing::Good => {
            let message = format!("{provider} · {account} has no valid access at the moment.");
            Problem::new(ProblemCode::Temporary, message).hint("The sign-in is kept. Try again in a while.")
        }
    };
    problem.about(&connection.id)
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
