//! Token sets on their way to rest and back: load, seal, settle.

mod home;

use std::sync::Arc;

use latchkey_envelope::Envelope;
use latchkey_protocol::{Keep, RestingPlace};

use crate::connection::{Connection, Standing};
use crate::credential::TokenSet;
use crate::live::{Parts, Slot};
use crate::planted::{Planted, planted};
use crate::rollback;
pub(crate) use crate::rollback::LoadError;
use crate::store::StoreError;
use crate::vault::{VaultError, place};
use crate::view;

/// The token set of a connection: from memory, else from its sealed row, else from the keychain. The sealed
/// row comes first because it is never older than the item.
pub(crate) async fn load(
    parts: &Parts,
    slot: &Slot,
    connection: &Connection,
) -> Result<Arc<TokenSet>, LoadError> {
    let version = (connection.epoch, connection.generation);
    let held = slot.read(|state| {
        let same = (state.connection.epoch, state.connection.generation) == version;
        state.tokens.clone().filter(|_| same)
    });
    if let Some(tokens) = held {
        return Ok(tokens);
    }
    if connection.keep == Keep::Keychain {
        rollback::examine(parts, slot, connection).await?;
    }
    let envelope = match parts.store.sealed_set(&connection.id).await? {
        Some(sealed) if (sealed.epoch, sealed.generation) == version && !planted(Planted::ItemFirst) => {
            sealed.envelope
        }
        Some(_) | None => parts.vault.item(&connection.id).await?,
    };
    let place = place(&connection.id, connection.epoch, connection.generation);
    let bytes = parts.vault.open(connection.keep, &place, &envelope).await?;
    let set = Arc::new(TokenSet::from_bytes(&bytes).ok_or(VaultError::ItemMissing)?);
    slot.write(|state| {
        if state.connection.version() == version {
            state.tokens = Some(set.clone());
        }
    });
    Ok(set)
}

/// Seals a token set for the epoch and generation of `connection`.
pub(crate) async fn seal(
    parts: &Parts,
    connection: &Connection,
    set: &TokenSet,
) -> Result<Envelope, VaultError> {
    let place = place(&connection.id, connection.epoch, connection.generation);
    parts.vault.seal(connection.keep, &place, &set.to_bytes(), &parts.entropy).await
}

/// Moves the sealed set of a connection to the keychain and, once that has confirmed it, erases the row; or
/// the other way round, where the person keeps the key elsewhere. On its own task: nobody waits for a
/// keychain.
pub(crate) fn settle_in_background(parts: &Arc<Parts>, slot: &Arc<Slot>) {
    if !parts.vault.wants_to_move(slot.connection().resting) {
        return;
    }
    let (of, slot) = (parts.clone(), slot.clone());
    let parts = of.clone();
    of.tasks.spawn(async move {
        if let Err(error) = settle(&parts, &slot).await {
            tracing::info!(connection.id = %slot.id, %error, "the sign-in stays sealed in the database");
            parts.tell(&slot);
        }
        if let Err(error) = rollback::note(&parts, &slot).await {
            tracing::debug!(%error, "the keychain is not told how many token sets were saved");
        }
    });
}

async fn settle(parts: &Parts, slot: &Slot) -> Result<(), LoadError> {
    let _settling = slot.settling.lock().await;
    let connection = slot.connection();
    // A row of an older copy of the database must not take the place of a newer item.
    if connection.keep == Keep::Keychain
        && let Err(error) = rollback::examine(parts, slot, &connection).await
    {
        if let LoadError::Vault(error) = &error {
            slot.write(|state| state.settling.fail(connection.version(), view::sealed_reason(error)));
        }
        return Err(error);
    }
    let connection = slot.connection();
    // What is to be revoked stays where whoever revokes reads it: a disconnect erases the item.
    if matches!(connection.standing, Standing::Disconnecting { .. }) {
        return Ok(());
    }
    if connection.keep == Keep::Memory || !parts.vault.wants_to_move(connection.resting) {
        return Ok(());
    }
    // Without this lock another process is about it, or the folder is not to be written: it stays sealed.
    let Ok(Some(_between_processes)) = parts.rotations.take_settling(&slot.id).await else {
        return Ok(());
    };
    if connection.resting == RestingPlace::Keychain {
        return home::bring_home(parts, slot, &connection).await;
    }
    let Some(sealed) = parts.store.sealed_set(&slot.id).await? else {
        return Ok(());
    };
    // The row of another epoch is another's business: after a disconnect it is what must be revoked.
    if sealed.epoch != connection.epoch {
        return Ok(());
    }
    if planted(Planted::RowErasedFirst) {
        parts.store.settle(&slot.id, sealed.epoch, sealed.generation).await?;
    }
    let version = (sealed.epoch, sealed.generation);
    if slot.read(|state| state.settling.is_in_vain(version)) {
        return Ok(());
    }
    if let Err(error) = parts.vault.put_item(&slot.id, &sealed.envelope).await {
        slot.write(|state| state.settling.fail(version, view::sealed_reason(&error)));
        return Err(error.into());
    }
    match parts.store.settle(&slot.id, sealed.epoch, sealed.generation).await {
        Ok(()) => {
            slot.write(|state| {
                if (state.connection.epoch, state.connection.generation) == (sealed.epoch, sealed.generation)
                {
                    state.connection.resting = RestingPlace::Keychain;
                }
            });
            parts.tell(slot);
            Ok(())
        }
        // A newer set was sealed meanwhile; its own settling follows.
        Err(StoreError::Superseded) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Removes what the keychain holds of a connection, where it may hold anything.
pub(crate) async fn erase_item(parts: &Parts, connection: &Connection) -> Result<(), VaultError> {
    let possible =
        connection.resting == RestingPlace::Keychain || parts.vault.wants_to_move(RestingPlace::Sealed);
    match connection.keep {
        Keep::Keychain if possible => parts.vault.delete_item(&connection.id).await,
        Keep::Keychain | Keep::Memory => Ok(()),
    }
}
