//! What an answer of an API means: status and headers first, since a body may be empty, text, a page or JSON of
//! several shapes at any status. Pure.

use latchkey_protocol::{RateScope, Timestamp};
use secrecy::SecretString;
use serde_json::Value;

use crate::http::Reply;
use crate::pacing::{RetryAfter, milliseconds};
use crate::text::{displayable, without};

/// The wait where a provider asks for one and names none, in milliseconds.
const UNNAMED_MS: i64 = 60_000;
/// The same where the quota of a whole developer account is used up, in milliseconds.
const QUOTA_MS: i64 = 3_600_000;
/// The same where a gateway before the provider turns this computer away, in milliseconds. Going on at once is
/// what makes such a block longer.
const BLOCKED_MS: i64 = 600_000;
/// Discord's code for a request that its gateway turned away.
const DISCORD_BLOCKED: i64 = 40_333;
/// Discord's code for a missing scope.
const DISCORD_SCOPE: i64 = 50_026;

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What was asked for.
    Answered,
    /// The access token is dead.
    AccessRefused,
    /// A permission is missing.
    ScopeMissing,
    /// Not permitted.
    Forbidden,
    /// Not there.
    NotFound,
    /// The request is wrong.
    RequestRefused,
    /// To be left alone for so many milliseconds.
    Wait { wait_ms: i64, scope: RateScope },
    /// Turned away by something before the provider; left alone for so many milliseconds.
    Blocked { wait_ms: i64 },
    /// A fault of the provider.
    Fault,
    /// A redirect.
    Redirected,
}

/// Judges an answer. `provider_now` is the provider's time as far as it is known, for dates to wait until.
pub(super) fn verdict(reply: &Reply, provider_now: Timestamp) -> Verdict {
    let json: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let code = json.as_ref().and_then(|json| json.get("code")).and_then(Value::as_i64);
    let asked = RetryAfter::for_calls_ms(&reply.headers, provider_now);
    match reply.status {
        200..=299 => Verdict::Answered,
        300..=399 => Verdict::Redirected,
        401 => Verdict::AccessRefused,
        403 | 429 if is_page(reply) || code == Some(DISCORD_BLOCKED) => {
            Verdict::Blocked { wait_ms: asked.unwrap_or(BLOCKED_MS) }
        }
        403 if lacks_scope(reply, json.as_ref(), code) => Verdict::ScopeMissing,
        403 => Verdict::Forbidden,
        404 => Verdict::NotFound,
        429 => Verdict::Wait { wait_ms: wait_ms(asked, json.as_ref()), scope: scope(reply, json.as_ref()) },
        503 if asked.is_some() => {
            Verdict::Wait { wait_ms: asked.unwrap_or(UNNAMED_MS), scope: RateScope::Global }
        }
        500..=599 => Verdict::Fault,
        _ => Verdict::RequestRefused,
    }
}

/// The larger of header and body where both name a wait: the header has whole seconds.
fn wait_ms(asked: Option<i64>, json: Option<&Value>) -> i64 {
    let in_body = json.and_then(|json| json.get("retry_after")).and_then(Value::as_f64).map(milliseconds);
    let quota = json.and_then(|json| json.pointer("/error/reason")).and_then(Value::as_str);
    let unnamed = if quota == Some("QUOTA_EXCEEDED") { QUOTA_MS } else { UNNAMED_MS };
    asked.max(in_body).unwrap_or(unnamed)
}

/// Discord says what has to wait; elsewhere it is everything.
fn scope(reply: &Reply, json: Option<&Value>) -> RateScope {
    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok());
    let global = json.and_then(|json| json.get("global")).and_then(Value::as_bool) == Some(true);
    match (header("x-ratelimit-scope"), header("x-ratelimit-bucket")) {
        _ if global || header("x-ratelimit-global") == Some("true") => RateScope::Global,
        (Some("shared"), _) => RateScope::Shared,
        (Some("user"), _) | (None, Some(_)) => RateScope::User,
        (Some(_) | None, _) => RateScope::Global,
    }
}

fn lacks_scope(reply: &Reply, json: Option<&Value>, code: Option<i64>) -> bool {
    let challenge = reply.headers.get(http::header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let message = json.and_then(|json| json.pointer("/error/message")).and_then(Value::as_str);
    code == Some(DISCORD_SCOPE)
        || message == Some("Insufficient client scope")
        // RFC 6750 3.1
        || challenge.is_some_and(|challenge| challenge.contains("insufficient_scope"))
}

fn is_page(reply: &Reply) -> bool {
    let media_type = reply.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| media_type.starts_with("text/html"))
        || reply.body.trim_ascii_start().starts_with(b"<")
}

/// What an answer says in words: its message if it is JSON of a known shape, else its text if it is no page;
/// never the access token.
pub(super) fn said(reply: &Reply, access: &SecretString) -> String {
    let text = without(&String::from_utf8_lossy(&reply.body), &[access]);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let pointers = ["/error/message", "/error_description", "/message", "/error"];
    let at = |pointer: &str| json.as_ref()?.pointer(pointer)?.as_str().map(str::to_owned);
    let plain = (json.is_none() && !is_page(reply)).then(|| text.clone());
    let message = pointers.into_iter().find_map(at).or(plain);
    message.and_then(|text| displayable(&text)).unwrap_or_else(|| format!("status {}", reply.status))
}

#[cfg(test)]
#[path = "answer/tests.rs"]
mod tests;
