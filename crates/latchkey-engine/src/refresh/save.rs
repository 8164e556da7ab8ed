//! What a refresh brought is saved, whatever the disk says, and only then published.

use std::sync::Arc;

use latchkey_envelope::Envelope;
use latchkey_protocol::Timestamp;

use super::outcome;
use crate::clock::Boot;
use crate::connection::Connection;
use crate::credential::{Quarantined, TokenSet};
use crate::edges::Rotation;
use crate::flow::token_answer::Granted;
use crate::health::Doing;
use crate::live::{Parts, RefreshEnd, Slot, Unsaved};
use crate::planted::{Planted, planted};
use crate::resting;
use crate::store::StoreError;

/// Waits before a commit is repeated that the disk refused, in milliseconds; the last one for ever.
const COMMIT_RETRIES_MS: [i64; 8] = [50, 100, 200, 400, 800, 1_600, 3_200, 6_400];

/// What the provider granted, and when it was asked: time that the answer took is time the token has lived.
pub(super) struct Fresh {
    pub(super) granted: Granted,
    pub(super) started: (Boot, Timestamp),
    /// It names another account than the one that was renewed.
    pub(super) strange: bool,
}

/// Saves what the provider granted as the next generation, then publishes it, then lets it settle.
pub(super) async fn save(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    mut connection: Connection,
    old: &TokenSet,
    Fresh { granted, mut started, strange }: Fresh,
    rotation: &mut Box<dyn Rotation>,
) -> Result<RefreshEnd, StoreError> {
    if planted(Planted::LifeFromReceipt) {
        started = (parts.clock.boot(), parts.now());
    }
    let scopes = granted.scopes.clone();
    if !strange {
        connection.kept.extend(granted.aside.kept.clone());
    }
    let set = if strange { quarantine(old, granted) } else { next_set(old, &granted, started.1) };
    let Ok(renewed) = connection.renewed(&set, scopes, started.1) else {
        return outcome::late(parts, slot, &set).await;
    };
    // The installation key is in memory: the set before this one was opened or sealed with it.
    let Ok(envelope) = resting::seal(parts, &renewed, &set).await else {
        return Ok(RefreshEnd::Locked);
    };
    if planted(Planted::PublishedBeforeCommit) {
        parts.publish_set(renewed.clone(), set.clone(), started.0);
    }
    if planted(Planted::LockBeforeCommit) {
        *rotation = Box::new(crate::rotation::NoSlot);
    }
    match commit(parts, slot, &renewed, (&set, started.0), envelope, rotation).await {
        Ok(()) => {}
        Err(StoreError::Superseded) => return outcome::late(parts, slot, &set).await,
        Err(error) => return Err(error),
    }
    Ok(publish(parts, renewed, set, started.0))
}

/// The same for a set that was found in the spill slot. It was asked for by a process that is gone, so its
/// life is reckoned by the wall clock.
pub(super) async fn adopt(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    connection: Connection,
    set: TokenSet,
    rotation: &mut Box<dyn Rotation>,
) -> Result<RefreshEnd, StoreError> {
    let passed = parts.now().0.saturating_sub(set.obtained_at.0).max(0);
    let started = Boot(parts.clock.boot().0.saturating_sub(passed));
    let renewed = connection.renewed(&set, None, parts.now()).map_err(|_| StoreError::Superseded)?;
    let Ok(envelope) = resting::seal(parts, &renewed, &set).await else {
        return Ok(RefreshEnd::Locked);
    };
    commit(parts, slot, &renewed, (&set, started), envelope, rotation).await?;
    Ok(publish(parts, renewed, set, started))
}

fn publish(parts: &Arc<Parts>, renewed: Connection, set: TokenSet, started: Boot) -> RefreshEnd {
    let strange = set.quarantined.is_some();
    let slot = parts.publish_set(renewed, set, started);
    resting::settle_in_background(parts, &slot);
    if strange { RefreshEnd::NeedsSignIn } else { RefreshEnd::Renewed }
}

/// Commits the set. While the disk refuses it is spilled, lent as unsaved, and committed again and again
/// under the lock: the one that was spent for it is gone.
async fn commit(
    parts: &Arc<Parts>,
    slot: &Arc<Slot>,
    renewed: &Connection,
    (set, started): (&TokenSet, Boot),
    envelope: Envelope,
    rotation: &mut Box<dyn Rotation>,
) -> Result<(), StoreError> {
    let (mut tries, mut spilled) = (0, false);
    let done = loop {
        let error = match outcome::commit_renewal(parts, renewed, envelope.clone()).await {
            Ok(()) => break Ok(()),
            Err(StoreError::Superseded) if tries > 0 && has_landed(parts, renewed).await => break Ok(()),
            Err(StoreError::Superseded) => break Err(StoreError::Superseded),
            Err(error) => error,
        };
        if planted(Planted::CommitErrorDrops) {
            return Err(error);
        }
        tracing::error!(connection.id = %slot.id, %error, spilled, "a renewed sign-in is not saved yet");
        // In the slot before anybody hears of it: a kill after the first loan must find it there.
        if !spilled && !planted(Planted::NoSpill) {
            spilled = rotation.spill(envelope.as_bytes().to_vec()).await.is_ok();
        }
        hold(parts, slot, set, started);
        pause(parts, tries).await;
        tries += 1;
    };
    if spilled {
        // What stays in the slot is of a generation that is saved; it does not open again.
        let _ = rotation.spill(Vec::new()).await;
    }
    slot.write(|state| state.unsaved = None);
    done
}

/// A disk may say that it failed when it did not: is what it holds this very set?
async fn has_landed(parts: &Parts, renewed: &Connection) -> bool {
    let stored = parts.store.connection(&renewed.id).await.ok().flatten();
    stored.is_some_and(|stored| stored.version() == renewed.version())
}

/// Lets callers have the set while it waits for the disk, unless it is another account's.
fn hold(parts: &Parts, slot: &Slot, set: &TokenSet, started: Boot) {
    let life = set.expires_at.map(|at| at.0.saturating_sub(set.obtained_at.0));
    slot.write(|state| {
        state.doing = Doing::StorageFault;
        let expires = life.map(|life| started.plus(life));
        let unsaved = || Unsaved { set: Arc::new(set.clone()), expires };
        state.unsaved = set.quarantined.is_none().then(unsaved);
    });
    parts.tell(slot);
    slot.changed.notify_waiters();
}

/// Waits before the disk is tried again.
pub(super) async fn pause(parts: &Parts, tries: usize) {
    let wait = COMMIT_RETRIES_MS.get(tries).or(COMMIT_RETRIES_MS.last()).copied().unwrap_or(6_400);
    parts.clock.sleep_until(parts.clock.boot().plus(wait)).await;
}

/// A new refresh token replaces the old one; where none came back the old one stands (RFC 6749 6).
fn next_set(old: &TokenSet, granted: &Granted, started: Timestamp) -> TokenSet {
    let kept = old.refresh.clone().filter(|_| !planted(Planted::AbsentErases));
    let set = granted.set(started, old.key.as_ref());
    TokenSet { refresh: set.refresh.or(kept), signed_in: old.signed_in.clone(), ..set }
}

/// The set there was, and beside it what came for another account: it is given back when the person
/// disconnects, and used for nothing else.
fn quarantine(old: &TokenSet, granted: Granted) -> TokenSet {
    let quarantined = Some(Quarantined { access: granted.access, refresh: granted.refresh });
    TokenSet { quarantined, ..old.clone() }
}
