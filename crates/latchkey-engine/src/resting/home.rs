//! The way back: out of the keychain, into a sealed row, where the person keeps the key elsewhere.

use latchkey_protocol::RestingPlace;

use super::LoadError;
use crate::connection::Connection;
use crate::live::{Parts, Slot};
use crate::store::StoreError;

/// Copies the item of a connection into its sealed row and then removes it. The caller holds `settling`.
pub(super) async fn bring_home(parts: &Parts, slot: &Slot, connection: &Connection) -> Result<(), LoadError> {
    let version = connection.version();
    let sealed = parts.store.sealed_set(&slot.id).await?;
    if sealed.is_none_or(|sealed| (sealed.epoch, sealed.generation) != version) {
        let envelope = parts.vault.item(&slot.id).await?;
        match parts.store.bring_home(&slot.id, version, envelope).await {
            Ok(()) => {}
            // A newer set was sealed meanwhile, and there is nothing to bring.
            Err(StoreError::Superseded) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    slot.write(|state| {
        if state.connection.version() == version {
            state.connection.resting = RestingPlace::Sealed;
        }
    });
    parts.tell(slot);
    Ok(parts.vault.delete_item(&slot.id).await?)
}
