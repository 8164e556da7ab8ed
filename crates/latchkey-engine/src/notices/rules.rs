//! When a person is told. Pure: incidents and the time go in, what is due comes out.

use std::collections::BTreeMap;

use latchkey_protocol::{
    Activity, AttentionReason, ConnectionId, ConnectionView, GrantState, Incident, IncidentReason, Timestamp,
};

use crate::store::{KnownIncident, LastNotices};

/// A day, in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// At most one notice in this time, in milliseconds; what comes in between is told together.
const APART_MS: i64 = 15 * MINUTE_MS;
/// A wrong setting is told after so many failures in a row: the first may be a provider's bad minute.
const FAULTS_TOLD: u32 = 2;

/// What is seen of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing a person is told of.
    Fine,
    /// Something is wrong.
    Wrong(IncidentReason),
    /// It is being found out, or cannot be: what was wrong with renewing may still be.
    Unclear,
}

/// What is seen of a connection at `now`. The grant comes first: it decides whether a person must act.
pub(crate) fn seen(view: &ConnectionView, now: Timestamp) -> Seen {
    match &view.health.grant {
        // The person has just done that.
        GrantState::Attention { reason: AttentionReason::HandedOver, .. } => return Seen::Fine,
        GrantState::Attention { reason, .. } => {
            return Seen::Wrong(IncidentReason::SignInNeeded { reason: *reason });
        }
        GrantState::Misconfigured { fault, .. } if view.renewal.consecutive_failures >= FAULTS_TOLD => {
            return Seen::Wrong(IncidentReason::Misconfigured { fault: *fault });
        }
        GrantState::Misconfigured { .. } | GrantState::Disconnecting => return Seen::Fine,
        GrantState::Connected | GrantState::Expiring { .. } | GrantState::Limited { .. } => {}
    }
    match view.health.activity {
        Activity::Stale { .. } => return Seen::Wrong(IncidentReason::Stale),
        Activity::RateLimited { .. } => return Seen::Wrong(IncidentReason::RateLimited),
        Activity::Refreshing | Activity::Offline { .. } | Activity::Locked | Activity::StorageFault => {
            return Seen::Unclear;
        }
        Activity::Idle { .. } | Activity::ClockWrong { .. } | Activity::Retrying { .. } => {}
    }
    match view.health.grant {
        GrantState::Expiring { ends_at } => {
            Seen::Wrong(IncidentReason::Expiring { days: step(ends_at.0.saturating_sub(now.0)) })
        }
        GrantState::Connected
        | GrantState::Limited { .. }
        | GrantState::Attention { .. }
        | GrantState::Misconfigured { .. }
        | GrantState::Disconnecting => Seen::Fine,
    }
}

fn step(left_ms: i64) -> u8 {
    match left_ms {
        ..=DAY_MS => 1,
        left if left <= 7 * DAY_MS => 7,
        _ => 14,
    }
}

/// The incidents after what was seen: begun, going on, ended with a notice to withdraw, or gone.
pub(crate) fn reconciled(
    known: &[KnownIncident],
    seen: &BTreeMap<ConnectionId, Seen>,
    now: Timestamp,
) -> Vec<KnownIncident> {
    let mut after: Vec<_> = known.iter().filter_map(|known| carried_on(known, seen)).collect();
    for (connection, seen) in seen {
        if let Seen::Wrong(reason) = seen {
            let incident = Incident { connection: connection.clone(), reason: *reason };
            if !after.iter().any(|known| known.incident == incident && !known.ended) {
                after.retain(|known| known.incident != incident);
                after.push(begun(incident, now));
            }
        }
    }
    after
}

fn carried_on(known: &KnownIncident, seen: &BTreeMap<ConnectionId, Seen>) -> Option<KnownIncident> {
    let of_renewing = matches!(known.incident.reason, IncidentReason::Stale | IncidentReason::RateLimited);
    let goes_on = match seen.get(&known.incident.connection) {
        Some(Seen::Wrong(reason)) => *reason == known.incident.reason,
        Some(Seen::Unclear) => {
            of_renewing || matches!(known.incident.reason, IncidentReason::Expiring { .. })
        }
        Some(Seen::Fine) | None => false,
    };
    match (goes_on && !known.ended, known.sent_at) {
        (true, _) => Some(known.clone()),
        (false, Some(_)) => Some(KnownIncident { ended: true, ..known.clone() }),
        (false, None) => None,
    }
}

fn begun(incident: Incident, now: Timestamp) -> KnownIncident {
    KnownIncident {
        incident,
        began_at: now,
        sent_at: None,
        reminded_at: None,
        snoozed_until: None,
        ignored: false,
        ended: false,
    }
}

/// One incident that a person is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) incident: Incident,
    /// It was told before.
    pub(crate) reminder: bool,
}

/// What is due at `now`, most urgent first.
pub(crate) fn due(known: &[KnownIncident], last: LastNotices, now: Timestamp) -> Vec<Due> {
    // A clock that was set back says nothing about when the last notice was.
    let within = |at: Option<Timestamp>, wait| at.is_some_and(|at| (0..wait).contains(&(now.0 - at.0)));
    if within(last.any, APART_MS) {
        return Vec::new();
    }
    let expiring_told = within(last.expiring, DAY_MS);
    let mut due: Vec<_> = known.iter().filter_map(|known| due_one(known, now)).collect();
    due.retain(|due| !(expiring_told && matches!(due.incident.reason, IncidentReason::Expiring { .. })));
    due.sort_by_key(|due| (urgency(due.incident.reason), due.incident.connection.clone()));
    due
}

fn due_one(known: &KnownIncident, now: Timestamp) -> Option<Due> {
    let hushed = known.ended || known.ignored || known.snoozed_until.is_some_and(|until| now < until);
    let due_at = match (known.sent_at, known.reminded_at) {
        (None, _) => known.began_at.plus(patience_ms(known.incident.reason)),
        (Some(sent_at), None) if is_repeated(known.incident.reason) => sent_at.plus(DAY_MS),
        (Some(_), None | Some(_)) => return None,
    };
    (!hushed && due_at <= now)
        .then(|| Due { incident: known.incident.clone(), reminder: known.sent_at.is_some() })
}

/// How long an incident may last before a person is told.
fn patience_ms(reason: IncidentReason) -> i64 {
    match reason {
        IncidentReason::SignInNeeded { .. }
        | IncidentReason::Misconfigured { .. }
        | IncidentReason::Expiring { .. } => 0,
        IncidentReason::Stale => 30 * MINUTE_MS,
        IncidentReason::RateLimited => 60 * MINUTE_MS,
    }
}

/// Whether a person who did nothing is reminded once, a day later.
fn is_repeated(reason: IncidentReason) -> bool {
    match reason {
        IncidentReason::SignInNeeded { .. } | IncidentReason::Stale => true,
        IncidentReason::Misconfigured { .. }
        | IncidentReason::RateLimited
        | IncidentReason::Expiring { .. } => false,
    }
}

fn urgency(reason: IncidentReason) -> u8 {
    match reason {
        IncidentReason::SignInNeeded { .. } => 0,
        IncidentReason::Misconfigured { .. } => 1,
        IncidentReason::Stale => 2,
        IncidentReason::RateLimited => 3,
        IncidentReason::Expiring { days } => 4 + days,
    }
}

#[cfg(test)]
#[path = "rules/tests.rs"]
mod tests;
