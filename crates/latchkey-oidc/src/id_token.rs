//! ID tokens (OpenID Connect Core 3.1.3.7, RFC 8725): signed by the issuer, for us, for this sign-in, at this time.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;

use crate::keys::KeySet;

/// How far clocks may be apart at the end of a token, in seconds (R69).
const LEEWAY_S: i64 = 60;
/// How far from this moment a token may say that it was made, in seconds (R70).
const MADE_WITHIN_S: i64 = 600;
/// The longest subject (OpenID Connect Core 2).
const LONGEST_SUBJECT: usize = 255;
/// Algorithms with published keys. `none` and those with shared secrets are not among them (RFC 8725 3.1).
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// Why an ID token is refused. Each is somebody else's mistake, or an attack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no signed token.
    #[error("the ID token cannot be read")]
    Malformed,
    /// Another kind of token was passed off as an ID token (RFC 8725 3.11).
    #[error("what came is a token of another kind")]
    OtherKind,
    /// Its algorithm is not allowed.
    #[error("the ID token is signed with {0}, which is not accepted")]
    Algorithm(String),
    /// It needs an extension that nobody here knows (RFC 7515 4.1.11).
    #[error("the ID token needs an extension that is not known here")]
    Critical,
    /// The issuer has not published its key. Its keys may be worth another look.
    #[error("the ID token is signed with a key that the issuer does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the signature of the ID token is wrong")]
    Signature,
    /// Another issuer made it.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// It is for another client, or for others as well.
    #[error("the ID token is for another program")]
    Audience,
    /// It was made for another client's use.
    #[error("the ID token was made for another program's use")]
    AuthorizedParty,
    /// It has run out.
    #[error("the ID token has run out")]
    Expired,
    /// It was made too long ago, or in the future. Seconds from this moment.
    #[error("the ID token was made {0} s away from this computer's time; check the clock")]
    Clock(i64),
    /// It names no account.
    #[error("the ID token does not name an account")]
    Subject,
    /// It answers another sign-in.
    #[error("the ID token answers another sign-in")]
    Nonce,
    /// It came with another access token.
    #[error("the ID token belongs to another access token")]
    AccessToken,
    /// The person signed in longer ago than was asked for, or at another time than before.
    #[error("the ID token does not say when the person signed in as it should")]
    AuthTime,
    /// A renewal brought another account (OpenID Connect Core 12.2).
    #[error("the renewed ID token is for another account")]
    OtherSubject,
}

/// What an ID token must say.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, to the letter.
    pub issuer: &'a str,
    /// Our client id.
    pub client_id: &'a str,
    /// The algorithms this issuer announces; `None` for every one that is accepted at all.
    pub algorithms: Option<&'a [String]>,
    /// The access token that came with it.
    pub access_token: Option<&'a str>,
    /// Which sign-in it belongs to.
    pub session: Session<'a>,
}

/// Which sign-in an ID token belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Session<'a> {
    /// It answers a sign-in.
    SignIn {
        /// What was sent along.
        nonce: &'a str,
        /// How long ago the person may have signed in at most, in seconds, if that was asked for.
        max_age_s: Option<i64>,
    },
    /// It answers a code that was typed on another device (RFC 8628): nothing was sent along that it could repeat.
    Device,
    /// It came with a renewal (OpenID Connect Core 12.2).
    Refresh(Refreshed<'a>),
}

/// What the ID token of the sign-in said.
#[derive(Debug, Clone, Copy)]
pub struct Refreshed<'a> {
    /// The account.
    pub subject: &'a str,
    /// The nonce of the sign-in, where it is still known.
    pub nonce: Option<&'a str>,
    /// When the person signed in, in seconds since 1970, where it said so.
    pub auth_time: Option<i64>,
}

/// What a verified ID token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// The account at the issuer (R85): the key, never a name or an address.
    pub subject: String,
    /// When the person signed in, in seconds since 1970.
    pub auth_time: Option<i64>,
    /// Everything it says, for the name and the picture.
    pub all: Value,
}

impl Expected<'_> {
    /// Verifies an ID token at `now_s`, seconds since 1970.
    pub fn verify(&self, token: &str, keys: &KeySet, now_s: i64) -> Result<Claims, IdTokenError> {
        let (message, signature) = token.rsplit_once('.').ok_or(IdTokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(IdTokenError::Malformed)?;
        let header = part(header)?;
        let algorithm = self.algorithm(&header)?;
        check_header(&header)?;
        let kid = header.get("kid").and_then(Value::as_str);
        let candidates = keys.candidates(algorithm, kid);
        if candidates.is_empty() {
            return Err(IdTokenError::UnknownKey);
        }
        let signed = candidates.iter().any(|key| {
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm) == Ok(true)
        });
        if !signed {
            return Err(IdTokenError::Signature);
        }
        self.check(part(payload)?, algorithm, now_s)
    }

    fn algorithm(&self, header: &Value) -> Result<Algorithm, IdTokenError> {
        let name = header.get("alg").and_then(Value::as_str).ok_or(IdTokenError::Malformed)?;
        let announced = self.algorithms.is_none_or(|announced| announced.iter().any(|it| it == name));
        let known = ALGORITHMS.iter().find(|(known, _)| *known == name).filter(|_| announced);
        let shown = || name.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        known.map(|(_, algorithm)| *algorithm).ok_or_else(|| IdTokenError::Algorithm(shown()))
    }

    fn check(&self, claims: Value, algorithm: Algorithm, now_s: i64) -> Result<Claims, IdTokenError> {
        if text(&claims, "iss") != Some(self.issuer) {
            return Err(IdTokenError::Issuer);
        }
        self.check_audience(&claims)?;
        check_times(&claims, now_s)?;
        let subject =
            text(&claims, "sub").filter(|it| is_subject(it)).ok_or(IdTokenError::Subject)?.to_owned();
        let auth_time = seconds(&claims, "auth_time");
        self.check_session(&claims, &subject, auth_time, now_s)?;
        if let (Some(hash), Some(access_token)) = (claims.get("at_hash"), self.access_token)
            && !hash.as_str().is_some_and(|hash| same(hash, &half_hash(access_token, algorithm)))
        {
            return Err(IdTokenError::AccessToken);
        }
        Ok(Claims { subject, auth_time, all: claims })
    }

    /// It is for us, and for nobody else: no other audience is trusted (R59, R60, R61).
    fn check_audience(&self, claims: &Value) -> Result<(), IdTokenError> {
        let ours = match claims.get("aud") {
            Some(Value::String(audience)) => audience == self.client_id,
            Some(Value::Array(all)) => {
                !all.is_empty() && all.iter().all(|it| it.as_str() == Some(self.client_id))
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
        };
        if !ours {
            return Err(IdTokenError::Audience);
        }
        match claims.get("azp") {
            None | Some(Value::Null) => Ok(()),
            Some(party) if party.as_str() == Some(self.client_id) => Ok(()),
            Some(_) => Err(IdTokenError::AuthorizedParty),
        }
    }

    fn check_session(
        &self,
        claims: &Value,
        subject: &str,
        auth_time: Option<i64>,
        now_s: i64,
    ) -> Result<(), IdTokenError> {
        let nonce = text(claims, "nonce");
        match self.session {
            Session::SignIn { nonce: sent, max_age_s } => {
                if !nonce.is_some_and(|nonce| same(nonce, sent)) {
                    return Err(IdTokenError::Nonce);
                }
                let recent = |most: i64| {
                    auth_time.is_some_and(|at| now_s.saturating_sub(at) <= most.saturating_add(LEEWAY_S))
                };
                if max_age_s.is_some_and(|most| !recent(most)) { Err(IdTokenError::AuthTime) } else { Ok(()) }
            }
            Session::Device => Ok(()),
            Session::Refresh(before) => {
                let repeated = match (nonce, before.nonce) {
                    (Some(nonce), Some(sent)) => same(nonce, sent),
                    (Some(_) | None, None) | (None, Some(_)) => true,
                };
                let moved = matches!((auth_time, before.auth_time), (Some(now), Some(then)) if now != then);
                match (subject == before.subject, repeated, moved) {
                    (false, _, _) => Err(IdTokenError::OtherSubject),
                    (true, false, _) => Err(IdTokenError::Nonce),
                    (true, true, true) => Err(IdTokenError::AuthTime),
                    (true, true, false) => Ok(()),
                }
            }
        }
    }
}

/// `jku`, `x5u`, `jwk` and `x5c` are ignored: keys come from the issuer alone (R68).
fn check_header(header: &Value) -> Result<(), IdTokenError> {
    if header.get("crit").is_some() {
        return Err(IdTokenError::Critical);
    }
    match text(header, "typ") {
        Some(kind) if !kind.eq_ignore_ascii_case("JWT") => Err(IdTokenError::OtherKind),
        Some(_) | None => Ok(()),
    }
}

fn check_times(claims: &Value, now_s: i64) -> Result<(), IdTokenError> {
    let expires = seconds(claims, "exp").ok_or(IdTokenError::Expired)?;
    if now_s >= expires.saturating_add(LEEWAY_S) {
        return Err(IdTokenError::Expired);
    }
    let made = seconds(claims, "iat").ok_or(IdTokenError::Malformed)?;
    let away = made.saturating_sub(now_s);
    if away.abs() > MADE_WITHIN_S { Err(IdTokenError::Clock(away)) } else { Ok(()) }
}

fn is_subject(subject: &str) -> bool {
    (1..=LONGEST_SUBJECT).contains(&subject.len()) && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

fn part(encoded: &str) -> Result<Value, IdTokenError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| IdTokenError::Malformed)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| IdTokenError::Malformed)?;
    if value.is_object() { Ok(value) } else { Err(IdTokenError::Malformed) }
}

fn text<'v>(claims: &'v Value, name: &str) -> Option<&'v str> {
    claims.get(name).and_then(Value::as_str)
}

/// A NumericDate (RFC 7519 2), which may have a fraction.
fn seconds(claims: &Value, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The left half of the hash of an access token (OpenID Connect Core 3.1.3.6).
fn half_hash(access_token: &str, algorithm: Algorithm) -> String {
    let (long, longer) = (
        [Algorithm::RS384, Algorithm::PS384, Algorithm::ES384],
        [Algorithm::RS512, Algorithm::PS512, Algorithm::EdDSA],
    );
    let hash = if long.contains(&algorithm) {
        Sha384::digest(access_token).to_vec()
    } else if longer.contains(&algorithm) {
        Sha512::digest(access_token).to_vec()
    } else {
        Sha256::digest(access_token).to_vec()
    };
    BASE64_URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}
