//! What the engine tells its listeners. Every event carries the full new value, so nobody asks back.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, ConnectionView, Overview, ProviderView};

/// One event, numbered from 1 in the order in which things happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub number: u64,
    /// What happened.
    pub body: EventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum EventBody {
    /// Everything, sent first to each new listener and after it missed something.
    Overview {
        /// The whole state.
        overview: Overview,
    },
    /// A connection is new or has changed.
    ConnectionChanged {
        /// Its new value.
        connection: Box<ConnectionView>,
    },
    /// A connection is gone.
    ConnectionRemoved {
        /// Which.
        id: ConnectionId,
        /// What is left to say.
        farewell: Farewell,
    },
    /// A provider has changed: its client id, or a first sign-in.
    ProviderChanged {
        /// Its new value.
        provider: Box<ProviderView>,
    },
}

/// What is said when a connection is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Farewell {
    /// The provider's name.
    pub provider_name: String,
    /// The account's name.
    pub account_name: String,
    /// What the provider knows of it.
    pub revocation: Revocation,
    /// The provider's own page for removing access, where the person may look or has to act.
    pub manage_url: Option<String>,
}

/// What the provider knows of a disconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Revocation {
    /// The provider confirmed that access is removed.
    Confirmed,
    /// The provider has no endpoint for it; access ends on its own page.
    NotOffered,
    /// The provider refused or never answered; access may still stand.
    Unconfirmed,
    /// There was nothing left to revoke.
    NothingLeft,
}
