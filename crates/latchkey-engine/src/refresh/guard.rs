//! What a refresh does before it may send: take the lock, read the truth, take up what was spilled.

use std::future::Future;
use std::sync::Arc;

use latchkey_envelope::Envelope;
use latchkey_protocol::{AttentionReason, Keep};

use super::{outcome, save};
use crate::connection::Connection;
use crate::credential::TokenSet;
use crate::edges::Rotation;
use crate::flow::authorization_code::TokenOutcome;
use crate::live::{Parts, RefreshEnd, Slot};
use crate::planted::{Planted, planted};
use crate::rotation::NoSlot;
use crate::store::StoreError;
use crate::vault::place;

/// How long another process may hold the lock, in milliseconds.
const PATIENCE_MS: i64 = 40_000;
/// How often the lock is tried, in milliseconds.
const AGAIN_MS: i64 = 100;

/// The connection's lock and slot; `None` when another process keeps it.
pub(super) async fn take(parts: &Parts, slot: &Slot) -> std::io::Result<Option<Box<dyn Rotation>>> {
    if planted(Planted::NoLock) || planted(Planted::NoSingleFlight) {
        return Ok(Some(Box::new(NoSlot)));
    }
    let until = parts.clock.boot().plus(PATIENCE_MS);
    loop {
        if let Some(rotation) = parts.rotations.take(&slot.id).await? {
            return Ok(Some(rotation));
        }
        if parts.clock.boot() >= until {
            return Ok(None);
        }
        parts.clock.sleep_until(parts.clock.boot().plus(AGAIN_MS)).await;
    }
}

/// The connection as it stands on disk; memory follows where it knew something older.
pub(super) async fn reload(parts: &Arc<Parts>, slot: &Arc<Slot>) -> Result<Connection, StoreError> {
    if planted(Planted::NoReload) {
        return Ok(slot.connection());
    }
    let Some(stored) = parts.store.connection(&slot.id).await? else {
        parts.unpublish(&slot.id);
        return Err(StoreError::Superseded);
    };
    if stored != slot.connection() {
        parts.publish(stored.clone());
    }
    Ok(stored)
}

/// Takes up a set that an earlier flight could only spill. What belongs to another epoch or generation, or
/// was torn while it was written, does not open and is emptied out.
pub(super) async fn adopt_spilled(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    connection: &Connection,
    old: &TokenSet,
    rotation: &mut Box<dyn Rotation>,
) -> Result<Option<RefreshEnd>, StoreError> {
    if planted(Planted::NoAdoption) || (planted(Planted::AdoptionAtStartOnly) && slot.was_renewed()) {
        return Ok(None);
    }
    let Ok(Some(spilled)) = rotation.spilled().await else {
        return Ok(None);
    };
    let next = place(&connection.id, connection.epoch, connection.generation + 1);
    let opened = parts.vault.open(Keep::Keychain, &next, &Envelope::from_bytes(spilled)).await;
    let Some(set) = opened.ok().and_then(|bytes| TokenSet::from_bytes(&bytes)) else {
        // A slot that cannot be emptied is asked again next time, with the same answer.
        let _ = rotation.spill(Vec::new()).await;
        return Ok(None);
    };
    tracing::warn!(connection.id = %slot.id, "a renewed sign-in was found in its spill slot");
    let refresh = set.refresh.or_else(|| old.refresh.clone());
    save::adopt(parts, slot, connection.clone(), TokenSet { refresh, ..set }, rotation).await.map(Some)
}

/// Waits for the answer of the token endpoint, however long that takes.
pub(super) async fn answered(parts: &Parts, sent: impl Future<Output = TokenOutcome>) -> TokenOutcome {
    if !planted(Planted::RepeatOnTheWire) {
        return sent.await;
    }
    tokio::select! {
        biased;
        answer = sent => answer,
        () = parts.clock.sleep_until(parts.clock.boot().plus(1_000)) => {
            TokenOutcome::Ambiguous { text: "impatience".into(), by_provider: false }
        }
    }
}

/// Records an end that the provider has decided: whatever the disk says, it is not asked again.
pub(super) async fn until_recorded(
    parts: &Arc<Parts>,
    connection: Connection,
    reason: AttentionReason,
    text: Option<String>,
) -> Result<RefreshEnd, StoreError> {
    let mut tries = 0;
    loop {
        match outcome::record_end(parts, connection.clone(), reason, text.clone()).await {
            Err(StoreError::Database { .. }) => {
                save::pause(parts, tries).await;
                tries += 1;
            }
            result => return result,
        }
    }
}
