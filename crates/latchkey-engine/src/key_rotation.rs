//! A new installation key every thirty days, and whenever the person asks.
//!
//! Old and new are kept together, durably, before anything is sealed under the new one; then every data key
//! is rewrapped, the secrets themselves untouched; and only when two looks, ten minutes apart, have found
//! nothing under the old key is it dropped. Killed at any point, every envelope still has its key.

use std::sync::Arc;

use latchkey_envelope::{Envelope, EnvelopeError, KeyRing, PassphraseKey, WrappingKey};
use latchkey_protocol::{Keep, Problem, ProblemCode, RestingPlace};

use crate::live::{Parts, Slot};
use crate::resting::LoadError;
use crate::vault::{self, KeyPlace, VaultError};

/// How long an installation key is in use, in milliseconds: thirty days.
const LIFE_MS: i64 = 30 * 86_400_000;
/// Between two looks, in milliseconds. Longer than anything takes from sealing to its commit.
const LOOK_AGAIN_MS: i64 = 600_000;
/// So many looks in a row have to find nothing under the old key.
const CLEAN_LOOKS: u32 = 2;

/// Looks after the key when its turn has come. For the scheduler, at every pass.
pub(crate) fn look(parts: &Arc<Parts>) {
    let boot = parts.clock.boot();
    // Never fetched for this: a keychain that is closed is not asked in vain.
    if parts.vault.has_ring() && parts.vault.take_rotation_turn(boot, boot.plus(LOOK_AGAIN_MS)) {
        in_background(parts);
    }
}

/// Takes a new key into use at once.
pub(crate) async fn rotate(parts: &Arc<Parts>) -> Result<(), Problem> {
    parts.vault.ring().await?;
    if !begin(parts).await? {
        let message = "The installation key is being replaced already.";
        return Err(Problem::new(ProblemCode::Temporary, message).hint("Try again in a quarter of an hour."));
    }
    begin_soon(parts);
    Ok(())
}

/// Rewraps in the background what is still under the old key.
pub(crate) fn begin_soon(parts: &Arc<Parts>) {
    let boot = parts.clock.boot();
    parts.vault.take_rotation_turn(boot, boot.plus(LOOK_AGAIN_MS));
    in_background(parts);
}

fn in_background(parts: &Arc<Parts>) {
    let (of, parts) = (parts.clone(), parts.clone());
    of.tasks.spawn(async move {
        if let Err(error) = turn(&parts).await {
            tracing::warn!(%error, "the installation key is not replaced yet; both keys are kept");
        }
    });
}

async fn turn(parts: &Parts) -> Result<(), LoadError> {
    let ring = parts.vault.ring().await?;
    if ring.previous().is_none() && !(is_old(parts).await? && begin(parts).await?) {
        return Ok(());
    }
    let clean = rewrap_all(parts).await?;
    if parts.vault.count_clean_looks(clean) >= CLEAN_LOOKS {
        retire(parts).await?;
    }
    Ok(())
}

/// Whether the key has been in use for long enough. One of unknown age counts from here.
async fn is_old(parts: &Parts) -> Result<bool, LoadError> {
    let now = parts.now();
    match parts.store.key_since().await? {
        Some(since) if since <= now => Ok(since.plus(LIFE_MS) <= now),
        // Made in the future: the wall clock was set back.
        Some(_) | None => {
            parts.store.save_key_since(now).await?;
            Ok(false)
        }
    }
}

/// Puts a new key in front of the old one. `false` while a rotation is under way.
async fn begin(parts: &Parts) -> Result<bool, LoadError> {
    let _changing = parts.vault.changing.lock().await;
    let Some(ring) = parts.vault.ring().await?.rotated(parts.entropy.with(WrappingKey::generate)) else {
        return Ok(false);
    };
    keep(parts, ring).await?;
    parts.store.save_key_since(parts.now()).await?;
    tracing::info!("a new installation key is in use");
    Ok(true)
}

/// Drops the old key.
async fn retire(parts: &Parts) -> Result<(), LoadError> {
    let _changing = parts.vault.changing.lock().await;
    keep(parts, parts.vault.ring().await?.retired()).await?;
    tracing::info!("the former installation key is dropped");
    Ok(())
}

/// Writes the ring to its place, and only then seals with it.
async fn keep(parts: &Parts, ring: KeyRing) -> Result<(), LoadError> {
    let place = match parts.vault.place() {
        KeyPlace::Keychain => {
            parts.vault.put_ring(&ring).await?;
            KeyPlace::Keychain
        }
        KeyPlace::Passphrase(_) => {
            let derived = parts.vault.derived().ok_or(VaultError::PassphraseNeeded)?;
            let place = sealed(parts, &derived, &ring)?;
            parts.store.save_key_place(place.to_text()).await?;
            place
        }
        KeyPlace::KeyFile(path) => {
            vault::write_key_file(path.clone(), ring.clone()).await.map_err(VaultError::from)?;
            KeyPlace::KeyFile(path)
        }
    };
    parts.vault.set_ring(place, ring);
    Ok(())
}

/// The place of a ring that is sealed under a passphrase.
pub(crate) fn sealed(parts: &Parts, derived: &PassphraseKey, ring: &KeyRing) -> Result<KeyPlace, VaultError> {
    let binding = parts.vault.binding();
    let sealed = parts.entropy.with(|source| derived.seal(binding.as_bytes(), &ring.to_bytes(), source));
    sealed.map(KeyPlace::Passphrase).map_err(|_| VaultError::Damaged(EnvelopeError::Damaged))
}

/// Rewraps whatever is not under the current key. `true` when there was nothing left and nobody is about to
/// save something that was sealed before.
async fn rewrap_all(parts: &Parts) -> Result<bool, LoadError> {
    let mut clean = parts.epochs.try_lock().is_ok();
    for slot in parts.slots() {
        clean &= is_without_spill(parts, &slot).await;
    }
    clean &= rewrap_rows(parts).await? == 0;
    for slot in parts.slots() {
        clean &= !rewrap_item(parts, &slot).await?;
    }
    Ok(clean)
}

/// Whether nobody renews the connection at this moment and nothing is in its spill slot, where a set may wait
/// that was sealed before.
async fn is_without_spill(parts: &Parts, slot: &Slot) -> bool {
    let Ok(_exclusive) = slot.exclusive.try_lock() else { return false };
    match parts.rotations.take(&slot.id).await {
        Ok(Some(mut rotation)) => matches!(rotation.spilled().await, Ok(None)),
        Ok(None) | Err(_) => false,
    }
}

async fn rewrap_rows(parts: &Parts) -> Result<usize, LoadError> {
    let ring = parts.vault.ring().await?;
    let mut rewrapped = 0;
    for row in parts.store.sealed_rows().await? {
        if let Some(envelope) = rewrapped_by(parts, &ring, &row.envelope)? {
            parts.store.replace_envelope(row, envelope).await?;
            rewrapped += 1;
        }
    }
    Ok(rewrapped)
}

/// Rewraps the item of a connection. `true` when there was something to do.
async fn rewrap_item(parts: &Parts, slot: &Slot) -> Result<bool, LoadError> {
    let _settling = slot.settling.lock().await;
    let connection = slot.connection();
    if connection.keep == Keep::Memory || connection.resting != RestingPlace::Keychain {
        return Ok(false);
    }
    // Another process is about it: the next look sees what came of that.
    let Ok(Some(_between_processes)) = parts.rotations.take_settling(&slot.id).await else {
        return Ok(true);
    };
    let envelope = match parts.vault.item(&slot.id).await {
        Ok(envelope) => envelope,
        Err(VaultError::ItemMissing) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    match rewrapped_by(parts, &parts.vault.ring().await?, &envelope)? {
        Some(envelope) => {
            parts.vault.put_item(&slot.id, &envelope).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The envelope under the current key; `None` where it is that already, or neither key opens it. One of a
/// later format stops the rotation: it may need the old key.
fn rewrapped_by(parts: &Parts, ring: &KeyRing, envelope: &Envelope) -> Result<Option<Envelope>, VaultError> {
    match parts.entropy.with(|source| ring.rewrap(envelope, source)) {
        Ok(rewrapped) => Ok(rewrapped),
        Err(EnvelopeError::OtherKey { .. } | EnvelopeError::Damaged) => Ok(None),
        Err(error @ EnvelopeError::Version(_)) => Err(error.into()),
    }
}
