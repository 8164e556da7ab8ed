//! Where the installation key is kept: in the keychain, sealed under a passphrase, or in a key file. The
//! person chooses, and the choice is written down with what it needs.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use latchkey_envelope::PassphraseEnvelope;
use latchkey_protocol::Protection;
use serde::{Deserialize, Serialize};

/// Where the installation key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// In an item of the keychain; sign-ins rest there too.
    Keychain,
    /// In the database, sealed under a passphrase. Sign-ins rest in the database.
    Passphrase(PassphraseEnvelope),
    /// In a file outside the data folder. Sign-ins rest in the database.
    KeyFile(PathBuf),
}

impl KeyPlace {
    /// The text that the database keeps.
    pub(crate) fn to_text(&self) -> String {
        let written = match self {
            Self::Keychain => Written::Keychain,
            Self::Passphrase(sealed) => {
                Written::Passphrase { sealed: BASE64_STANDARD.encode(sealed.as_bytes()) }
            }
            Self::KeyFile(path) => Written::KeyFile { path: path.clone() },
        };
        // Texts and paths that came in as text always serialize.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// Reads [`Self::to_text`]; `None` when it is something else.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Some(match serde_json::from_str(text).ok()? {
            Written::Keychain => Self::Keychain,
            Written::Passphrase { sealed } => {
                Self::Passphrase(PassphraseEnvelope::from_bytes(BASE64_STANDARD.decode(sealed).ok()?))
            }
            Written::KeyFile { path } => Self::KeyFile(path),
        })
    }

    /// What others see of it.
    pub(crate) fn view(&self) -> Protection {
        match self {
            Self::Keychain => Protection::Keychain,
            Self::Passphrase(_) => Protection::Passphrase,
            Self::KeyFile(path) => Protection::KeyFile { path: path.display().to_string() },
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Written {
    Keychain,
    Passphrase { sealed: String },
    KeyFile { path: PathBuf },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_written_form() {
        let sealed = PassphraseEnvelope::from_bytes(vec![1, 2, 3]);
        for place in [
            KeyPlace::Keychain,
            KeyPlace::Passphrase(sealed),
            KeyPlace::KeyFile("/media/key/latchkey".into()),
        ] {
            assert_eq!(KeyPlace::from_text(&place.to_text()), Some(place));
        }
        assert_eq!(KeyPlace::from_text("{\"kind\":\"elsewhere\"}"), None);
    }
}
