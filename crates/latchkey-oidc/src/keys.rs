//! The keys that an issuer publishes (RFC 7517), and when they are asked for again.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

/// More keys than any issuer publishes.
const MOST_KEYS: usize = 64;
/// The shortest RSA modulus that is believed, in bytes: 2,048 bits (RFC 7518 3.3).
const LEAST_MODULUS: usize = 256;
/// Unknown keys are looked up at most once in this time, in seconds: anybody can invent a key id (R66).
const LOOK_AGAIN_S: i64 = 300;

/// Why a set of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is no such document.
    #[error("the issuer's keys cannot be read")]
    Malformed,
}

/// The keys of an issuer that can verify a signature. Others are left out one by one.
#[derive(Debug, Clone)]
pub struct KeySet(Vec<Jwk>);

impl KeySet {
    /// Reads a JWK Set.
    pub fn parse(document: &[u8]) -> Result<Self, KeySetError> {
        let document: Value = serde_json::from_slice(document).map_err(|_| KeySetError::Malformed)?;
        let keys = document.get("keys").and_then(Value::as_array).ok_or(KeySetError::Malformed)?;
        let known = |key: &Value| serde_json::from_value::<Jwk>(key.clone()).ok();
        Ok(Self(keys.iter().take(MOST_KEYS).filter_map(known).filter(is_for_signatures).collect()))
    }

    /// The keys that may have made a signature with this algorithm under this key id. Without a key id every
    /// key of the right kind is one.
    pub(crate) fn candidates(&self, algorithm: Algorithm, kid: Option<&str>) -> Vec<DecodingKey> {
        let named = |key: &&Jwk| kid.is_none() || key.common.key_id.as_deref() == kid;
        let fits = self.0.iter().filter(named).filter(|key| fits(key, algorithm));
        fits.filter_map(|key| DecodingKey::from_jwk(key).ok()).collect()
    }
}

/// RFC 7517 4.2, 4.3.
fn is_for_signatures(key: &Jwk) -> bool {
    let used = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = key.common.key_operations.as_ref();
    used && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

/// Whether a key is of the kind, strength and purpose that an algorithm needs (RFC 8725 3.2).
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let intended = key.common.key_algorithm.is_none_or(|intended| intended.to_string() == name(algorithm));
    let kind = match (&key.algorithm, algorithm) {
        (
            AlgorithmParameters::RSA(rsa),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => modulus(&rsa.n) >= LEAST_MODULUS,
        (AlgorithmParameters::EllipticCurve(ec), Algorithm::ES256) => ec.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(ec), Algorithm::ES384) => ec.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(pair), Algorithm::EdDSA) => pair.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    intended && kind
}

fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

/// Length of a modulus in bytes, without leading zeros.
fn modulus(n: &str) -> usize {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(n.trim_end_matches('=')).unwrap_or_default();
    bytes.len() - bytes.iter().take_while(|byte| **byte == 0).count()
}

/// The keys of one issuer over time. Times are seconds of a clock that never goes back.
#[derive(Debug, Clone, Default)]
pub struct KeyCache {
    keys: Option<KeySet>,
    /// When unknown keys were last looked up.
    looked_up: Option<i64>,
}

impl KeyCache {
    /// The keys as they were last read.
    pub fn keys(&self) -> Option<&KeySet> {
        self.keys.as_ref()
    }

    /// Keeps what was read.
    pub fn keep(&mut self, keys: KeySet) {
        self.keys = Some(keys);
    }

    /// Whether an unknown key is worth another look at `now_s`; the answer counts as that look (OpenID Connect
    /// Core 10.1.1).
    pub fn may_look_again(&mut self, now_s: i64) -> bool {
        let due = self.looked_up.is_none_or(|at| now_s.saturating_sub(at) >= LOOK_AGAIN_S);
        if due {
            self.looked_up = Some(now_s);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa(bytes: usize, more: &str) -> String {
        let n = BASE64_URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
        format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"{more}}}"#)
    }

    fn count(key: &str, algorithm: Algorithm, kid: Option<&str>) -> usize {
        let set = KeySet::parse(format!(r#"{{"keys":[{key}]}}"#).as_bytes()).unwrap();
        set.candidates(algorithm, kid).len()
    }

    #[test]
    fn r67_a_key_is_used_for_what_it_is_for_and_only_if_it_is_strong() {
        assert_eq!(count(&rsa(256, ""), Algorithm::RS256, None), 1);
        assert_eq!(count(&rsa(255, ""), Algorithm::RS256, None), 0, "shorter than 2,048 bits");
        assert_eq!(count(&rsa(256, r#","use":"enc""#), Algorithm::RS256, None), 0);
        assert_eq!(count(&rsa(256, r#","key_ops":["encrypt"]"#), Algorithm::RS256, None), 0);
        assert_eq!(count(&rsa(256, r#","alg":"RS512""#), Algorithm::RS256, None), 0);
        assert_eq!(count(&rsa(256, ""), Algorithm::ES256, None), 0);
        let padded = rsa(255, "").replace(r#""n":""#, r#""n":"AA"#);
        assert_eq!(count(&padded, Algorithm::RS256, None), 0, "a leading zero is no strength");
    }

    #[test]
    fn a_curve_fits_its_algorithm_alone() {
        let p256 = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        assert_eq!(count(p256, Algorithm::ES256, None), 1);
        assert_eq!(count(p256, Algorithm::ES384, None), 0);
        assert_eq!(count(p256, Algorithm::RS256, None), 0);
    }

    #[test]
    fn a_key_nobody_knows_spoils_no_other() {
        let odd = r#"{"kty":"oct","k":"AAAA"},{"kty":"XYZ"},7,{}"#;
        assert_eq!(count(&format!("{odd},{}", rsa(256, r#","kid":"a""#)), Algorithm::RS256, Some("a")), 1);
        assert_eq!(count(odd, Algorithm::HS256, None), 0, "a secret is no published key");
        assert_eq!(KeySet::parse(b"{}").unwrap_err(), KeySetError::Malformed);
    }

    #[test]
    fn r66_unknown_keys_are_looked_up_once_in_five_minutes() {
        let mut cache = KeyCache::default();
        assert!(cache.may_look_again(1_000));
        assert!((1_001..1_300).all(|now| !cache.may_look_again(now)));
        assert!(cache.may_look_again(1_300));
    }
}
