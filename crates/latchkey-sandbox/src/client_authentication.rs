//! What the token and revocation endpoints ask of every request: a form, each parameter once, and exactly one way
//! of saying who asks (RFC 6749 2.3, 3.2).

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::core::Core;
use crate::exchange::Exchange;
use crate::params::Params;
use crate::refusal::Refusal;

/// Checks the shape of a request.
pub(crate) fn check_form(exchange: &Exchange) -> Result<(), Refusal> {
    if !exchange.is_form() {
        return Err(Refusal::NotAForm);
    }
    if !exchange.query.is_empty() {
        return Err(Refusal::ParametersInQuery);
    }
    exchange.form.repeated().map_or(Ok(()), |name| Err(Refusal::Repeated(name.into())))
}

/// A parameter that has to be there.
pub(crate) fn required(form: &Params, name: &'static str) -> Result<String, Refusal> {
    form.value(name).map(String::from).ok_or(Refusal::Missing(name))
}

/// Whether the client tried `Authorization`, which a 401 then has to answer in kind (RFC 6749 5.2).
pub(crate) fn used_header(exchange: &Exchange) -> bool {
    exchange.headers.contains_key(header::AUTHORIZATION)
}

/// The `client_id` of a client that proved itself as it was registered: with its secret, or without any.
pub(crate) fn authenticate(core: &Core, exchange: &Exchange) -> Result<String, Refusal> {
    let (id, secret) = claimed(exchange)?;
    let client = core.client(&id).ok_or(Refusal::UnknownClient)?;
    if client.secret == secret { Ok(id) } else { Err(Refusal::WrongClientSecret) }
}

fn claimed(exchange: &Exchange) -> Result<(String, Option<String>), Refusal> {
    let form_id = exchange.form.value("client_id");
    let form_secret = exchange.form.value("client_secret").map(String::from);
    let Some(authorization) = exchange.header(header::AUTHORIZATION) else {
        return Ok((form_id.ok_or(Refusal::Missing("client_id"))?.into(), form_secret));
    };
    let (id, secret) = basic(authorization).ok_or(Refusal::WrongClientSecret)?;
    if form_secret.is_some() || form_id.is_some_and(|form_id| form_id != id) {
        return Err(Refusal::TwoClientAuthentications);
    }
    Ok((id, Some(secret)))
}

/// Both halves are form-encoded before they are joined (RFC 6749 2.3.1).
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

/// A raw `&` or `=` was not encoded by its sender and makes this something else.
fn form_decode(encoded: &str) -> Option<String> {
    if encoded.contains(['&', '=']) {
        return None;
    }
    let decoded = url::form_urlencoded::parse(encoded.as_bytes()).next();
    Some(decoded.map(|(name, _)| name.into_owned()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_decodes_both_halves() {
        let header = format!("Basic {}", STANDARD.encode("my%3Aapp:p%2B%25+%C3%A9"));
        assert_eq!(basic(&header), Some(("my:app".into(), "p+% é".into())));
        let raw = format!("Basic {}", STANDARD.encode("app:a=b"));
        assert_eq!(basic(&raw), None);
        assert_eq!(basic("Bearer abc"), None);
    }
}
