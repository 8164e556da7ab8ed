//! The one shape in which a failure leaves the engine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ConnectionId;

/// What went wrong, told so that a person or a program knows what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What somebody acts on.
    pub code: ProblemCode,
    /// What happened, to which connection.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The connection concerned.
    pub connection: Option<ConnectionId>,
    /// When trying again makes sense, in milliseconds from the answer.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem with a code and what happened.
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, connection: None, retry_after_ms: None }
    }

    /// The same, saying what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, about one connection.
    #[must_use]
    pub fn about(mut self, connection: &ConnectionId) -> Self {
        self.connection = Some(connection.clone());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// A code exists only because some consumer acts on it: the comment says who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The window opens the set-up steps of the provider.
    ClientIdMissing,
    /// The window offers to keep the sign-in in memory.
    KeychainUnavailable,
    /// The window asks for the passphrase.
    PassphraseNeeded,
    /// The window offers to copy the link instead.
    BrowserUnavailable,
    /// The card offers Reconnect.
    SignInNeeded,
    /// The caller waits and tries again.
    Temporary,
    /// The card points at the settings.
    Misconfigured,
    /// The list is read again: the thing named does not exist any more.
    NotFound,
    /// The form marks the field.
    InvalidInput,
    /// The database failed; the window shows the banner that says where the file is.
    Storage,
    /// Nobody can act on it; the message says what is known.
    Internal,
}
