//! What a token says of itself. It is read and never verified: only its server has the key, and what is decided
//! by it is when to ask that server again.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The claims of an auth token that matter here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    /// The record.
    pub(crate) id: String,
    /// Its collection.
    pub(crate) collection_id: String,
    /// When it ends, in seconds since 1970 by the server's clock. There is no `iat`.
    pub(crate) exp: i64,
    /// Whether it can be prolonged; a token of impersonation cannot.
    #[serde(default)]
    pub(crate) refreshable: bool,
}

impl Claims {
    /// `None` where the token is no JWT of an auth record.
    pub(crate) fn read(token: &SecretString) -> Option<Self> {
        let payload = token.expose_secret().split('.').nth(1)?;
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> SecretString {
        format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(payload)).into()
    }

    #[test]
    fn claims_are_read_and_what_is_no_token_is_none() {
        let text = r#"{"collectionId":"c","exp":1795248000,"id":"r","refreshable":false,"type":"auth"}"#;
        let claims = Claims::read(&token(text)).unwrap();
        assert_eq!((claims.exp, claims.refreshable), (1_795_248_000, false));
        for bad in ["", "a.b.c", "a.e30.c", "opaque"] {
            assert_eq!(Claims::read(&bad.into()), None, "{bad}");
        }
    }
}
