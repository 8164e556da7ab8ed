//! What is worth telling a person who does not look: incidents, and the notices about them.
//!
//! An incident is a connection and a reason. It begins with the first bad state and ends with recovery, and a
//! person hears of it once.

use serde::{Deserialize, Serialize};

use crate::{AttentionReason, ConfigurationFault, ConnectionId};

/// A connection and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Which connection.
    pub connection: ConnectionId,
    /// What is wrong.
    pub reason: IncidentReason,
}

/// What is wrong, as far as a person is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum IncidentReason {
    /// The person must sign in again.
    SignInNeeded {
        /// Why.
        reason: AttentionReason,
    },
    /// A setting is wrong, and was so at the next try too.
    Misconfigured {
        /// Which.
        fault: ConfigurationFault,
    },
    /// Renewal fails and access has run out.
    Stale,
    /// The provider has been asking to wait for more than an hour.
    RateLimited,
    /// The provider ends the grant soon.
    Expiring {
        /// The step of the warning: 14, 7 or 1 days before the end.
        days: u8,
    },
}

/// What a shell that shows notices has to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct NoticesDue {
    /// The one to show, in place of whatever is shown.
    pub show: Option<DueNotice>,
    /// What is over: its notice is taken back without a word.
    pub withdraw: Vec<Incident>,
}

/// A notice that is due, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DueNotice {
    /// Provider, account and what happened; of several, how many.
    pub title: String,
    /// The consequence and the remedy; of several, one line for each.
    pub body: String,
    /// Whether all of it was told before: then it comes without a sound.
    pub reminder: bool,
    /// What it tells of, most urgent first. Its button leads to the connection of the first.
    pub incidents: Vec<Incident>,
}
