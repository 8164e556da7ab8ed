//! A connection as others see it: who is signed in, how it is, and until when.

use serde::{Deserialize, Serialize};

use crate::{BrowserId, ConnectionId, FailureKind, Health, ProviderId, PurposeView, SignInView, Timestamp};

/// One signed-in account at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Its id.
    pub id: ConnectionId,
    /// The provider's id.
    pub provider: ProviderId,
    /// The provider's name, also when its file is missing.
    pub provider_name: String,
    /// Who is signed in.
    pub account: AccountView,
    /// What the person calls it, where they gave it a name.
    pub alias: Option<String>,
    /// In which browser the person wants to sign in; absent for the standard one.
    pub browser: Option<BrowserId>,
    /// How it is.
    pub health: Health,
    /// What was granted, and for how long.
    pub grant: GrantView,
    /// How renewing goes.
    pub renewal: RenewalView,
    /// Where the sign-in rests.
    pub resting: RestingPlace,
    /// Why it rests sealed, where it does.
    pub sealed: Option<SealedReason>,
    /// A reconnect that is under way or has ended without success.
    pub sign_in: Option<SignInView>,
    /// Where the account is, at a provider of many servers.
    pub realm: Option<RealmView>,
    /// What the person may allow at this provider, and whether it is granted.
    pub purposes: Vec<PurposeView>,
    /// The provider's own page for removing access, where it has one.
    pub manage_url: Option<String>,
}

/// Who is signed in, in the provider's words, made safe for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// The immutable key by which the provider knows the account.
    pub key: String,
    /// The name to show.
    pub name: String,
    /// The picture as a `data:` URL, so that the window never fetches anything.
    pub picture: Option<String>,
}

/// Where an account is, at a provider of many servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RealmView {
    /// The server.
    pub server: String,
    /// Whether it is the account of somebody who may act in the name of others there.
    pub may_impersonate: bool,
    /// Who acts in the name of this account, where that is not its owner.
    pub impersonated_by: Option<String>,
}

/// What was granted and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct GrantView {
    /// When the person authorized.
    pub authorized_at: Timestamp,
    /// When the provider ends the grant whatever happens; absent where it lasts until it is removed.
    pub ends_at: Option<Timestamp>,
    /// Scopes in force.
    pub granted: Vec<String>,
    /// Scopes asked for and not granted.
    pub missing: Vec<String>,
}

/// How renewing goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RenewalView {
    /// Whether the provider gave a way to renew.
    pub renewable: bool,
    /// When present access runs out; absent where it does not.
    pub access_expires_at: Option<Timestamp>,
    /// The last time the provider confirmed the sign-in.
    pub last_success_at: Option<Timestamp>,
    /// Failures in a row since then.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub consecutive_failures: u32,
    /// The last failure, until the next success.
    pub last_failure: Option<FailureView>,
}

/// One failure, told to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct FailureView {
    /// Of which kind.
    pub kind: FailureKind,
    /// When.
    pub at: Timestamp,
    /// What happened, in words.
    pub message: String,
}

/// Where a sign-in rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum RestingPlace {
    /// In its item of the operating system's keychain.
    Keychain,
    /// Sealed in the local database, on its way to the keychain or too large for it.
    Sealed,
    /// In memory only; it ends with Latchkey.
    Memory,
}

/// Why a sign-in rests sealed in the local database rather than in the keychain. Nothing is lost in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SealedReason {
    /// It is on its way to the keychain.
    OnItsWay,
    /// It is larger than an item of the keychain, and stays.
    TooLarge,
    /// The keychain is locked; it moves when that opens.
    KeychainLocked,
    /// There is no keychain; it moves when there is one.
    KeychainAbsent,
    /// The keychain does not answer; it is tried again.
    KeychainSlow,
    /// The keychain refuses, or its dialog was dismissed; it is tried again, ever more rarely.
    KeychainRefused,
    /// The person keeps the key under a passphrase or in a key file, so it stays.
    ByChoice,
}

/// One line of a connection's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: HistoryKind,
    /// In words, where the kind alone does not say it.
    pub message: Option<String>,
}

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum HistoryKind {
    /// The person signed in.
    SignedIn,
    /// Access was renewed.
    Renewed,
    /// Renewing failed for a passing reason.
    RenewalFailed,
    /// The person must sign in again.
    NeedsSignIn,
    /// A setting is wrong.
    Misconfigured,
    /// The person pressed Disconnect.
    DisconnectRequested,
    /// The database was behind; the newer sign-in was found in the keychain.
    Recovered,
    /// It was exported for another computer.
    HandedOver,
    /// It was imported from a backup.
    Imported,
}
