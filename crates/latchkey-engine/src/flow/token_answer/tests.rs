//! Odd answers, row by row of the failure table.

use std::sync::Arc;

use http::HeaderMap;
use latchkey_protocol::ProviderId;
use serde_json::json;

use super::{Dialect, HttpResponse, LONGEST_LIFE_S, Reply, RetryAfter, SendFailure, Timestamp, Value};
use crate::credential::RegisteredClient;
use crate::provider::{Catalog, Provider};

fn spotify() -> Arc<Provider> {
    let catalog = Catalog::load(std::path::Path::new("/nonexistent"), None);
    catalog.provider(&ProviderId::try_from("spotify").unwrap()).unwrap().clone()
}

/// The answer as the standard's own dialect reads it.
fn answer(reply: &Reply) -> Result<HttpResponse, SendFailure> {
    let provider = spotify();
    let client = RegisteredClient { id: "client".into(), secret: None };
    super::answer(reply, &Dialect::new(&provider, &client, Timestamp(0))).map(|(response, _)| response)
}

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
}

fn body_of(status: u16, body: &str) -> (u16, Value) {
    let response = answer(&reply(status, body)).unwrap();
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

fn life(expires_in: &str) -> Value {
    body_of(200, &format!(r#"{{"access_token":"a","expires_in":{expires_in}}}"#)).1["expires_in"].clone()
}

#[test]
fn f17_f18_a_life_in_any_spelling_is_understood_or_unknown() {
    for spelled in ["3600", "\"3600\"", "3600.0", "\"3600.9\""] {
        assert_eq!(life(spelled), json!(3600), "{spelled}");
    }
    for unknown in ["null", "0", "-1", "\"soon\"", "[]", "true", "\"\""] {
        assert_eq!(life(unknown), Value::Null, "{unknown}");
    }
    assert_eq!(life("9223372036854775808"), json!(LONGEST_LIFE_S));
}

#[test]
fn f19_f23_null_refresh_token_and_missing_type_lose_nothing() {
    let (status, body) = body_of(200, r#"{"access_token":"a","refresh_token":null}"#);
    assert_eq!((status, &body["token_type"]), (200, &json!("bearer")));
    assert!(body.get("refresh_token").is_none());
    assert!(body_of(200, r#"{"access_token":"a","refresh_token":""}"#).1.get("refresh_token").is_none());
}

#[test]
fn r40_an_error_behind_status_200_is_an_error() {
    assert_eq!(body_of(200, r#"{"error":"invalid_grant"}"#).0, 400);
    assert_eq!(body_of(201, r#"{"access_token":"a"}"#).0, 200);
}

#[test]
fn f13_f14_what_is_no_answer_is_a_fault_and_never_a_refusal() {
    for (status, body) in [
        (200, "<html>Sign in to the Wi-Fi</html>"),
        (403, "<html>blocked</html>"),
        (400, "invalid_grant"),
        (401, ""),
        (200, r#"{"access_token":"a"#),
        (200, "[]"),
        (404, r#"{"message":"not found"}"#),
        (500, r#"{"error":"invalid_grant"}"#),
    ] {
        assert!(matches!(answer(&reply(status, body)), Err(SendFailure::Fault(_))), "{status} {body}");
    }
}

#[test]
fn f27_a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(answer(&reply(status, "")).unwrap_err(), SendFailure::Redirected);
    }
}

#[test]
fn f12_retry_after_in_seconds_fractions_and_dates() {
    let asked = |retry_after: &str| {
        let mut reply = reply(429, "");
        reply.headers.insert("retry-after", retry_after.parse().unwrap());
        reply.headers.insert("date", "Sat, 21 Nov 2026 08:00:00 GMT".parse().unwrap());
        answer(&reply).unwrap_err()
    };
    let cases = [
        ("7", 7000),
        ("1.5", 1500),
        ("0", 1000),
        ("-4", 1000),
        ("19056", 3_600_000),
        ("Sat, 21 Nov 2026 08:00:30 GMT", 30_000),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 1000),
    ];
    for (retry_after, wait_ms) in cases {
        assert_eq!(
            asked(retry_after),
            SendFailure::Throttled { retry_after: RetryAfter::For(wait_ms) },
            "{retry_after}"
        );
    }
    for nonsense in ["soon", "NaN", "inf"] {
        assert!(matches!(asked(nonsense), SendFailure::Fault(_)), "{nonsense}");
    }
    assert!(matches!(answer(&reply(503, "")), Err(SendFailure::Fault(_))));
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    assert_eq!(body_of(200, "\u{feff}{\"access_token\":\"a\"}").0, 200);
}
