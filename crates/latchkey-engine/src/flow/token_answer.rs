//! Answers of token endpoints: told apart from everything that is no answer, and brought into the form of
//! RFC 6749 5.1 where a provider is odd.
//!
//! The `oauth2` crate parses what this page hands on. What it would refuse although it can be
//! understood (an `expires_in` in quotes, no `token_type`, a `refresh_token` of null) is put right first,
//! because a token set thrown away for its form is a sign-in lost.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use latchkey_oidc::DpopKey;
use latchkey_protocol::Timestamp;
use oauth2::basic::{BasicTokenResponse, BasicTokenType};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, TokenResponse};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::dialect::{Aside, Dialect};
use crate::credential::TokenSet;
use crate::dpop;
use crate::http::{Http, NoReply, Reply};
use crate::pacing::{RetryAfter, date};

/// Bytes that a token answer may have.
pub(crate) const LIMIT: usize = 64 * 1024;
/// A life beyond ten years is no life but a mistake.
const LONGEST_LIFE_S: i64 = 315_360_000;

/// What a provider calls a token (RFC 6749 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Of use to whoever has it (RFC 6750).
    Bearer,
    /// Of use with proofs of a key alone (RFC 9449 5).
    Bound,
    /// Anything else.
    Other,
}

impl From<&BasicTokenType> for TokenKind {
    fn from(named: &BasicTokenType) -> Self {
        match named {
            BasicTokenType::Bearer => Self::Bearer,
            BasicTokenType::Extension(name) if name.eq_ignore_ascii_case("dpop") => Self::Bound,
            BasicTokenType::Extension(_) | BasicTokenType::Mac => Self::Other,
        }
    }
}

/// What a provider granted, before it has a place in a connection.
pub(crate) struct Granted {
    pub(crate) access: SecretString,
    pub(crate) refresh: Option<SecretString>,
    pub(crate) kind: TokenKind,
    /// Seconds; `None` where the provider does not say.
    pub(crate) life_s: Option<i64>,
    /// `None` where the provider does not say: then what was asked is what was granted (RFC 6749 5.1).
    pub(crate) scopes: Option<Vec<String>>,
    /// What else the answer says.
    pub(crate) aside: Aside,
}

impl Granted {
    /// The tokens as a set of their own, for which the request left at `started` with a proof of `key`, where there
    /// is one. Neither a bearer token in place of a bound one nor the reverse is used (RFC 9449 5).
    pub(crate) fn set(&self, started: Timestamp, key: Option<&Arc<DpopKey>>) -> TokenSet {
        let usable = match self.kind {
            TokenKind::Bearer => key.is_none(),
            TokenKind::Bound => key.is_some(),
            TokenKind::Other => false,
        };
        TokenSet {
            access: self.access.clone(),
            refresh: self.refresh.clone(),
            usable,
            key: key.cloned(),
            obtained_at: started,
            expires_at: self.life_s.map(|life| started.plus(life.saturating_mul(1000))),
            quarantined: None,
            signed_in: None,
        }
    }
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granted")
            .field("life_s", &self.life_s)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl From<BasicTokenResponse> for Granted {
    fn from(response: BasicTokenResponse) -> Self {
        let scopes = response.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect());
        Self {
            access: response.access_token().secret().as_str().into(),
            refresh: response.refresh_token().map(|refresh| refresh.secret().as_str().into()),
            kind: TokenKind::from(response.token_type()),
            life_s: response.expires_in().and_then(|life| i64::try_from(life.as_secs()).ok()),
            scopes,
            aside: Aside::default(),
        }
    }
}

/// Why there is nothing for the `oauth2` crate to parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendFailure {
    /// Nothing was sent.
    #[error("{0}")]
    NotSent(String),
    /// Nothing was sent: the certificate is not trusted.
    #[error("{0}")]
    Untrusted(String),
    /// Nothing was sent: the proxy wants a name and a password (F60).
    #[error("the proxy wants a name and a password")]
    ProxyRefused,
    /// A redirect, not followed (R32).
    #[error("the token endpoint answers with a redirect")]
    Redirected,
    /// A request to wait that says the provider has not acted (F12).
    #[error("the provider asks to wait")]
    Throttled {
        /// How long.
        retry_after: RetryAfter,
    },
    /// No whole answer.
    #[error("{0}")]
    Lost(String),
    /// An answer that is none: a fault of the provider or of something between.
    #[error("{0}")]
    Fault(String),
}

/// The engine's HTTP client as the `oauth2` crate takes one.
pub(crate) struct TokenSender<'h> {
    pub(crate) http: &'h Http,
    pub(crate) dialect: &'h Dialect<'h>,
    /// Set to the `Date` of the answer, where it has one.
    pub(crate) date: &'h OnceLock<Timestamp>,
    /// Set to what the answer says beside the tokens.
    pub(crate) aside: &'h OnceLock<Aside>,
}

impl<'c> AsyncHttpClient<'c> for TokenSender<'_> {
    type Error = SendFailure;
    type Future = BoxFuture<'c, Result<HttpResponse, SendFailure>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(send(self, request))
    }
}

/// Sends a token request and hands on what is an answer.
async fn send(sender: &TokenSender<'_>, request: HttpRequest) -> Result<HttpResponse, SendFailure> {
    let request = sender.dialect.put(request);
    let request =
        request.try_into().map_err(|_| SendFailure::NotSent("the request cannot be built".into()))?;
    match dpop::send(sender.http, sender.dialect.holder(), request, None, LIMIT).await {
        Ok(reply) => {
            // One sender sends one request.
            date(&reply.headers).map(|date| sender.date.set(date));
            let (response, aside) = answer(&reply, sender.dialect)?;
            let _ = sender.aside.set(aside);
            Ok(response)
        }
        Err(NoReply::NotSent(text)) => Err(SendFailure::NotSent(text)),
        Err(NoReply::Untrusted(text)) => Err(SendFailure::Untrusted(text)),
        Err(NoReply::ProxyRefused) => Err(SendFailure::ProxyRefused),
        Err(NoReply::Lost(text)) => Err(SendFailure::Lost(text)),
        Err(error @ NoReply::TooLarge(_)) => Err(SendFailure::Fault(error.to_string())),
    }
}

fn answer(reply: &Reply, dialect: &Dialect<'_>) -> Result<(HttpResponse, Aside), SendFailure> {
    match reply.status {
        300..=399 => return Err(SendFailure::Redirected),
        429 | 503 => {
            return Err(RetryAfter::read(&reply.headers).map_or_else(
                || SendFailure::Fault(format!("the provider answers {} and names no time", reply.status)),
                |retry_after| SendFailure::Throttled { retry_after },
            ));
        }
        408 | 425 | 500..=599 => {
            return Err(SendFailure::Fault(format!("the provider answers {}", reply.status)));
        }
        _ => {}
    }
    let Some((mut object, aside)) = dialect.read(&reply.body) else {
        return Err(SendFailure::Fault(format!("status {} without a JSON answer", reply.status)));
    };
    let is_error = object.get("error").is_some_and(Value::is_string) && !object.contains_key("access_token");
    let status = if is_error { 400 } else { 200 };
    if !is_error && !(200..=299).contains(&reply.status) {
        return Err(SendFailure::Fault(format!("status {} without an error code", reply.status)));
    }
    put_right(&mut object);
    let body = serde_json::to_vec(&object).map_err(|error| SendFailure::Fault(error.to_string()))?;
    let built =
        http::Response::builder().status(status).header("content-type", "application/json").body(body);
    let response = built.map_err(|error| SendFailure::Fault(error.to_string()))?;
    Ok((response, aside))
}

/// Brings an odd answer into the form of RFC 6749 5.1 (F17 to F23).
fn put_right(object: &mut Map<String, Value>) {
    match object.get("expires_in").and_then(seconds) {
        Some(life) if life > 0 => drop(object.insert("expires_in".into(), life.min(LONGEST_LIFE_S).into())),
        Some(_) | None => drop(object.remove("expires_in")),
    }
    let usable = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if !object.get("refresh_token").is_some_and(usable) {
        object.remove("refresh_token");
    }
    if !object.get("token_type").is_some_and(usable) {
        object.insert("token_type".into(), "bearer".into());
    }
    if !object.get("scope").is_some_and(Value::is_string) {
        object.remove("scope");
    }
    if !object.get("error_uri").is_some_and(Value::is_string) {
        object.remove("error_uri");
    }
    if !object.get("error_description").is_some_and(Value::is_string) {
        object.remove("error_description");
    }
}

/// A number of seconds written as a number, an integral float or a text of either.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float beyond the range of i64 saturates, which is capped anyway"
)]
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().map(|float| float.trunc() as i64))
        }
        Value::String(text) => text.trim().parse::<f64>().ok().map(|float| float.trunc() as i64),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
#[path = "token_answer/tests.rs"]
mod tests;
