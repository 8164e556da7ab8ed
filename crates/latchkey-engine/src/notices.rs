//! What a person who does not look is told, and when: once for each incident, rarely, and never while it
//! would be no use.
//!
//! A shell asks [`due`], shows what comes back and reports it with [`sent`]. What was told is in the
//! database, so that nobody is told twice because a program was restarted.

mod rules;
mod words;

use std::collections::BTreeMap;

use latchkey_protocol::{
    Activity, ConnectionId, ConnectionView, Incident, IncidentReason, NoticesDue, VaultState,
};

use crate::live::Parts;
use crate::store::{KnownIncident, StoreError};

/// What is to be shown and withdrawn at this moment.
pub(crate) async fn due(parts: &Parts) -> Result<NoticesDue, StoreError> {
    let now = parts.now();
    let views = views(parts);
    let seen = views.iter().map(|(id, view)| (id.clone(), rules::seen(view, now))).collect();
    let known = reconcile(parts, &seen).await?;
    let withdraw = known.iter().filter(|known| known.ended).map(|known| known.incident.clone()).collect();
    let last = parts.store.last_notices().await?;
    let due = if quiet(parts, &views) { Vec::new() } else { rules::due(&known, last, now) };
    Ok(NoticesDue { show: words::notice(&due, &views, now), withdraw })
}

/// The shell has shown, or withdrawn, the notices of these incidents.
pub(crate) async fn sent(parts: &Parts, incidents: &[Incident]) -> Result<(), StoreError> {
    let now = parts.now();
    let mut last = parts.store.last_notices().await?;
    let (mut kept, mut erased) = (Vec::new(), Vec::new());
    for mut known in told_of(parts, incidents).await? {
        if known.ended {
            erased.push(known.incident);
            continue;
        }
        match known.sent_at {
            None => known.sent_at = Some(now),
            Some(_) => known.reminded_at = Some(now),
        }
        last.any = Some(now);
        if matches!(known.incident.reason, IncidentReason::Expiring { .. }) {
            last.expiring = Some(now);
        }
        kept.push(known);
    }
    parts.store.keep_incidents(kept, erased).await?;
    parts.store.keep_last_notices(last).await
}

/// Not before tomorrow: the person has seen it and has no time.
pub(crate) async fn snooze(parts: &Parts, incidents: &[Incident]) -> Result<(), StoreError> {
    let until = parts.now().plus(rules::DAY_MS);
    change(parts, incidents, |known| known.snoozed_until = Some(until)).await
}

/// Not until it is over and begins again.
pub(crate) async fn ignore(parts: &Parts, incidents: &[Incident]) -> Result<(), StoreError> {
    change(parts, incidents, |known| known.ignored = true).await
}

async fn change(
    parts: &Parts,
    incidents: &[Incident],
    change: impl Fn(&mut KnownIncident),
) -> Result<(), StoreError> {
    let mut known = told_of(parts, incidents).await?;
    known.iter_mut().for_each(change);
    parts.store.keep_incidents(known, Vec::new()).await
}

async fn told_of(parts: &Parts, incidents: &[Incident]) -> Result<Vec<KnownIncident>, StoreError> {
    let mut known = parts.store.incidents().await?;
    known.retain(|known| incidents.contains(&known.incident));
    Ok(known)
}

/// Writes down what has begun and what is over, and returns what there is.
async fn reconcile(
    parts: &Parts,
    seen: &BTreeMap<ConnectionId, rules::Seen>,
) -> Result<Vec<KnownIncident>, StoreError> {
    let before = parts.store.incidents().await?;
    let after = rules::reconciled(&before, seen, parts.now());
    let gone = before.iter().filter(|old| !after.iter().any(|new| new.incident == old.incident));
    let gone: Vec<_> = gone.map(|old| old.incident.clone()).collect();
    let changed: Vec<_> = after.iter().filter(|new| !before.contains(new)).cloned().collect();
    parts.store.keep_incidents(changed, gone).await?;
    Ok(after)
}

fn views(parts: &Parts) -> BTreeMap<ConnectionId, ConnectionView> {
    let slots = parts.slots();
    slots.iter().map(|slot| (slot.id.clone(), parts.view_of(slot))).collect()
}

/// Nobody can act, or what is seen may be the echo of a computer that has just come back.
fn quiet(parts: &Parts, views: &BTreeMap<ConnectionId, ConnectionView>) -> bool {
    let offline = |view: &ConnectionView| matches!(view.health.activity, Activity::Offline { .. });
    let locked = |view: &ConnectionView| matches!(view.health.activity, Activity::Locked);
    let surroundings = parts.surroundings.now();
    surroundings.settles_until > parts.clock.boot()
        || surroundings.network_is_down(|| views.values().any(offline))
        || parts.vault.state() == VaultState::Locked
        || views.values().any(locked)
}
