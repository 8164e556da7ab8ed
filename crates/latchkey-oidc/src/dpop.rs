//! DPoP (RFC 9449): tokens that are of use only to the holder of a key.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;
use zeroize::Zeroizing;

/// Why there is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// The key cannot be made or read.
    #[error("the key of this sign-in cannot be used")]
    Key,
}

/// A P-256 key that makes proofs. It is a secret: seal [`DpopKey::to_bytes`] like a token.
pub struct DpopKey {
    pkcs8: Zeroizing<Vec<u8>>,
    key: EncodingKey,
    public: Jwk,
}

/// What a proof is for.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// Its URL; query and fragment are left out (RFC 9449 4.2).
    pub url: &'a Url,
    /// Unique for each proof.
    pub id: &'a str,
    /// Seconds since 1970.
    pub now_s: i64,
    /// The access token that goes along to a resource.
    pub access_token: Option<&'a str>,
    /// The latest nonce of that server (RFC 9449 8).
    pub nonce: Option<&'a str>,
}

impl std::fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DpopKey").finish_non_exhaustive()
    }
}

impl DpopKey {
    /// A new key.
    pub fn generate() -> Result<Self, DpopError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        Self::from_bytes(pkcs8.map_err(|_| DpopError::Key)?.as_ref())
    }

    /// A key that was kept.
    pub fn from_bytes(pkcs8: &[u8]) -> Result<Self, DpopError> {
        let key = EncodingKey::from_ec_der(pkcs8);
        let public = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(|_| DpopError::Key)?;
        Ok(Self { pkcs8: Zeroizing::new(pkcs8.to_vec()), key, public: bare(public) })
    }

    /// The secret bytes.
    pub fn to_bytes(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The thumbprint that binds an authorization code to the key (RFC 9449 10).
    pub fn thumbprint(&self) -> Result<String, DpopError> {
        self.public.thumbprint(ThumbprintHash::SHA256).map_err(|_| DpopError::Key)
    }

    /// A proof for one request, and for no other.
    pub fn prove(&self, proof: Proof<'_>) -> Result<String, DpopError> {
        let mut url = proof.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let mut claims =
            json!({ "jti": proof.id, "htm": proof.method, "htu": url.as_str(), "iat": proof.now_s });
        if let Some(access_token) = proof.access_token {
            claims["ath"] = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(access_token)).into();
        }
        if let Some(nonce) = proof.nonce {
            claims["nonce"] = nonce.into();
        }
        let header = Header {
            typ: Some("dpop+jwt".into()),
            jwk: Some(self.public.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| DpopError::Key)
    }
}

/// Nothing but the key itself goes into each proof.
fn bare(public: Jwk) -> Jwk {
    Jwk { common: jsonwebtoken::jwk::CommonParameters::default(), ..public }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::DecodingKey;
    use serde_json::Value;

    fn proof<'a>(url: &'a Url, access_token: Option<&'a str>, nonce: Option<&'a str>) -> Proof<'a> {
        Proof { method: "POST", url, id: "proof-1", now_s: 1_795_248_000, access_token, nonce }
    }

    fn opened(proof: &str) -> (Value, Value) {
        let mut parts = proof.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
        let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
        (json(), json())
    }

    #[test]
    fn r101_a_proof_names_its_request_and_is_signed_by_the_key_it_shows() {
        let key = DpopKey::generate().unwrap();
        let url = Url::parse("https://api.example/v1/me?secret=1#x").unwrap();
        let made = key.prove(proof(&url, Some("access"), Some("n-1"))).unwrap();
        let (header, claims) = opened(&made);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert!(header["jwk"].get("d").is_none(), "the private half stays here");
        let ath = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest("access"));
        let expected = json!({
            "jti": "proof-1", "htm": "POST", "htu": "https://api.example/v1/me", "iat": 1_795_248_000,
            "ath": ath, "nonce": "n-1",
        });
        assert_eq!(claims, expected);
        let shown: Jwk = serde_json::from_value(header["jwk"].clone()).unwrap();
        let (message, signature) = made.rsplit_once('.').unwrap();
        let public = DecodingKey::from_jwk(&shown).unwrap();
        let verified = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, Algorithm::ES256);
        assert_eq!(verified, Ok(true));
    }

    #[test]
    fn a_key_that_was_kept_is_the_same_key() {
        let key = DpopKey::generate().unwrap();
        let again = DpopKey::from_bytes(key.to_bytes()).unwrap();
        assert_eq!(key.thumbprint().unwrap(), again.thumbprint().unwrap());
        assert_ne!(key.thumbprint().unwrap(), DpopKey::generate().unwrap().thumbprint().unwrap());
        assert_eq!(DpopKey::from_bytes(b"no key").unwrap_err(), DpopError::Key);
        assert!(!format!("{key:?}").contains("pkcs8"));
    }
}
