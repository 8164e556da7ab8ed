//! Sleeps until the next due thing, and never long: a timer set across a suspend ends late, and a look every
//! forty seconds costs less than a missed renewal.

use std::sync::Arc;

use latchkey_protocol::{ConnectionId, HealthChange, Keep};

use crate::clock::Boot;
use crate::connection::Standing;
use crate::live::{Parts, Slot, SlotState};
use crate::planted::{Planted, planted};
use crate::{check, comeback, disconnect, key_rotation, refresh, resting, sign_in};

/// The longest sleep, in milliseconds. Not a divisor of a minute, so that it never beats in step with others.
const LONGEST_SLEEP_MS: i64 = 41_000;
/// How often a sealed set tries to reach its keychain, in milliseconds.
const SETTLE_AGAIN_MS: i64 = 300_000;

/// Runs for as long as the engine does.
pub(crate) async fn run(parts: Arc<Parts>) {
    loop {
        let changed = parts.due_changed.notified();
        if parts.tasks.are_closed() {
            changed.await;
            continue;
        }
        comeback::begin(&parts, parts.surroundings.take_catching_up(parts.clock.as_ref()));
        pass(&parts).await;
        let longest = if planted(Planted::TimerThroughSuspend) { i64::MAX } else { LONGEST_SLEEP_MS };
        let wake = next_due(&parts).min(parts.clock.boot().plus(longest));
        tokio::select! {
            biased;
            () = changed => {}
            () = parts.clock.sleep_until(wake) => {}
        }
    }
}

/// Does what is due.
async fn pass(parts: &Arc<Parts>) {
    sign_in::expire(parts).await;
    sign_in::take_up(parts);
    key_rotation::look(parts);
    let boot = parts.clock.boot();
    let mut changes = Vec::new();
    for slot in parts.slots() {
        if due(&slot).is_some_and(|due| due <= boot) {
            if matches!(slot.connection().standing, Standing::Disconnecting { .. }) {
                slot.write(|state| state.rest_until(boot.plus(LONGEST_SLEEP_MS)));
                disconnect::revoke_in_background(parts, &slot);
            } else if slot.connection().access_is_refused() {
                check::look_again_in_background(parts, &slot);
            } else {
                refresh::renew_due(parts, &slot);
            }
        }
        check::look_at_validity(parts, &slot, boot);
        settle(parts, &slot, boot);
        parts.tell_if_changed(&slot);
        let of_slot = slot.write(SlotState::take_unrecorded);
        changes.extend(of_slot.into_iter().map(|change| (slot.id.clone(), change)));
    }
    record_health(parts, changes).await;
    if let Err(error) = parts.store.empty_log().await {
        tracing::debug!(%error, "the database keeps a long log");
    }
}

/// Writes down how connections have changed, for their timelines. A disk that refuses costs the timelines these
/// lines.
async fn record_health(parts: &Parts, changes: Vec<(ConnectionId, HealthChange)>) {
    if let Err(error) = parts.store.record_health(changes).await {
        tracing::warn!(%error, "changes of health were not written down");
    }
}

fn due(slot: &Slot) -> Option<Boot> {
    slot.read(|state| {
        let flying = state.flight.is_some();
        let due = match state.connection.standing {
            Standing::Disconnecting { .. } => state.next_try(),
            Standing::Good | Standing::Misconfigured { .. } | Standing::Attention { .. } => state.due(),
        };
        due.filter(|_| !flying)
    })
}

fn settle(parts: &Arc<Parts>, slot: &Arc<Slot>, boot: Boot) {
    let waits = slot.write(|state| {
        let connection = &state.connection;
        let moves = connection.keep == Keep::Keychain && parts.vault.wants_to_move(connection.resting);
        let leaving = matches!(connection.standing, Standing::Disconnecting { .. });
        let version = connection.version();
        moves && !leaving && state.settling.take_turn(version, boot, SETTLE_AGAIN_MS)
    });
    if waits {
        resting::settle_in_background(parts, slot);
    }
}

fn next_due(parts: &Parts) -> Boot {
    let (boot, now) = (parts.clock.boot(), parts.now());
    let slots = parts.slots();
    let by_connection = slots.iter().filter_map(|slot| due(slot));
    let by_sign_in: Vec<_> = parts.with_sign_ins(|sign_ins| {
        let waiting = sign_ins.iter().filter(|live| live.waits());
        waiting.map(|live| boot.plus(live.view.expires_at.0.saturating_sub(now.0))).collect()
    });
    by_connection.chain(by_sign_in).min().unwrap_or(Boot(i64::MAX))
}
