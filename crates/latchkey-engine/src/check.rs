//! "Check": renew if due, ask the provider who this is, and say what came of it.

mod validation;

use std::sync::Arc;

use latchkey_protocol::{
    AttentionReason, ConfigurationFault, ConnectionId, ConnectionView, Problem, ProblemCode, Timestamp,
};

use crate::connection::{Connection, Standing, Superseded};
use crate::credential::TokenSet;
use crate::identity::{self, IdentityError};
use crate::live::{Parts, RefreshEnd, Slot};
use crate::refresh::{self, Why};
use crate::resting::{self, LoadError};
use crate::store::StoreError;
use crate::vault::VaultError;

pub(crate) use validation::look as look_at_validity;

/// Milliseconds of life that access should have left when the provider is asked.
const LEAST_LIFE_MS: i64 = 30_000;
/// How long a provider whose API refuses its own tokens is left alone, in milliseconds.
const REFUSED_WAIT_MS: i64 = 900_000;

/// Checks one connection. A person asks, so waits after failures do not count and a refused token is tried
/// once more.
pub(crate) async fn check(parts: &Arc<Parts>, id: &ConnectionId) -> Result<ConnectionView, Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let seen = slot.connection().version();
    if renews_itself(parts, &slot) {
        // What a list answers to a dead token is a shorter list: only the renewal says whether it lives.
        refresh::renew(parts, &slot, Why::Asked { seen }).await;
        let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
        return Ok(parts.view_of(&slot));
    }
    if worth_renewing(parts, &slot) {
        let end = refresh::renew(parts, &slot, Why::Asked { seen }).await;
        // Perhaps a planned one was joined, which is held back where a person is not.
        if end == RefreshEnd::Held {
            refresh::renew(parts, &slot, Why::Asked { seen }).await;
        }
    }
    match slot.connection().standing {
        Standing::Good => confirm(parts, &slot, true).await?,
        Standing::Misconfigured { fault: ConfigurationFault::TokensRefused, .. } => {
            confirm(parts, &slot, worth_a_new_token(parts, &slot)).await?;
        }
        Standing::Attention { .. } | Standing::Misconfigured { .. } | Standing::Disconnecting { .. } => {}
    }
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    Ok(parts.view_of(&slot))
}

/// Whether access is renewed by itself, with nothing beside it.
fn renews_itself(parts: &Parts, slot: &Slot) -> bool {
    let connection = slot.connection();
    let leaves = matches!(connection.standing, Standing::Disconnecting { .. });
    connection.access.renewable && !leaves && parts.address_of(&connection).is_some()
}

/// Whether a person who asks has access renewed.
pub(crate) fn worth_renewing(parts: &Parts, slot: &Slot) -> bool {
    let connection = slot.connection();
    match connection.standing {
        Standing::Disconnecting { .. } => false,
        Standing::Attention { .. } => true,
        Standing::Misconfigured { .. } if !connection.access_is_refused() => true,
        Standing::Good | Standing::Misconfigured { .. } => {
            let short = slot.read(|state| {
                let boot = parts.clock.boot();
                let due = state.due().is_some_and(|due| due <= boot);
                due || state.life_left(boot).is_some_and(|left| left < LEAST_LIFE_MS)
            });
            let failed = connection.track.last_failure.is_some() && !connection.access_is_refused();
            connection.access.renewable && (short || failed)
        }
    }
}

/// Where the API refused a fresh token a moment ago, another one tells nothing new: renewing in a circle is
/// what providers punish.
fn worth_a_new_token(parts: &Parts, slot: &Slot) -> bool {
    let obtained_at = slot.connection().access.obtained_at;
    parts.now().0.saturating_sub(obtained_at.0) >= REFUSED_WAIT_MS
}

/// Renews a connection whose access the API refuses, and then asks the API, once: a renewal alone proves
/// nothing of it.
pub(crate) fn look_again_in_background(parts: &Arc<Parts>, slot: &Arc<Slot>) {
    let flight = refresh::renew(parts, slot, Why::Due { seen: slot.connection().version() });
    let (parts, slot) = (parts.clone(), slot.clone());
    parts.clone().tasks.spawn(async move {
        if flight.await == RefreshEnd::Renewed
            && let Err(problem) = confirm(&parts, &slot, false).await
        {
            tracing::info!(connection.id = %slot.id, code = ?problem.code, "access is still not confirmed");
        }
    });
}

/// Asks who this is. Where `renew_once`, a refused access token is renewed once; refused again, the
/// provider's API and its token endpoint contradict each other.
async fn confirm(parts: &Arc<Parts>, slot: &Arc<Slot>, renew_once: bool) -> Result<(), Problem> {
    for again in [false, true] {
        let asked = slot.connection();
        let Some(set) = at_hand(parts, slot, &asked).await? else {
            return Ok(());
        };
        let Some(provider) = parts.provider_of(&asked) else {
            return Ok(());
        };
        if let Some(until) = parts.api_waits_until(&asked) {
            return Err(waiting(parts, &asked, until));
        }
        // A kind of token that must not be used (RFC 6749 7.1) is refused here; the next may be of another.
        let last = again || (set.usable && !renew_once);
        let answer = if set.usable {
            identity::confirm(&parts.http, &provider, &asked, parts.shown(&set)).await
        } else {
            Err(IdentityError::Refused)
        };
        match answer {
            Ok(account) if account.key == asked.account.key => {
                return keep(parts, slot, &asked, |known| known.confirmed(parts.now(), account)).await;
            }
            Ok(account) => return Err(another_account(parts, &asked, &account.name)),
            Err(IdentityError::Refused) if !asked.access.renewable => {
                let reason = AttentionReason::NotRenewable;
                return keep(parts, slot, &asked, |known| known.needs_sign_in(reason, parts.now(), None))
                    .await;
            }
            Err(IdentityError::Refused) if last => {
                let (fault, next) = (ConfigurationFault::TokensRefused, parts.now().plus(REFUSED_WAIT_MS));
                let faulty = |known: Connection| known.misconfigured(fault, parts.now(), None, next);
                return keep(parts, slot, &asked, faulty).await;
            }
            Err(IdentityError::Refused) => {
                let why = Why::Asked { seen: asked.version() };
                if refresh::renew(parts, slot, why).await != RefreshEnd::Renewed {
                    return Ok(());
                }
            }
            Err(IdentityError::Throttled(wait_ms)) => {
                let until = parts.leave_api_alone(slot, &provider, wait_ms).await;
                return Err(waiting(parts, &asked, until));
            }
            Err(error) => return Err(not_confirmed(parts, &asked, &error)),
        }
    }
    Ok(())
}

/// The token set to ask with. None where access has ended, or is lost from this computer: the health says why.
async fn at_hand(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    connection: &Connection,
) -> Result<Option<Arc<TokenSet>>, Problem> {
    if !slot.read(|state| state.access_alive(parts.clock.boot())) {
        return Ok(None);
    }
    match resting::load(parts, slot, connection).await {
        Ok(set) => Ok(Some(set)),
        Err(LoadError::Vault(
            error @ (VaultError::Keychain(_) | VaultError::PassphraseNeeded | VaultError::KeyFile(_)),
        )) => Err(Problem::from(error).about(&connection.id)),
        Err(
            LoadError::Vault(VaultError::KeyMissing | VaultError::ItemMissing | VaultError::Damaged(_))
            | LoadError::Store(StoreError::Superseded),
        ) => {
            // A refresh meets the same and writes it down.
            refresh::renew(parts, slot, Why::Asked { seen: connection.version() }).await;
            Ok(None)
        }
        Err(LoadError::Store(error)) => Err(error.into()),
    }
}

/// Writes down what was learnt by asking with the token set of `asked`. Whoever has changed the connection
/// meanwhile, or is about to, knows something newer.
async fn keep(
    parts: &Arc<Parts>,
    slot: &Slot,
    asked: &Connection,
    change: impl FnOnce(Connection) -> Result<Connection, Superseded>,
) -> Result<(), Problem> {
    let Ok(_exclusive) = slot.exclusive.try_lock() else { return Ok(()) };
    let known = slot.connection();
    if (known.version(), &known.standing) != (asked.version(), &asked.standing) {
        return Ok(());
    }
    let Ok(changed) = change(known) else { return Ok(()) };
    match parts.store.commit_state(changed.clone(), false, None, parts.now()).await {
        Ok(()) => {
            parts.publish(changed);
            Ok(())
        }
        Err(StoreError::Superseded) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn another_account(parts: &Parts, connection: &Connection, found: &str) -> Problem {
    let message = format!(
        "{} says that {}'s sign-in belongs to {found}.",
        connection.provider_name,
        parts.called(connection)
    );
    Problem::new(ProblemCode::SignInNeeded, message).about(&connection.id).hint("Reconnect it.")
}

fn waiting(parts: &Parts, connection: &Connection, until: Timestamp) -> Problem {
    let wait_ms = until.0.saturating_sub(parts.now().0).max(0);
    let message = format!(
        "{} · {}: {} asks to be left alone for {} minutes.",
        connection.provider_name,
        parts.called(connection),
        connection.provider_name,
        (wait_ms + 59_999) / 60_000
    );
    let problem = Problem::new(ProblemCode::Temporary, message).about(&connection.id);
    problem.hint("The sign-in is kept, and nothing is asked before that.")
}

fn not_confirmed(parts: &Parts, connection: &Connection, error: &IdentityError) -> Problem {
    let message = format!(
        "{} · {}: the sign-in could not be confirmed, {error}.",
        connection.provider_name,
        parts.called(connection)
    );
    let hint = "The sign-in is kept. Try again in a while.";
    Problem::new(ProblemCode::Temporary, message).about(&connection.id).hint(hint)
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
