//! A passphrase on its way in. It can be read from outside and never written back.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// The fewest characters of a passphrase that is chosen: more than NIST SP 800-63B 3.1.1 asks, because what it
/// seals may be copied and tried for years.
const SHORTEST: usize = 12;

/// What a person typed. Prints as nothing and is overwritten when dropped.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Whether it may be chosen: at least twelve characters.
    pub(crate) fn is_long_enough(&self) -> bool {
        self.0.expose_secret().chars().count() >= SHORTEST
    }
}

impl From<String> for Passphrase {
    fn from(typed: String) -> Self {
        Self(typed.into())
    }
}

impl From<&str> for Passphrase {
    fn from(typed: &str) -> Self {
        Self(typed.into())
    }
}

impl<'de> Deserialize<'de> for Passphrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_counted_in_characters_and_never_printed() {
        assert!(Passphrase::from("éééééééééééé").is_long_enough());
        assert!(!Passphrase::from("ééééééééééé").is_long_enough());
        assert_eq!(format!("{:?}", Passphrase::from("planted words")), "Passphrase(redacted)");
    }
}
