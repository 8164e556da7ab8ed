//! Whose token is this? Asked before anything says "connected", and again whenever a person checks.

use http::{HeaderName, HeaderValue, header};
use latchkey_oidc::{UserInfoError, check_subject};
use latchkey_protocol::Timestamp;
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::connection::{Account, Connection, Picture};
use crate::dpop::Shown;
use crate::flow::dialect::secret_header;
use crate::flow::subject::Subject;
use crate::http::{Http, NoReply, Reply};
use crate::pacing::{RetryAfter, date};
use crate::person::Person;
use crate::pocketbase::{Address, Refusal};
use crate::provider::file::{self, Identity, Presentation, check_url};
use crate::provider::{Protocol, Provider};
use crate::text::{displayable, without};

/// Bytes of an identity answer.
const LIMIT: usize = 256 * 1024;
/// Bytes of a picture.
const PICTURE_LIMIT: usize = 512 * 1024;

/// Why the account is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    /// 401: this access token is dead.
    #[error("the provider refuses the access it has just given")]
    Refused,
    /// 403: the account or the application may not be used.
    #[error("the provider says: {0}")]
    Forbidden(String),
    /// 429 or 503 with a time: the API is to be left alone for so many milliseconds.
    #[error("the provider asks to wait")]
    Throttled(i64),
    /// Not reached, or a fault that may pass.
    #[error("{0}")]
    Passing(String),
    /// An answer without the account's key.
    #[error("the provider's answer does not name the account")]
    Nameless,
    /// An answer that is not about the account of the ID token (OpenID Connect Core 5.3.2).
    #[error(transparent)]
    Contradicted(#[from] UserInfoError),
}

/// Asks the provider who the access token belongs to, and fetches the picture if that is possible. Where the
/// provider has no such call, it is whom its token answer has `named`. An answer of the userinfo endpoint has to be
/// about the verified `subject`, where there is one.
pub(crate) async fn identify(
    http: &Http,
    provider: &Provider,
    access: Shown<'_>,
    named: Option<&Account>,
    subject: Option<&str>,
) -> Result<Account, IdentityError> {
    let identity = &provider.file.identity;
    let Some(url) = &identity.url else {
        return named.cloned().ok_or(IdentityError::Nameless);
    };
    let url = Url::parse(url).map_err(|_| IdentityError::Nameless)?;
    let reply = access.send(http, request(identity, url, access), LIMIT).await;
    let reply = reply.map_err(|error| passing(&error))?;
    let body = answered(&reply, access.token)?;
    let code = identity.error_pointer.as_deref().and_then(|pointer| body.pointer(pointer));
    if code.and_then(Value::as_str).is_some_and(|code| identity.refused.iter().any(|dead| dead == code)) {
        return Err(IdentityError::Refused);
    }
    if let Some(subject) = subject.filter(|_| is_by_subject(provider)) {
        check_subject(&body, subject)?;
    }
    let account = account_in(provider, &body).ok_or(IdentityError::Nameless)?;
    let url = account.person.as_ref().map(|person| person.avatar_url.clone());
    let picture = match url.or_else(|| first_text(&body, &identity.picture)) {
        Some(url) => picture(http, &url).await,
        None => None,
    };
    Ok(Account { picture, ..account })
}

/// Asks whether the access token of a connection still belongs to its account.
pub(crate) async fn confirm(
    http: &Http,
    provider: &Provider,
    connection: &Connection,
    access: Shown<'_>,
) -> Result<Account, IdentityError> {
    match provider.file.protocol {
        Protocol::Oauth2 | Protocol::Oidc | Protocol::Oauth1 => {
            identify(http, provider, access, Some(&connection.account), None).await
        }
        Protocol::Pocketbase => same_record(http, &connection.account, access.token).await,
    }
}

/// The record, as its server tells it to a token that cannot be prolonged.
async fn same_record(http: &Http, account: &Account, token: &SecretString) -> Result<Account, IdentityError> {
    let address = Address::from_key(&account.key).ok_or(IdentityError::Nameless)?;
    match address.realm.refresh(http, token).await {
        Ok(session) if session.claims.id == address.record => {
            Ok(Account { name: session.record.shown(), ..account.clone() })
        }
        Ok(session) => {
            let (key, name) = (session.claims.id.clone(), session.record.shown());
            Ok(Account { key, name, picture: None, person: None })
        }
        Err(Refusal::Dead) => Err(IdentityError::Refused),
        Err(
            refusal @ (Refusal::RuleNotMet
            | Refusal::WrongCollection
            | Refusal::MethodOff
            | Refusal::Forbidden(_)
            | Refusal::Redirected
            | Refusal::Input { .. }
            | Refusal::StepOver
            | Refusal::SameMethod),
        ) => Err(IdentityError::Forbidden(refusal.to_string())),
        Err(
            refusal @ (Refusal::NotFound
            | Refusal::TooMany { .. }
            | Refusal::ProxyRefused
            | Refusal::Fault(_)
            | Refusal::Untrusted(_)
            | Refusal::Unreachable(_)),
        ) => Err(IdentityError::Passing(refusal.to_string())),
    }
}

/// Whether an ID token that came with a renewal names somebody else (OpenID Connect Core 12.2). It is compared
/// only where the account is known by the same name: where its key is the `sub` of the provider.
pub(crate) fn is_another(provider: &Provider, account: &Account, named: &Subject) -> bool {
    // One large provider leaves out the scheme, and people leave out a last slash.
    let bare = |issuer: &str| issuer.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let strange_issuer = match (&provider.file.authorization.issuer, &named.issuer) {
        (Some(known), Some(issuer)) => bare(known) != bare(issuer),
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    is_by_subject(provider) && (named.key != account.key || strange_issuer)
}

/// Whether the account is known by the name that its issuer has for it: what names it is the userinfo endpoint.
fn is_by_subject(provider: &Provider) -> bool {
    provider.file.identity.key == ["/sub"]
}

/// Whom an answer names.
pub(crate) fn account_in(provider: &Provider, body: &Value) -> Option<Account> {
    let identity = &provider.file.identity;
    let key = first_text(body, &identity.key)?;
    let person = provider.file.api.as_ref().and_then(|api| api.person(body));
    let name = person.as_ref().map(Person::name).or_else(|| first_text(body, &identity.name));
    let name = name.and_then(|name| displayable(&name)).or_else(|| displayable(&key)).unwrap_or_default();
    Some(Account { name, key, picture: None, person })
}

fn request(identity: &Identity, url: Url, access: Shown<'_>) -> Request {
    let method = match identity.method {
        file::Method::Get => Method::GET,
        file::Method::Post => Method::POST,
    };
    let mut request = Request::new(method, url);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(body) = &identity.body {
        let json = body == "null" || body.trim_start().starts_with('{');
        let media_type = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        *request.body_mut() = Some(body.clone().into());
    }
    for (name, value) in &identity.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            request.headers_mut().insert(name, value);
        }
    }
    present(&mut request, &identity.authentication, access);
    request
}

/// Shows an access token in the way that the provider wants; one that is bound to a key, as RFC 9449 7.1 has it. One
/// with a character that no header may have is sent as nothing and refused by the provider.
pub(crate) fn present(request: &mut Request, presentation: &Presentation, access: Shown<'_>) {
    let token = access.token.expose_secret();
    let (name, text) = match presentation {
        _ if access.holder.is_some() => (Some(header::AUTHORIZATION), format!("DPoP {token}")),
        Presentation::Bearer => (Some(header::AUTHORIZATION), format!("Bearer {token}")),
        Presentation::Scheme(scheme) => (Some(header::AUTHORIZATION), format!("{scheme} {token}")),
        Presentation::Header(name) => (HeaderName::try_from(name).ok(), token.to_owned()),
        Presentation::Query(name) => {
            request.url_mut().query_pairs_mut().append_pair(name, token);
            return;
        }
    };
    if let (Some(name), Some(value)) = (name, secret_header(&text)) {
        request.headers_mut().insert(name, value);
    }
}

fn passing(error: &NoReply) -> IdentityError {
    IdentityError::Passing(error.to_string())
}

/// Status first: some answers are plain text, and no JSON failure may hide what the provider says.
/// A date counts from that of the answer; without one it says nothing.
fn wait_ms(headers: &http::HeaderMap) -> Option<i64> {
    RetryAfter::for_calls_ms(headers, date(headers).unwrap_or(Timestamp(i64::MAX)))
}

fn answered(reply: &Reply, access: &SecretString) -> Result<Value, IdentityError> {
    match reply.status {
        200..=299 => serde_json::from_slice(&reply.body).map_err(|_| IdentityError::Nameless),
        401 => Err(IdentityError::Refused),
        403 => Err(IdentityError::Forbidden(said(reply, access))),
        429 | 503 => Err(match wait_ms(&reply.headers) {
            Some(wait_ms) => IdentityError::Throttled(wait_ms),
            None => IdentityError::Passing(format!("the provider answers {}", reply.status)),
        }),
        status => Err(IdentityError::Passing(format!("the provider answers {status}"))),
    }
}

/// What an error answer says: its message if it is JSON of a known shape, else its text; never the token.
fn said(reply: &Reply, access: &SecretString) -> String {
    let text = without(&String::from_utf8_lossy(&reply.body), &[access]);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let pointers = ["/error/message", "/error_description", "/message", "/error"].map(str::to_owned);
    let message = json.as_ref().and_then(|json| first_text(json, &pointers));
    let html = text.trim_start().starts_with('<');
    let message = message.or_else(|| (json.is_none() && !html).then_some(text));
    message.and_then(|text| displayable(&text)).unwrap_or_else(|| format!("status {}", reply.status))
}

/// The first pointer that leads to a text or number that is not empty.
fn first_text(body: &Value, pointers: &[String]) -> Option<String> {
    pointers.iter().filter_map(|pointer| body.pointer(pointer)).find_map(|value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// A picture, if its URL is one that may be asked and what comes is a small picture. None is no failure.
async fn picture(http: &Http, url: &str) -> Option<Picture> {
    let url = check_url(url).ok()?;
    let reply = http.send(Request::new(Method::GET, url), PICTURE_LIMIT).await.ok()?;
    let media_type = media_type(&reply.body)?;
    (reply.status == 200).then(|| Picture { media_type: media_type.to_owned(), bytes: reply.body.into() })
}

/// What a file is by its first bytes; what a server calls it counts for nothing.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(body: &str) -> String {
        let reply = Reply { status: 403, headers: http::HeaderMap::new(), body: body.as_bytes().to_vec() };
        said(&reply, &"access".into())
    }

    #[test]
    fn a_refusal_is_told_in_the_providers_words_whatever_its_form() {
        let plain = "User not registered in the Developer Dashboard";
        assert_eq!(forbidden(plain), plain);
        assert_eq!(
            forbidden(r#"{"error":{"status":403,"message":"Insufficient client scope"}}"#),
            "Insufficient client scope"
        );
        assert_eq!(forbidden(r#"{"message":"Missing Access","code":50001}"#), "Missing Access");
        assert_eq!(forbidden("<html>blocked</html>"), "status 403");
        assert_eq!(forbidden(""), "status 403");
    }

    #[test]
    fn the_first_pointer_that_leads_somewhere_wins() {
        let body = serde_json::json!({"account_id": "", "id": 7, "name": null});
        assert_eq!(first_text(&body, &["/account_id".into(), "/id".into()]).as_deref(), Some("7"));
        assert_eq!(first_text(&body, &["/name".into(), "/x/0".into()]), None);
    }

    #[test]
    fn the_access_goes_into_its_header_alone_and_is_marked() {
        let mut request = Request::new(Method::GET, Url::parse("https://api.example/me").unwrap());
        let shown = Shown { token: &"planted".into(), holder: None };
        present(&mut request, &Presentation::Bearer, shown);
        assert!(request.headers()[header::AUTHORIZATION].is_sensitive());
        assert!(!format!("{request:?}").contains("planted"));
    }

    #[test]
    fn a_picture_is_what_its_bytes_say() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(media_type(b"<svg onload=alert(1)>"), None);
    }
}
