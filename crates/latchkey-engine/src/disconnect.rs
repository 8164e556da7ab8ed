//! Disconnecting: forget here, revoke there, and say which of the two happened.
//!
//! The keychain item goes first. What must be told to the provider waits sealed in the database, for this
//! purpose only, until the provider has answered or a week is over.

use std::sync::Arc;

use latchkey_protocol::{
    AttentionReason, ConnectionId, EventBody, FailureKind, HistoryKind, Problem, ProblemCode, Revocation,
};

use crate::clients;
use crate::connection::{Connection, Failure, Standing};
use crate::credential::{RegisteredClient, TokenSet};
use crate::flow::revocation::{self, RevocationOutcome};
use crate::live::{Parts, Slot};
use crate::provider::Provider;
use crate::resting::{self, LoadError};
use crate::store::StoreError;
use crate::vault::VaultError;
use crate::view;

/// How long a provider that does not answer is asked again, in milliseconds: a week.
const GIVE_UP_MS: i64 = 7 * 86_400_000;
/// Waits between attempts, in milliseconds: from ten seconds to an hour.
const WAIT_MS: (i64, i64) = (10_000, 3_600_000);

/// The person pressed Disconnect. Returns when it is written down; the end comes as an event.
pub(crate) async fn disconnect(parts: &Arc<Parts>, id: &ConnectionId) -> Result<(), Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    {
        let _epochs = parts.epochs.lock().await;
        let connection = parts.store.connection(id).await?.ok_or_else(|| no_connection(id))?;
        if matches!(connection.standing, Standing::Disconnecting { .. }) {
            // A disk may have said that it failed to write this down when it did not.
            parts.publish(connection);
        } else {
            begin(parts, &slot, connection).await?;
        }
    }
    revoke_in_background(parts, &slot);
    Ok(())
}

async fn begin(parts: &Arc<Parts>, slot: &Arc<Slot>, connection: Connection) -> Result<(), StoreError> {
    // A set that cannot be read cannot be revoked; that is no reason to keep the connection.
    let set = resting::load(parts, slot, &connection).await;
    let leaving = connection.disconnecting(parts.now());
    let envelope = match &set {
        Ok(set) => resting::seal(parts, &leaving, set).await.ok(),
        Err(_) => None,
    };
    let line = (HistoryKind::DisconnectRequested, None);
    parts.store.commit_disconnect(leaving.clone(), envelope, line, parts.now()).await?;
    // Without the set: whoever revokes reads the row, in which a refresh may have put a later one.
    parts.publish(leaving.clone());
    let unread = match &set {
        Ok(_) => false,
        Err(LoadError::Vault(error)) => error.may_pass(),
        Err(LoadError::Store(_)) => true,
    };
    if !unread {
        erase_item(parts, &leaving).await;
    }
    Ok(())
}

/// Asks the provider to end the grant, on a task of its own. Also the way on after a restart.
pub(crate) fn revoke_in_background(parts: &Arc<Parts>, slot: &Arc<Slot>) {
    let (of, slot) = (parts.clone(), slot.clone());
    let parts = of.clone();
    of.tasks.spawn(async move {
        // Whoever refreshes at this moment brings the set that must be revoked.
        let _exclusive = slot.exclusive.lock().await;
        let connection = slot.connection();
        if !matches!(connection.standing, Standing::Disconnecting { .. }) {
            return;
        }
        if let Some(revocation) = revoke(&parts, &slot, &connection).await {
            finish(&parts, &connection, revocation).await;
        }
    });
}

/// Forgets a connection whose provider has not answered yet.
pub(crate) async fn forget(parts: &Arc<Parts>, id: &ConnectionId) -> Result<(), Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let connection = slot.connection();
    if !matches!(connection.standing, Standing::Disconnecting { .. }) {
        let message = format!("{} is still connected.", connection.provider_name);
        return Err(Problem::new(ProblemCode::InvalidInput, message).about(id).hint("Disconnect it first."));
    }
    finish(parts, &connection, Revocation::Unconfirmed).await;
    Ok(())
}

/// `None` when the provider is to be asked again later.
async fn revoke(parts: &Arc<Parts>, slot: &Slot, connection: &Connection) -> Option<Revocation> {
    let offered = |provider: &Arc<Provider>| revocation::is_offered(provider);
    let Some(provider) = parts.provider_of(connection).filter(offered) else {
        return Some(Revocation::NotOffered);
    };
    let set = match set_to_revoke(parts, slot, connection).await {
        Ok(set) => set,
        Err(
            error @ (LoadError::Vault(
                VaultError::Keychain(_) | VaultError::PassphraseNeeded | VaultError::KeyFile(_),
            )
            | LoadError::Store(_)),
        ) => {
            return postpone(parts, connection, FailureKind::Storage, error.to_string()).await;
        }
        Err(LoadError::Vault(VaultError::KeyMissing | VaultError::ItemMissing | VaultError::Damaged(_))) => {
            return Some(Revocation::NothingLeft);
        }
    };
    // Without its secret the client may still be heard, and if not, that is what the farewell says.
    let client = clients::of(parts, &provider, connection).await;
    let client =
        client.unwrap_or_else(|_| RegisteredClient { id: connection.client_id.clone(), secret: None });
    match revocation::revoke(&parts.http, &provider, &client, &set).await {
        RevocationOutcome::Done => Some(Revocation::Confirmed),
        RevocationOutcome::Refused => Some(Revocation::Unconfirmed),
        RevocationOutcome::Later => {
            let message = "the provider has not confirmed yet".to_owned();
            postpone(parts, connection, FailureKind::Network, message).await
        }
    }
}

/// The set was sealed anew when the disconnect began. Where the keychain was closed at that moment, it is
/// still as it was before.
async fn set_to_revoke(
    parts: &Parts,
    slot: &Slot,
    connection: &Connection,
) -> Result<Arc<TokenSet>, LoadError> {
    match resting::load(parts, slot, connection).await {
        Err(LoadError::Vault(VaultError::ItemMissing | VaultError::Damaged(_))) => {
            let before = Connection { epoch: connection.epoch - 1, ..connection.clone() };
            resting::load(parts, slot, &before).await
        }
        loaded => loaded,
    }
}

async fn postpone(
    parts: &Arc<Parts>,
    connection: &Connection,
    kind: FailureKind,
    message: String,
) -> Option<Revocation> {
    let now = parts.now();
    if let Standing::Disconnecting { since } = connection.standing
        && since.plus(GIVE_UP_MS) <= now
    {
        return Some(Revocation::Unconfirmed);
    }
    let (least, most) = WAIT_MS;
    let wait = least.saturating_mul(1_i64 << connection.track.failures.min(20)).min(most);
    let failure = Failure { kind, at: now, message };
    let waiting = connection.clone().failed_for_now(failure, now.plus(wait));
    match parts.store.commit_state(waiting.clone(), false, None, now).await {
        Ok(()) => drop(parts.publish(waiting)),
        Err(error) => {
            tracing::warn!(connection.id = %connection.id, %error, "a revocation could not be postponed");
            again_soon(parts, connection);
        }
    }
    None
}

/// Erases all that is left here and says farewell, unless the account was signed in anew meanwhile.
async fn finish(parts: &Arc<Parts>, connection: &Connection, revocation: Revocation) {
    let epochs = parts.epochs.lock().await;
    match parts.store.connection(&connection.id).await {
        Ok(Some(known)) if known.version() != connection.version() => return,
        // Erased, and perhaps by a disk that said it had failed: then nobody has heard of it yet.
        Ok(None) if parts.slot(&connection.id).is_none() => return,
        Ok(_) | Err(_) => {}
    }
    erase_item(parts, connection).await;
    if let Err(error) = parts.store.remove(&connection.id).await {
        tracing::error!(connection.id = %connection.id, %error, "a disconnected connection could not be erased");
        again_soon(parts, connection);
        return;
    }
    parts.unpublish(&connection.id);
    parts.rotations.forget(&connection.id).await;
    let farewell = view::farewell(connection, revocation, parts.provider_of(connection).as_deref());
    tracing::info!(connection.id = %connection.id, ?revocation, "disconnected");
    parts.events.send(EventBody::ConnectionRemoved { id: connection.id.clone(), farewell });
    drop(epochs);
    if revocation == Revocation::Confirmed {
        end_others_in_background(parts, connection);
    }
}

/// The provider has ended every sign-in of the account, those of other connections too: they are told so before
/// they find out one by one. On a task of its own: two that are disconnected at once wait for nobody.
fn end_others_in_background(parts: &Arc<Parts>, connection: &Connection) {
    let (client_id, key) = (&connection.client_id, &connection.account.key);
    for slot in parts.end_together(parts.provider_of(connection).as_deref(), client_id, key) {
        let (of, epoch) = (parts.clone(), slot.connection().epoch);
        let parts = of.clone();
        of.tasks.spawn(async move {
            if let Err(error) = end_together(&parts, &slot, epoch).await {
                tracing::warn!(connection.id = %slot.id, %error, "an ended sign-in was not recorded");
            }
        });
    }
}

/// A connection that was signed in anew meanwhile is left alone.
async fn end_together(parts: &Arc<Parts>, slot: &Slot, epoch: i64) -> Result<(), StoreError> {
    let _exclusive = slot.exclusive.lock().await;
    let Some(known) = parts.store.connection(&slot.id).await?.filter(|known| known.epoch == epoch) else {
        return Ok(());
    };
    let now = parts.now();
    let Ok(ended) = known.needs_sign_in(AttentionReason::EndedTogether, now, None) else { return Ok(()) };
    let line = (HistoryKind::NeedsSignIn, None);
    parts.store.commit_state(ended.clone(), true, Some(line), now).await?;
    parts.publish(ended);
    Ok(())
}

/// The disk refused what is to be written of it: it is tried again whether or not anybody restarts Latchkey.
fn again_soon(parts: &Parts, connection: &Connection) {
    if let Some(slot) = parts.slot(&connection.id) {
        slot.write(|state| state.rest_until(parts.clock.boot().plus(WAIT_MS.0)));
        parts.due_changed.notify_one();
    }
}

async fn erase_item(parts: &Parts, connection: &Connection) {
    if let Err(error) = resting::erase_item(parts, connection).await {
        tracing::warn!(connection.id = %connection.id, %error, "the keychain item could not be removed");
    }
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
