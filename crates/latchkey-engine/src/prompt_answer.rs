//! What a person answers when a sign-in asks. It can be read from outside and never written back.

use std::fmt;

use latchkey_protocol::{Keep, SignInMethod};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// Something typed that nobody else may know. Prints as nothing and is overwritten when dropped.
#[derive(Clone)]
pub struct Typed(SecretString);

impl Typed {
    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }

    /// The same as it was meant: codes are shown and copied in groups.
    pub(crate) fn without_spaces(&self) -> SecretString {
        self.0.expose_secret().split_whitespace().collect::<String>().into()
    }
}

impl From<&str> for Typed {
    fn from(typed: &str) -> Self {
        Self(typed.into())
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|typed| Self(typed.into()))
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(redacted)")
    }
}

/// An answer, each for the prompt of its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum PromptAnswer {
    /// Which server.
    Server {
        /// Its address, as a person types it.
        server: String,
        /// The collection; empty for the one that every server has.
        collection: String,
        /// Where the sign-in is to be kept.
        keep: Keep,
    },
    /// In which way.
    Method {
        /// One of those that were offered.
        method: SignInMethod,
    },
    /// An identity and a password.
    Password {
        /// By what the account is found.
        identity: String,
        /// What goes with it.
        password: Typed,
    },
    /// To which address a code is to be sent.
    Address {
        /// That address.
        email: String,
    },
    /// The code that was sent.
    OneTimeCode {
        /// As it was typed.
        code: Typed,
    },
    /// The password is forgotten: a mail for choosing another one is wanted.
    Forgotten {
        /// To which address.
        email: String,
    },
    /// Another way, or another server.
    Back,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_the_window_writes_them_and_never_printed() {
        let texts = [
            r#"{"kind":"server","server":"a","collection":"","keep":"memory"}"#,
            r#"{"kind":"method","method":{"kind":"upstream","id":"oidc","name":"Oidc"}}"#,
            r#"{"kind":"method","method":{"kind":"one-time-code"}}"#,
            r#"{"kind":"password","identity":"ada","password":"planted words"}"#,
            r#"{"kind":"address","email":"a@b"}"#,
            r#"{"kind":"one-time-code","code":"planted digits"}"#,
            r#"{"kind":"forgotten","email":"a@b"}"#,
            r#"{"kind":"back"}"#,
        ];
        for text in texts {
            let answer: PromptAnswer =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(!format!("{answer:?}").contains("planted"), "{text}");
        }
    }
}
