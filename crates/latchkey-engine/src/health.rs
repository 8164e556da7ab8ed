//! Folds what is known into health. Pure: the same facts give the same health, at any time, anywhere.

use latchkey_protocol::{
    Activity, AttentionReason, FailureKind, GrantState, Health, SealedReason, Severity, Timestamp,
};

use crate::connection::{Connection, Standing};

/// From this many milliseconds before the provider's deadline a grant is shown as ending: 14 days.
const ENDING_MS: i64 = 14 * 86_400_000;

/// What is true only at this moment and is written nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// What is being done, or what keeps it from being done.
    pub(crate) doing: Doing,
    /// The access token lives, by the suspend-aware clock.
    pub(crate) access_alive: bool,
    /// Milliseconds by which this computer's clock is ahead of the provider's, where that is worth a word.
    pub(crate) clock_ahead_ms: Option<i64>,
    /// Until when the provider's API asked to be left alone.
    pub(crate) api_waits_until: Option<Timestamp>,
    /// When the next renewal is planned.
    pub(crate) next_renewal_at: Option<Timestamp>,
    /// Why the token set has not moved to the keychain.
    pub(crate) unsettled: Option<SealedReason>,
}

/// What is being done for a connection, or what on this computer keeps it from being done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Nothing.
    #[default]
    Nothing,
    /// A refresh.
    Refreshing,
    /// Nothing, because the keychain does not open.
    Locked,
    /// Nothing, because the database cannot be written.
    StorageFault,
}

impl Doing {
    /// The same once the key is at hand.
    pub(crate) fn without_lock(self) -> Self {
        match self {
            Self::Locked => Self::Nothing,
            Self::Nothing | Self::Refreshing | Self::StorageFault => self,
        }
    }
}

/// How a connection is.
pub(crate) fn health(connection: &Connection, moment: &Moment, now: Timestamp) -> Health {
    let grant = grant(connection, moment, now);
    let activity = activity(connection, moment, now);
    let severity = severity(&grant, &activity, moment.access_alive);
    Health { grant, activity, severity }
}

fn grant(connection: &Connection, moment: &Moment, now: Timestamp) -> GrantState {
    match &connection.standing {
        Standing::Good => good_grant(connection, moment, now),
        Standing::Attention { reason, since, text } => {
            GrantState::Attention { reason: *reason, since: *since, provider_text: text.clone() }
        }
        Standing::Misconfigured { fault, since, text } => {
            GrantState::Misconfigured { fault: *fault, since: *since, provider_text: text.clone() }
        }
        Standing::Disconnecting { .. } => GrantState::Disconnecting,
    }
}

fn good_grant(connection: &Connection, moment: &Moment, now: Timestamp) -> GrantState {
    let attention = |reason, since| GrantState::Attention { reason, since, provider_text: None };
    if let Some(ends_at) = connection.grant.ends_at {
        if ends_at <= now {
            return attention(AttentionReason::GrantEnded, ends_at);
        }
        if ends_at.plus(-ENDING_MS) <= now {
            return GrantState::Expiring { ends_at };
        }
    }
    if let (false, false, Some(expired_at)) =
        (connection.access.renewable, moment.access_alive, connection.access.expires_at)
    {
        return attention(AttentionReason::NotRenewable, expired_at);
    }
    let missing = connection.grant.missing();
    if missing.is_empty() { GrantState::Connected } else { GrantState::Limited { missing } }
}

fn activity(connection: &Connection, moment: &Moment, now: Timestamp) -> Activity {
    match moment.doing {
        Doing::Nothing => {}
        Doing::Refreshing => return Activity::Refreshing,
        Doing::Locked => return Activity::Locked,
        Doing::StorageFault => return Activity::StorageFault,
    }
    let track = &connection.track;
    let (Some(failure), Some(next_at)) = (&track.last_failure, track.next_try_at) else {
        return idle(moment);
    };
    match failure.kind {
        FailureKind::RateLimit => Activity::RateLimited { until: next_at },
        FailureKind::Network => Activity::Offline { next_at },
        // The grant says it.
        FailureKind::Configuration if matches!(connection.standing, Standing::Misconfigured { .. }) => {
            idle(moment)
        }
        cause @ (FailureKind::Authorization
        | FailureKind::Provider
        | FailureKind::Configuration
        | FailureKind::Storage
        | FailureKind::Unknown) => {
            if moment.access_alive {
                Activity::Retrying { cause, next_at }
            } else {
                Activity::Stale { cause, since: track.failing_since.unwrap_or(now), next_at }
            }
        }
    }
}

/// Nothing is under way. A clock that is wrong is said where nothing more urgent is, and so is an API that
/// asked to be left alone.
fn idle(moment: &Moment) -> Activity {
    match (moment.api_waits_until, moment.clock_ahead_ms) {
        (Some(until), _) => Activity::RateLimited { until },
        (None, Some(ahead_ms)) => Activity::ClockWrong { ahead_ms },
        (None, None) => Activity::Idle { next_renewal_at: moment.next_renewal_at },
    }
}

fn severity(grant: &GrantState, activity: &Activity, access_alive: bool) -> Severity {
    let by_grant = match grant {
        GrantState::Connected => Severity::Healthy,
        GrantState::Expiring { .. } | GrantState::Limited { .. } => Severity::Notice,
        GrantState::Attention { .. } => return Severity::Attention,
        GrantState::Misconfigured { .. } => return Severity::Degraded,
        GrantState::Disconnecting => return Severity::Pending,
    };
    let by_activity = match activity {
        Activity::Idle { .. } | Activity::Refreshing | Activity::Retrying { .. } => Severity::Healthy,
        Activity::Offline { .. } | Activity::RateLimited { .. } if access_alive => Severity::Notice,
        Activity::Offline { .. }
        | Activity::RateLimited { .. }
        | Activity::Stale { .. }
        | Activity::Locked
        | Activity::ClockWrong { .. }
        | Activity::StorageFault => Severity::Degraded,
    };
    by_grant.max(by_activity)
}

#[cfg(test)]
#[path = "health/tests.rs"]
mod tests;
