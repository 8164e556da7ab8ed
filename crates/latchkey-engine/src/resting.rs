//! Token sets on their way to rest and back: load, seal, settle.

use std::sync::Arc;

use latchkey_envelope::Envelope;
use latchkey_protocol::{Keep, RestingPlace};

use crate::connection::Connection;
use crate::credential::TokenSet;
use crate::live::{Parts, Slot};
use crate::planted::{Planted, planted};
use crate::store::StoreError;
use crate::vault::{VaultError, place};

/// Why a token set is not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

/// Moves the sealed set of a connection to the keychain and, once that has confirmed it, erases the row. On
/// its own task: nobody waits for a keychain.
pub(crate) fn settle_in_background(parts: &Arc<Parts>, slot: &Arc<Slot>) {
    let (of, slot) = (parts.clone(), slot.clone());
    let parts = of.clone();
    of.tasks.spawn(async move {
        if let Err(error) = settle(&parts, &slot).await {
            tracing::info!(connection.id = %slot.id, %error, "the sign-in stays sealed in the database");
            parts.tell(&slot);
        }
    });
}

async fn settle(parts: &Parts, slot: &Slot) -> Result<(), LoadError> {
    let _settling = slot.settling.lock().await;
    let connection = slot.connection();
    if connection.keep == Keep::Memory || connection.resting != RestingPlace::Sealed {
        return Ok(());
    }
    // Without this lock another process is about it, or the folder is not to be written: it stays sealed.
    let Ok(Some(_between_processes)) = parts.rotations.take_settling(&slot.id).await else {
        return Ok(());
    };
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
    parts.vault.put_item(&slot.id, &sealed.envelope).await?;
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
