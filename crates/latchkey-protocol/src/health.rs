//! Health in two layers: the grant decides the colour, the activity explains it.
//!
//! A grant state answers "does the person need to act?"; an activity answers "what is happening right
//! now?". Keeping them apart is what lets a connection be healthy and offline at once, so that a lost
//! network is never shown as a lost sign-in.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How a connection is, as one value: everything a card, a tray line or a program needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether the person needs to act.
    pub grant: GrantState,
    /// What is happening at this moment.
    pub activity: Activity,
    /// The two layers folded into the one word that decides the colour.
    pub severity: Severity,
}

/// The colour of a card, as a word. Ordered from calm to urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Usable, nothing to do.
    Healthy,
    /// Something is on its way: a sign-in, a disconnect.
    Pending,
    /// Usable, with something worth knowing.
    Notice,
    /// Not usable at this moment, or something around it is wrong that a person can put right; no fault of the
    /// sign-in.
    Degraded,
    /// The person must act.
    Attention,
}

/// Whether the person needs to act on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum GrantState {
    /// Tokens are stored and the account is verified.
    Connected,
    /// Usable; the provider ends the grant soon.
    Expiring {
        /// When the provider ends the grant.
        ends_at: Timestamp,
    },
    /// Usable; the person or the provider granted less than was asked.
    Limited {
        /// Scopes asked for and not granted.
        missing: Vec<String>,
    },
    /// The person must sign in again.
    Attention {
        /// Why.
        reason: AttentionReason,
        /// Since when.
        since: Timestamp,
        /// What the provider said, made safe for display.
        provider_text: Option<String>,
    },
    /// No sign-in is wrong; a setting or the provider's side is.
    Misconfigured {
        /// What is wrong.
        fault: ConfigurationFault,
        /// Since when.
        since: Timestamp,
        /// What the provider said, made safe for display.
        provider_text: Option<String>,
    },
    /// The person pressed Disconnect and the provider has not confirmed yet.
    Disconnecting,
}

/// Why the person must sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum AttentionReason {
    /// The provider answered `invalid_grant`: access was removed there, or it ended.
    RevokedOrExpired,
    /// The provider changed the sign-in and its answer never arrived; the old one is refused.
    LostRotation,
    /// The provider's own deadline has passed.
    GrantEnded,
    /// Access has ended and the provider gave no way to renew it.
    NotRenewable,
    /// The stored sign-in is gone from the keychain or cannot be read.
    Unreadable,
    /// The connection was kept in memory only and Latchkey was closed.
    MemoryOnly,
    /// An older copy of the database was put back: what it holds may have been used and replaced since.
    RolledBack,
    /// It was exported for another computer, and two that renew one sign-in end it for each other.
    HandedOver,
    /// Another connection of the same account was disconnected, and the provider ends all of them together.
    EndedTogether,
    /// The provider renewed the sign-in as that of another account; nothing of its answer is used.
    IdentityChanged,
}

/// What is set up wrongly, on this side or on the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ConfigurationFault {
    /// `invalid_client` or `unauthorized_client`: the provider does not accept this client id.
    ClientRefused,
    /// The client id was removed from the settings.
    ClientIdMissing,
    /// `invalid_request`, `invalid_scope` or `unsupported_grant_type`.
    RequestRefused,
    /// The token endpoint answers with a redirect, which is never followed.
    EndpointRedirects,
    /// The certificate of the provider is not trusted on this computer.
    CertificateUntrusted,
    /// The proxy between this computer and the provider wants a name and a password.
    ProxyCredentials,
    /// The provider file of this connection is gone or broken.
    ProviderMissing,
    /// The provider issues tokens that its own API refuses.
    TokensRefused,
}

/// What is happening to a connection at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Activity {
    /// Nothing; the next renewal is planned, if there is anything to renew.
    Idle {
        /// When the next renewal is planned.
        next_renewal_at: Option<Timestamp>,
    },
    /// One request is on its way to the provider.
    Refreshing,
    /// Renewal failed for a passing reason; access still works.
    Retrying {
        /// Of which kind the last failure was.
        cause: FailureKind,
        /// When the next try is planned.
        next_at: Timestamp,
    },
    /// Renewal fails and access has run out in the meantime.
    Stale {
        /// Of which kind the last failure was.
        cause: FailureKind,
        /// Since when renewal fails.
        since: Timestamp,
        /// When the next try is planned.
        next_at: Timestamp,
    },
    /// The provider cannot be reached from this computer.
    Offline {
        /// When the next try is planned.
        next_at: Timestamp,
    },
    /// The provider asked to wait.
    RateLimited {
        /// Until when.
        until: Timestamp,
    },
    /// The clock of this computer is wrong by minutes. Nothing is lost by it; what dates say is.
    ClockWrong {
        /// Milliseconds by which this computer is ahead of the provider; negative where it is behind.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        ahead_ms: i64,
    },
    /// The keychain is locked, so the sign-in rests until it opens.
    Locked,
    /// The local database cannot be written; nothing is spent until it can.
    StorageFault,
}

/// Of which kind a failure was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The provider refused the sign-in.
    Authorization,
    /// The provider was not reached, or its answer did not arrive.
    Network,
    /// The provider asked to wait.
    RateLimit,
    /// The provider answered with a fault of its own, or with something that is no answer.
    Provider,
    /// A setting is wrong.
    Configuration,
    /// The database or the keychain failed.
    Storage,
    /// None of the above.
    Unknown,
}

/// How a connection was from a moment on, until the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HealthChange {
    /// From when on.
    pub at: Timestamp,
    /// The colour.
    pub severity: Severity,
    /// The grant, without its details.
    pub grant: GrantKind,
    /// What was happening, without its details.
    pub activity: ActivityKind,
}

macro_rules! kinds {
    ($(#[$doc:meta])* $kind:ident of $state:ident: $($variant:ident),*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
        #[serde(rename_all = "kebab-case")]
        #[expect(missing_docs, reason = "each is described where it has its details")]
        pub enum $kind {
            $($variant,)*
        }

        impl $state {
            /// Which it is, without its details.
            pub fn kind(&self) -> $kind {
                match self {
                    $(Self::$variant { .. } => $kind::$variant,)*
                }
            }
        }
    };
}

kinds! {
    /// A grant state without its details.
    GrantKind of GrantState: Connected, Expiring, Limited, Attention, Misconfigured, Disconnecting
}
kinds! {
    /// An activity without its details.
    ActivityKind of Activity:
        Idle, Refreshing, Retrying, Stale, Offline, RateLimited, ClockWrong, Locked, StorageFault
}
