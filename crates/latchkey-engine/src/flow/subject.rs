//! Whom an ID token names, as far as that is believed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// Whom the ID token of a renewal names (OpenID Connect Core 2). Where the issuer's keys are not at hand it is
/// believed without its signature, because it came straight from the token endpoint over TLS (3.1.3.7), and only
/// ever makes an answer less welcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// `sub`.
    pub(crate) key: String,
    /// `iss`.
    pub(crate) issuer: Option<String>,
}

impl Subject {
    /// Reads an ID token. One that is encrypted, or none at all, says nothing.
    pub(crate) fn read(id_token: &str) -> Option<Self> {
        let claims = BASE64_URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let text = |name| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self { key: text("sub")?, issuer: text("iss") })
    }
}
