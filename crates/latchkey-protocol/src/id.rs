//! Identifiers and points in time, each a type of its own so that no two can be swapped by mistake.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, by the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This point in time moved by `milliseconds`, which may be negative.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// Why a text is not an identifier: wrong length or a character outside `a-z 0-9 - _`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId(pub String);

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an id is 1 to 64 of the characters a-z, 0-9, '-' and '_' and begins with a letter or digit, got {} bytes",
            self.0.len()
        )
    }
}

impl std::error::Error for InvalidId {}

fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| plain(b) || b == b'-' || b == b'_')
        && text.bytes().next().is_some_and(plain)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(type = "string"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as it is written in files, rows and paths.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_id(&text) { Ok(Self(text)) } else { Err(InvalidId(text)) }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;
            fn try_from(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Names a provider file: `spotify`.
    ProviderId
}
id! {
    /// Names one signed-in account at a provider, for as long as it stays connected.
    ConnectionId
}
id! {
    /// Names one attempt to sign in. It is not the OAuth `state`, which stays in the engine.
    SignInId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_plain_and_starts_with_a_letter_or_digit() {
        for good in ["spotify", "a", "my-server_2", "0"] {
            assert!(ProviderId::try_from(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "_x", "Spotify", "a/b", "a b", "é", "../x", &"a".repeat(65)] {
            assert!(ProviderId::try_from(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_id_is_refused_when_read() {
        assert!(serde_json::from_str::<ConnectionId>("\"../../etc\"").is_err());
        assert!(serde_json::from_str::<ConnectionId>("\"c-1\"").is_ok());
    }
}
