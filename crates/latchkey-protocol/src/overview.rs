//! Everything at once: what a window draws when it opens.

use serde::{Deserialize, Serialize};

use crate::{ConnectionView, ProviderView};

/// The whole state of the engine that may leave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Every provider, in the order of the catalogue.
    pub providers: Vec<ProviderView>,
    /// Every connection, oldest first.
    pub connections: Vec<ConnectionView>,
    /// What is wrong with files and settings.
    pub notices: Vec<Notice>,
    /// How the place is where sign-ins rest.
    pub vault: VaultState,
    /// Where the key is kept under which they are sealed.
    pub protection: Protection,
}

/// Where the installation key is kept, under which sign-ins are sealed. The person chooses; nothing changes it
/// silently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Protection {
    /// In the operating system's keychain, where sign-ins rest too.
    Keychain,
    /// Sealed under a passphrase. Sign-ins rest sealed in the database, and it is asked for at every start.
    Passphrase,
    /// In a file of the person's own. Sign-ins rest sealed in the database.
    KeyFile {
        /// Where the file is.
        path: String,
    },
}

/// How the place is where sign-ins rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum VaultState {
    /// The key is at hand.
    Open,
    /// The keychain is locked.
    Locked,
    /// This computer has no keychain, or it cannot be reached.
    Absent,
    /// The keychain does not answer in time.
    Slow,
    /// The keychain answers and refuses.
    Refused,
    /// Everything is sealed until the passphrase is entered.
    PassphraseNeeded,
    /// The key file is gone, damaged, or open to others.
    KeyFileUnusable,
}

/// Something about a file or a setting that the person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What happened: the file, the line, what is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// A provider file.
    ProviderFile,
    /// The settings file.
    Settings,
    /// The database.
    Database,
    /// The link scheme belongs to another program, or could not be registered.
    DeepLink,
}
