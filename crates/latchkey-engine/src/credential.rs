//! Token sets: what a sign-in yields. They stay inside the engine.
//!
//! Nothing here is `Serialize` or prints its content; the one written form goes straight into an
//! envelope.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use latchkey_oidc::DpopKey;
use latchkey_protocol::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

/// Access, the means to renew it, and what the provider said about both (RFC 6749 5.1).
#[derive(Clone)]
pub(crate) struct TokenSet {
    /// The access token. Opaque, never parsed (OAuth 2.1 1.4).
    pub access: SecretString,
    /// The refresh token, where the provider gave one.
    pub refresh: Option<SecretString>,
    /// Whether the access token is of the kind that was asked for: a bearer token, or one that is bound to `key`.
    /// Another is stored but never used (RFC 6749 7.1, RFC 9449 5).
    pub usable: bool,
    /// What both tokens are bound to, where they are (RFC 9449 5).
    pub key: Option<Arc<DpopKey>>,
    /// When the provider was asked for it, before the request left.
    pub obtained_at: Timestamp,
    /// When the access token runs out; absent where the provider did not say.
    pub expires_at: Option<Timestamp>,
    /// What the provider sent for another account. It is never used, only given back.
    pub quarantined: Option<Quarantined>,
    /// What the verified ID token of the sign-in said, where there was one.
    pub signed_in: Option<SignedIn>,
}

/// What an ID token of a renewal is held against (OpenID Connect Core 12.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    /// The account, as the issuer names it.
    pub subject: String,
    /// What the sign-in sent along. It is spent.
    pub nonce: Option<String>,
    /// When the person signed in, in seconds since 1970, where the issuer says so.
    pub auth_time: Option<i64>,
}

/// Tokens that belong to somebody else.
#[derive(Clone)]
pub(crate) struct Quarantined {
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where there was one.
    pub refresh: Option<SecretString>,
}

impl TokenSet {
    /// The written form, for sealing only.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let written = Written {
            access: self.access.expose_secret(),
            refresh: self.refresh.as_ref().map(ExposeSecret::expose_secret),
            usable: self.usable,
            key: self.key.as_ref().map(|key| Zeroizing::new(BASE64_STANDARD.encode(key.to_bytes()))),
            obtained_at: self.obtained_at.0,
            expires_at: self.expires_at.map(|at| at.0),
            quarantined: self.quarantined.as_ref().map(|strange| Strange {
                access: strange.access.expose_secret(),
                refresh: strange.refresh.as_ref().map(ExposeSecret::expose_secret),
            }),
            signed_in: self.signed_in.clone(),
        };
        // With room from the start: a buffer that grows leaves copies of what it held.
        let length = |access: &str, refresh: Option<&str>| access.len() + refresh.map_or(0, str::len);
        let strange =
            written.quarantined.as_ref().map_or(0, |strange| length(strange.access, strange.refresh));
        let room = 2 * (length(written.access, written.refresh) + strange) + 1024;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Strings, numbers and a flag always serialize, and a vector takes them all.
        let _ = serde_json::to_writer(&mut *bytes, &written);
        bytes
    }

    /// Reads [`Self::to_bytes`]; `None` when it is something else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let written: Written<Cow<'_, str>> = serde_json::from_slice(bytes).ok()?;
        let secret = |text: Cow<'_, str>| SecretString::from(text.into_owned());
        Some(Self {
            access: secret(written.access),
            refresh: written.refresh.map(secret),
            usable: written.usable,
            key: match written.key {
                Some(key) => Some(Arc::new(kept_key(&key)?)),
                None => None,
            },
            obtained_at: Timestamp(written.obtained_at),
            expires_at: written.expires_at.map(Timestamp),
            quarantined: written.quarantined.map(|strange| Quarantined {
                access: secret(strange.access),
                refresh: strange.refresh.map(secret),
            }),
            signed_in: written.signed_in,
        })
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("refresh", &self.refresh.as_ref().map(|_| "redacted"))
            .field("usable", &self.usable)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The client that Latchkey is to a provider (RFC 6749 2.2, 2.3.1).
#[derive(Clone)]
pub(crate) struct RegisteredClient {
    /// Its id. No secret.
    pub id: String,
    /// Its secret, where it has one.
    pub secret: Option<SecretString>,
}

/// A client secret on its way in. It can be read from outside and never written back.
#[derive(Clone)]
pub struct ClientSecret {
    text: SecretString,
}

impl ClientSecret {
    /// What was typed, without the spaces around it; `None` where that is nothing.
    pub(crate) fn typed(&self) -> Option<SecretString> {
        let text = self.text.expose_secret().trim();
        (!text.is_empty()).then(|| text.into())
    }
}

impl From<&str> for ClientSecret {
    fn from(typed: &str) -> Self {
        Self { text: typed.into() }
    }
}

impl<'de> Deserialize<'de> for ClientSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|typed| Self { text: typed.into() })
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(redacted)")
    }
}

#[derive(Serialize, Deserialize)]
struct Written<S> {
    access: S,
    refresh: Option<S>,
    #[serde(alias = "bearer")]
    usable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Zeroizing<String>>,
    obtained_at: i64,
    expires_at: Option<i64>,
    #[serde(default = "nothing", skip_serializing_if = "Option::is_none")]
    quarantined: Option<Strange<S>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_in: Option<SignedIn>,
}

#[derive(Serialize, Deserialize)]
struct Strange<S> {
    access: S,
    refresh: Option<S>,
}

/// A key in its written form; `None` when it is something else.
fn kept_key(text: &str) -> Option<DpopKey> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text).ok()?);
    DpopKey::from_bytes(&bytes).ok()
}

fn nothing<S>() -> Option<Strange<S>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> TokenSet {
        TokenSet {
            access: "planted-access \"quoted\"".into(),
            refresh: Some("planted-refresh".into()),
            usable: true,
            key: None,
            obtained_at: Timestamp(1_000),
            expires_at: Some(Timestamp(61_000)),
            quarantined: None,
            signed_in: None,
        }
    }

    #[test]
    fn a_set_survives_its_written_form() {
        let read = TokenSet::from_bytes(&set().to_bytes()).unwrap();
        assert_eq!(read.access.expose_secret(), set().access.expose_secret());
        assert_eq!(read.refresh.unwrap().expose_secret(), "planted-refresh");
        assert_eq!(read.expires_at, Some(Timestamp(61_000)));
        assert!(read.quarantined.is_none());
        assert!(TokenSet::from_bytes(b"{}").is_none());
    }

    #[test]
    fn what_belongs_to_another_account_is_kept_apart() {
        let strange =
            Quarantined { access: "planted-strange".into(), refresh: Some("planted-stranger".into()) };
        let set = TokenSet { quarantined: Some(strange), ..set() };
        let read = TokenSet::from_bytes(&set.to_bytes()).unwrap();
        assert_eq!(read.access.expose_secret(), set.access.expose_secret());
        let strange = read.quarantined.unwrap();
        assert_eq!(strange.access.expose_secret(), "planted-strange");
        assert_eq!(strange.refresh.unwrap().expose_secret(), "planted-stranger");
    }

    #[test]
    fn what_the_id_token_said_goes_with_the_set() {
        let signed_in = SignedIn { subject: "ada".into(), nonce: Some("n".into()), auth_time: Some(7) };
        let set = TokenSet { signed_in: Some(signed_in.clone()), ..set() };
        assert_eq!(TokenSet::from_bytes(&set.to_bytes()).unwrap().signed_in, Some(signed_in));
    }

    #[test]
    fn the_key_that_tokens_are_bound_to_goes_with_them_and_is_never_printed() {
        let key = Arc::new(DpopKey::generate().unwrap());
        let bound = TokenSet { key: Some(key.clone()), ..set() };
        let read = TokenSet::from_bytes(&bound.to_bytes()).unwrap();
        assert_eq!(read.key.unwrap().thumbprint(), key.thumbprint());
        assert!(!format!("{bound:?}").contains("key"));
    }

    #[test]
    fn a_set_prints_no_secret() {
        assert!(!format!("{:?}", set()).contains("planted"));
        assert!(!format!("{:?}", ClientSecret::from("planted")).contains("planted"));
    }
}
