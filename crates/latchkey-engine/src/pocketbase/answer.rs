//! What an answer means. The status alone does not say: 401 is the way to the second method or a dead token, 403
//! has four causes, and 400 is a wrong password as well as a field that is empty.

use latchkey_protocol::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::claims::Claims;
use crate::http::{NoReply, Reply};
use crate::pacing::{RetryAfter, date};
use crate::text::{displayable, without};

/// The shortest wait after "too many requests", in milliseconds: the window of the server's default rule.
const LEAST_WAIT_MS: i64 = 3_000;
/// The same for one-time codes, which five attempts use up whether or not they were right.
const CODE_WAIT_MS: i64 = 180_000;

/// What a method that was right leads to.
#[derive(Debug)]
pub(crate) enum Admission {
    /// The record is signed in.
    SignedIn(Session),
    /// A second, different method is asked for.
    SecondMethod {
        /// Names the first one, for as long as the collection's `mfa.duration`.
        mfa_id: SecretString,
    },
}

/// A record that is signed in.
pub(crate) struct Session {
    pub(crate) token: SecretString,
    pub(crate) claims: Claims,
    pub(crate) record: Record,
    /// The server's time when it answered.
    pub(crate) date: Option<Timestamp>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("record", &self.record.id).finish_non_exhaustive()
    }
}

impl Session {
    /// Seconds that the token has left, by the server's own clock where it tells the time, else by `now`.
    pub(crate) fn life_s(&self, now: Timestamp) -> i64 {
        let now = self.date.unwrap_or(now);
        self.claims.exp.saturating_sub(now.0 / 1000).max(0)
    }
}

/// A record, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) collection_id: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) email: String,
}

impl Record {
    /// What a person is shown for it.
    pub(crate) fn shown(&self) -> String {
        let names = [&self.name, &self.email, &self.username, &self.id];
        names.into_iter().find_map(|name| displayable(name)).unwrap_or_default()
    }
}

/// Why there is no session. Texts are the server's, made safe for display.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// 400: what was sent is not right, and which fields are not.
    #[error("{text}")]
    Input {
        /// By the names of the call.
        fields: Vec<(String, String)>,
        /// What is said of the whole.
        text: String,
    },
    /// 400: this step of two has run out, was used, or is another person's. It begins anew.
    #[error("the first of the two steps does not count any more")]
    StepOver,
    /// 400: the second method must be another one than the first.
    #[error("the second method must be another one than the first")]
    SameMethod,
    /// 401: the token is dead.
    #[error("the server does not accept the session any more")]
    Dead,
    /// 403: the collection does not offer this method.
    #[error("the server does not offer this way to sign in")]
    MethodOff,
    /// 403: the record may not sign in, by the collection's rule.
    #[error("the server's rules do not let this account sign in")]
    RuleNotMet,
    /// 403: the token is of another collection.
    #[error("the session is one of another collection")]
    WrongCollection,
    /// 403 for a reason of the server's own.
    #[error("the server forbids it: {0}")]
    Forbidden(String),
    /// 404: there is no such collection or record.
    #[error("the server has no such collection or account")]
    NotFound,
    /// 429.
    #[error("the server asks to wait {} seconds", (wait_ms + 999) / 1000)]
    TooMany {
        /// Milliseconds to wait.
        wait_ms: i64,
    },
    /// A redirect, which is never followed.
    #[error("the server answers with a redirect, which is never followed")]
    Redirected,
    /// The proxy wants to know who asks.
    #[error("the proxy of this computer wants a user name and a password")]
    ProxyRefused,
    /// The server failed, or what answers is no PocketBase.
    #[error("{0}")]
    Fault(String),
    /// The certificate is not trusted on this computer.
    #[error("the server's certificate is not trusted on this computer ({0})")]
    Untrusted(String),
    /// Nothing was sent, or nothing came back. Nothing of a sign-in is spent by that.
    #[error("the server cannot be reached ({0})")]
    Unreachable(String),
}

impl From<NoReply> for Refusal {
    fn from(error: NoReply) -> Self {
        match error {
            NoReply::Untrusted(text) => Self::Untrusted(text),
            NoReply::NotSent(text) | NoReply::Lost(text) => Self::Unreachable(text),
            NoReply::ProxyRefused => Self::ProxyRefused,
            NoReply::TooLarge(_) => Self::Fault(error.to_string()),
        }
    }
}

/// The body of an answer that grants, or why it does not. `secrets` were sent and are never repeated.
pub(super) fn granted(reply: Reply, secrets: &[&SecretString]) -> Result<Reply, Refusal> {
    match reply.status {
        200..=299 => Ok(reply),
        _ => Err(refusal(&reply, secrets)),
    }
}

/// The session of an answer that grants.
pub(super) fn session(reply: &Reply) -> Result<Session, Refusal> {
    #[derive(Deserialize)]
    struct Granted {
        token: zeroize::Zeroizing<String>,
        record: Record,
    }
    let unknown = || Refusal::Fault("the answer is not PocketBase's".to_owned());
    let granted: Granted = serde_json::from_slice(&reply.body).map_err(|_| unknown())?;
    let token = SecretString::from(granted.token.as_str());
    let claims = Claims::read(&token).ok_or_else(unknown)?;
    Ok(Session { token, claims, record: granted.record, date: date(&reply.headers) })
}

/// What the first or the second method led to.
pub(super) fn admission(reply: Reply, secrets: &[&SecretString]) -> Result<Admission, Refusal> {
    if let Some(mfa_id) = mfa_id(&reply) {
        return Ok(Admission::SecondMethod { mfa_id });
    }
    session(&granted(reply, secrets)?).map(Admission::SignedIn)
}

fn mfa_id(reply: &Reply) -> Option<SecretString> {
    let body: Value = serde_json::from_slice(&reply.body).ok().filter(|_| reply.status == 401)?;
    body.get("mfaId")?.as_str().map(SecretString::from)
}

fn refusal(reply: &Reply, secrets: &[&SecretString]) -> Refusal {
    let text = without(&String::from_utf8_lossy(&reply.body), secrets);
    let body: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    let message = body.get("message").and_then(Value::as_str).and_then(displayable).unwrap_or_default();
    match reply.status {
        300..=399 => Refusal::Redirected,
        400 if body.contains_key("message") => input(&body, message),
        401 => Refusal::Dead,
        403 => forbidden(message),
        404 if body.contains_key("message") => Refusal::NotFound,
        429 => too_many(reply, &message),
        status => Refusal::Fault(format!("it answers {status}")),
    }
}

fn input(body: &Map<String, Value>, text: String) -> Refusal {
    if text.contains("MFA session") {
        return Refusal::StepOver;
    }
    if text.contains("different authentication method") {
        return Refusal::SameMethod;
    }
    let mut fields = Vec::new();
    let data = body.get("data").and_then(Value::as_object);
    for (name, fault) in data.into_iter().flatten() {
        named(name, fault, &mut fields);
    }
    Refusal::Input { fields, text }
}

/// Faults may nest: `{"mfa":{"enabled":{"message":…}}}` is one of `mfa.enabled`.
fn named(name: &str, fault: &Value, fields: &mut Vec<(String, String)>) {
    let Some(fault) = fault.as_object() else { return };
    if let Some(message) = fault.get("message").and_then(Value::as_str).and_then(displayable) {
        fields.push((name.to_owned(), message));
        return;
    }
    for (inner, fault) in fault {
        named(&format!("{name}.{inner}"), fault, fields);
    }
}

fn forbidden(text: String) -> Refusal {
    if text.contains("not configured to allow") {
        Refusal::MethodOff
    } else if text.contains("requirements to authenticate") {
        Refusal::RuleNotMet
    } else if text.contains("not allowed to perform") {
        Refusal::WrongCollection
    } else {
        Refusal::Forbidden(text)
    }
}

fn too_many(reply: &Reply, text: &str) -> Refusal {
    let least = if text.contains("new OTP") { CODE_WAIT_MS } else { LEAST_WAIT_MS };
    let asked = RetryAfter::read(&reply.headers).map_or(0, |after| after.wait_ms(Timestamp(i64::MAX)));
    Refusal::TooMany { wait_ms: asked.max(least) }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
