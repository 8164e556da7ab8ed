//! What an export and an import have done, connection by connection.

use serde::{Deserialize, Serialize};

/// What became of one connection in an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct BackedUp {
    /// The provider's name.
    pub provider_name: String,
    /// The account's name.
    pub account_name: String,
    /// What became of it.
    pub end: BackupEnd,
}

/// What became of a connection in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum BackupEnd {
    /// It is in the file, and handed over: this computer does not renew it any more.
    Exported,
    /// It is not: it needs a new sign-in, or is being disconnected, or was handed over before.
    NotUsable,
    /// It is not: it is kept in memory only.
    MemoryOnly,
    /// It is not: what is stored of it cannot be read.
    Unreadable,
}

/// What became of one connection in an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The provider's name.
    pub provider_name: String,
    /// The account's name.
    pub account_name: String,
    /// What became of it.
    pub end: ImportEnd,
}

/// What became of a connection in an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ImportEnd {
    /// The account was not connected here.
    Added,
    /// It replaced an older sign-in of the same account.
    Replaced,
    /// The sign-in that is here is newer, or as new and in use.
    KeptExisting,
    /// It could not be saved; the message of the log says why.
    Failed,
}
