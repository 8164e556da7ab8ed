//! A connection: who is signed in where, and how the grant stands. No I/O and no secret.
//!
//! States are enums and transitions are methods that say whether they apply. Three numbers keep a late
//! answer from overwriting a newer truth: the *epoch* rises at every sign-in and disconnect, the
//! *generation* at every saved token set, and a write names both.

use std::collections::BTreeMap;
use std::sync::Arc;

use latchkey_protocol::{
    AttentionReason, ConfigurationFault, ConnectionId, FailureKind, Keep, ProviderId, RestingPlace, Timestamp,
};

use serde::{Deserialize, Serialize};

use crate::credential::TokenSet;
use crate::entropy::SharedEntropy;
use crate::person::Person;

/// Values by name, in the order of their names.
pub(crate) type Values = BTreeMap<String, String>;

/// One signed-in account at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The provider.
    pub provider: ProviderId,
    /// The provider's name when the person signed in, for when its file is missing.
    pub provider_name: String,
    /// The client id the grant belongs to: a refresh with another one is refused (RFC 6749 6).
    pub client_id: String,
    /// Who is signed in.
    pub account: Account,
    /// Where the person wants it kept.
    pub keep: Keep,
    /// Rises at every sign-in and disconnect.
    pub epoch: i64,
    /// Rises at every saved token set of an epoch.
    pub generation: i64,
    /// What was granted.
    pub grant: Grant,
    /// What is known of present access.
    pub access: Access,
    /// Whether the person must act.
    pub standing: Standing,
    /// How renewing goes.
    pub track: Track,
    /// Where the token set rests.
    pub resting: RestingPlace,
    /// When it was first connected.
    pub created_at: Timestamp,
    /// What the person said of the provider's server.
    pub variables: Values,
    /// What the provider's answers said of it. No secret.
    pub kept: Values,
}

/// Who is signed in, in the provider's words, made safe for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The immutable key.
    pub key: String,
    /// The name to show.
    pub name: String,
    /// The picture, small and checked.
    pub picture: Option<Picture>,
    /// More of the person, where the provider was asked by this process and Latchkey keeps it.
    pub person: Option<Person>,
}

impl Account {
    /// The same, found out at this moment.
    #[must_use]
    pub(crate) fn seen(mut self, at: Timestamp) -> Self {
        self.person = self.person.map(|person| Person { seen_at: at, ..person });
        self
    }
}

/// A picture: its media type and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// `image/png` and its like.
    pub media_type: String,
    /// The file, shared by all copies of its connection.
    pub bytes: Arc<[u8]>,
}

/// What was granted and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// When the person authorized.
    pub authorized_at: Timestamp,
    /// When the provider ends it.
    pub ends_at: Option<Timestamp>,
    /// Scopes asked for.
    pub asked: Vec<String>,
    /// Scopes in force.
    pub granted: Vec<String>,
}

impl Grant {
    /// Scopes asked for and not granted.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.asked.iter().filter(|scope| !self.granted.contains(scope)).cloned().collect()
    }
}

/// What is known of present access without looking into the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    /// When it was asked for.
    pub obtained_at: Timestamp,
    /// When it runs out; `None` where the provider does not say.
    pub expires_at: Option<Timestamp>,
    /// Whether there is a refresh token.
    pub renewable: bool,
}

impl From<&TokenSet> for Access {
    fn from(set: &TokenSet) -> Self {
        Self { obtained_at: set.obtained_at, expires_at: set.expires_at, renewable: set.refresh.is_some() }
    }
}

/// Whether the person must act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// The grant stands as far as anybody knows.
    Good,
    /// The token endpoint ended the grant, or the token set is gone. The refused set stays at rest and is
    /// tried again only when the person asks.
    Attention {
        /// Why.
        reason: AttentionReason,
        /// Since when.
        since: Timestamp,
        /// What the provider said.
        text: Option<String>,
    },
    /// A setting is wrong, here or there; the grant is untouched.
    Misconfigured {
        /// What.
        fault: ConfigurationFault,
        /// Since when.
        since: Timestamp,
        /// What the provider said.
        text: Option<String>,
    },
    /// The person pressed Disconnect; what is left is told to the provider and then erased.
    Disconnecting {
        /// Since when.
        since: Timestamp,
    },
}

/// How renewing goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Track {
    /// The last time the provider confirmed the sign-in.
    pub last_success_at: Option<Timestamp>,
    /// Failures in a row since then.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<Failure>,
    /// Not before this moment is the provider asked again.
    pub next_try_at: Option<Timestamp>,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// Of which kind.
    pub kind: FailureKind,
    /// When.
    pub at: Timestamp,
    /// What happened, in words.
    pub message: String,
}

/// A transition that does not apply: the connection has changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection has changed meanwhile")]
pub(crate) struct Superseded;

impl Connection {
    /// An id for a new connection that outlives the process.
    pub(crate) fn fresh_id(entropy: &SharedEntropy) -> Option<ConnectionId> {
        ConnectionId::try_from(entropy.id("c-")).ok()
    }

    /// Its epoch and generation.
    pub(crate) fn version(&self) -> (i64, i64) {
        (self.epoch, self.generation)
    }

    /// Whether a refresh may run without the person: the grant stands, or a setting may have been put right.
    pub(crate) fn may_renew(&self) -> bool {
        match self.standing {
            Standing::Good | Standing::Misconfigured { .. } => self.access.renewable,
            Standing::Attention { .. } | Standing::Disconnecting { .. } => false,
        }
    }

    /// Whether the provider's API refuses what its token endpoint issues.
    pub(crate) fn access_is_refused(&self) -> bool {
        matches!(self.standing, Standing::Misconfigured { fault: ConfigurationFault::TokensRefused, .. })
    }

    /// Whether `other` is of the same account on the same server.
    pub(crate) fn is_of(&self, provider: &ProviderId, variables: &Values, account_key: &str) -> bool {
        &self.provider == provider && &self.variables == variables && self.account.key == account_key
    }

    /// A token set was saved as the next generation, and the provider confirmed the sign-in with it; or what
    /// the provider sent for another account was put beside the set there was.
    pub(crate) fn renewed(
        mut self,
        set: &TokenSet,
        granted: Option<Vec<String>>,
        at: Timestamp,
    ) -> Result<Self, Superseded> {
        if matches!(self.standing, Standing::Disconnecting { .. }) {
            return Err(Superseded);
        }
        self.generation += 1;
        self.resting = if self.keep == Keep::Memory { RestingPlace::Memory } else { RestingPlace::Sealed };
        if set.quarantined.is_some() {
            return self.needs_sign_in(AttentionReason::IdentityChanged, at, None);
        }
        self.access = Access::from(set);
        if let Some(granted) = granted {
            self.grant.granted = granted;
        }
        let refused = self.access_is_refused();
        match (set.usable, refused) {
            // Only the API's own answer, or a new sign-in, says that it takes this provider's tokens again.
            (true | false, true) => self.track.next_try_at = None,
            (true, false) => self.standing = Standing::Good,
            (false, false) => self.standing = unusable(set.obtained_at),
        }
        if !refused {
            self.track = Track { last_success_at: Some(set.obtained_at), ..Track::default() };
        }
        Ok(self)
    }

    /// The keychain held a newer set than the database knew of.
    #[must_use]
    pub(crate) fn recovered(mut self, (epoch, generation): (i64, i64), set: &TokenSet) -> Self {
        (self.epoch, self.generation) = (epoch, generation);
        self.access = Access::from(set);
        self.standing = match (&set.quarantined, set.usable) {
            (Some(_), _) => {
                let reason = AttentionReason::IdentityChanged;
                Standing::Attention { reason, since: set.obtained_at, text: None }
            }
            (None, true) => Standing::Good,
            (None, false) => unusable(set.obtained_at),
        };
        self.track = Track { last_success_at: Some(set.obtained_at), ..Track::default() };
        self.resting = RestingPlace::Keychain;
        self
    }

    /// The provider answered the identity call: the sign-in is alive.
    pub(crate) fn confirmed(mut self, at: Timestamp, account: Account) -> Result<Self, Superseded> {
        if matches!(self.standing, Standing::Disconnecting { .. }) {
            return Err(Superseded);
        }
        self.account = account.seen(at);
        self.standing = Standing::Good;
        self.track = Track { last_success_at: Some(at), ..Track::default() };
        Ok(self)
    }

    /// The person must sign in again. An earlier reason stands: the first one is the true one.
    pub(crate) fn needs_sign_in(
        mut self,
        reason: AttentionReason,
        at: Timestamp,
        text: Option<String>,
    ) -> Result<Self, Superseded> {
        match self.standing {
            Standing::Disconnecting { .. } => return Err(Superseded),
            Standing::Attention { .. } => {}
            Standing::Good | Standing::Misconfigured { .. } => {
                self.standing = Standing::Attention { reason, since: at, text: text.clone() };
            }
        }
        let kind = match reason {
            AttentionReason::Unreadable | AttentionReason::MemoryOnly | AttentionReason::RolledBack => {
                FailureKind::Storage
            }
            AttentionReason::HandedOver => FailureKind::Unknown,
            AttentionReason::IdentityChanged => FailureKind::Provider,
            AttentionReason::RevokedOrExpired
            | AttentionReason::EndedTogether
            | AttentionReason::LostRotation
            | AttentionReason::GrantEnded
            | AttentionReason::NotRenewable => FailureKind::Authorization,
        };
        let message = text.unwrap_or_else(|| in_words(reason).to_owned());
        self.track.failed(Failure { kind, at, message });
        self.track.next_try_at = None;
        Ok(self)
    }

    /// A setting is wrong. The grant is kept and tried again at `next_try_at`.
    pub(crate) fn misconfigured(
        mut self,
        fault: ConfigurationFault,
        at: Timestamp,
        text: Option<String>,
        next_try_at: Timestamp,
    ) -> Result<Self, Superseded> {
        match self.standing {
            Standing::Disconnecting { .. } | Standing::Attention { .. } => return Err(Superseded),
            Standing::Misconfigured { fault: known, .. } if known == fault => {}
            Standing::Good | Standing::Misconfigured { .. } => {
                self.standing = Standing::Misconfigured { fault, since: at, text: text.clone() };
            }
        }
        let message = text.unwrap_or_else(|| fault_in_words(fault).to_owned());
        self.track.failed(Failure { kind: FailureKind::Configuration, at, message });
        self.track.next_try_at = Some(next_try_at);
        Ok(self)
    }

    /// The file of its provider was missing and is there again.
    pub(crate) fn provider_is_back(&mut self) {
        let fault = ConfigurationFault::ProviderMissing;
        if matches!(self.standing, Standing::Misconfigured { fault: known, .. } if known == fault) {
            self.standing = Standing::Good;
            self.track = Track { last_success_at: self.track.last_success_at, ..Track::default() };
        }
    }

    /// Renewing failed for a passing reason.
    #[must_use]
    pub(crate) fn failed_for_now(mut self, failure: Failure, next_try_at: Timestamp) -> Self {
        self.track.failed(failure);
        self.track.next_try_at = Some(next_try_at);
        self
    }

    /// Nothing was tried, and nothing is before `next_try_at`: the provider is known to be down, or has asked
    /// its other callers here to wait. That is no failure of this connection and counts as none.
    #[must_use]
    pub(crate) fn postponed(mut self, why: Failure, next_try_at: Timestamp) -> Self {
        self.track.failing_since = self.track.failing_since.or(Some(why.at));
        self.track.last_failure = Some(why);
        self.track.next_try_at = Some(next_try_at);
        self
    }

    /// The keychain did not give the token set, so nothing was tried.
    #[must_use]
    pub(crate) fn kept_from_trying(mut self, failure: Failure) -> Self {
        self.track.failed(failure);
        self
    }

    /// The person pressed Disconnect. Whatever is under way belongs to the past from here on.
    #[must_use]
    pub(crate) fn disconnecting(mut self, at: Timestamp) -> Self {
        if !matches!(self.standing, Standing::Disconnecting { .. }) {
            self.epoch += 1;
            self.standing = Standing::Disconnecting { since: at };
            self.track = Track::default();
        }
        self
    }
}

impl Track {
    fn failed(&mut self, failure: Failure) {
        self.failures = self.failures.saturating_add(1);
        self.failing_since = self.failing_since.or(Some(failure.at));
        self.last_failure = Some(failure);
    }
}

fn in_words(reason: AttentionReason) -> &'static str {
    match reason {
        AttentionReason::RevokedOrExpired => "the provider refuses the sign-in",
        AttentionReason::LostRotation => {
            "the provider's last answer was lost and it refuses the sign-in before it"
        }
        AttentionReason::GrantEnded => "the provider's own deadline has passed",
        AttentionReason::NotRenewable => "access has ended and cannot be renewed",
        AttentionReason::Unreadable => "the stored sign-in cannot be read",
        AttentionReason::MemoryOnly => "the sign-in was kept in memory and ended with Latchkey",
        AttentionReason::RolledBack => "an older copy of the database was put back",
        AttentionReason::HandedOver => "the sign-in was exported for another computer",
        AttentionReason::EndedTogether => "another connection of the same account was disconnected",
        AttentionReason::IdentityChanged => "the provider renewed the sign-in as that of another account",
    }
}

fn fault_in_words(fault: ConfigurationFault) -> &'static str {
    match fault {
        ConfigurationFault::ClientRefused => "the provider does not accept the client id",
        ConfigurationFault::ClientIdMissing => "there is no client id",
        ConfigurationFault::RequestRefused => "the provider does not accept the request",
        ConfigurationFault::EndpointRedirects => "the token endpoint answers with a redirect",
        ConfigurationFault::CertificateUntrusted => "the provider's certificate is not trusted",
        ConfigurationFault::ProxyCredentials => "the proxy wants a name and a password",
        ConfigurationFault::ProviderMissing => "the provider's file is missing",
        ConfigurationFault::TokensRefused => "the provider's API refuses the tokens that it issues",
    }
}

/// The provider renewed the sign-in with a kind of access token that must not be used (RFC 6749 7.1).
fn unusable(at: Timestamp) -> Standing {
    let text = Some("a kind of token that Latchkey cannot use".to_owned());
    Standing::Misconfigured { fault: ConfigurationFault::TokensRefused, since: at, text }
}

#[cfg(test)]
mod tests;
