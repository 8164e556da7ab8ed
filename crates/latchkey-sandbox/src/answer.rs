//! What a handler gives back: the response, and what the record says about it.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use crate::record::Outcome;

/// A response with its place in the record.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) outcome: Outcome,
}

impl Answer {
    pub(crate) fn accepted(response: Response) -> Self {
        Self { response, outcome: Outcome::Accepted }
    }

    pub(crate) fn refused(response: Response, why: impl Into<String>) -> Self {
        Self { response, outcome: Outcome::Refused { why: why.into() } }
    }
}

/// A response of any type. Nothing of the sandbox may be stored (RFC 6749 5.1).
pub(crate) fn typed(status: StatusCode, content_type: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, content_type);
    set(&mut response, header::CACHE_CONTROL, "no-store");
    response
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    typed(status, "application/json", value.to_string())
}

pub(crate) fn text(status: StatusCode, body: &str) -> Response {
    typed(status, "text/plain; charset=utf-8", body.to_owned())
}

/// A page that loads nothing from elsewhere and runs no script.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    let mut response = typed(status, "text/html; charset=utf-8", page);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'";
    set(&mut response, header::CONTENT_SECURITY_POLICY, policy);
    set(&mut response, header::REFERRER_POLICY, "no-referrer");
    response
}

/// 303, so that a browser drops the form it has just sent.
pub(crate) fn see_other(location: &str) -> Response {
    let mut response = text(StatusCode::SEE_OTHER, "");
    set(&mut response, header::LOCATION, location);
    response
}

/// Sets a header; a value that no header can carry leaves it out.
pub(crate) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
