//! Answers as providers give them, and what is made of each.

use http::HeaderMap;
use latchkey_protocol::{RateScope, Timestamp};

use super::{Verdict, said, verdict};
use crate::http::Reply;

fn reply(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    Reply { status, headers: map, body: body.as_bytes().to_vec() }
}

fn judged(status: u16, headers: &[(&'static str, &str)], body: &str) -> Verdict {
    verdict(&reply(status, headers, body), Timestamp(1_795_248_000_000))
}

#[test]
fn spotify_is_understood() {
    let error = |status: u16, text: &str| format!(r#"{{"error":{{"status":{status},"message":"{text}"}}}}"#);
    assert_eq!(judged(401, &[], &error(401, "The access token expired")), Verdict::AccessRefused);
    assert_eq!(judged(403, &[], &error(403, "Insufficient client scope")), Verdict::ScopeMissing);
    assert_eq!(judged(403, &[], "User not registered in the Developer Dashboard"), Verdict::Forbidden);
    assert_eq!(judged(404, &[], &error(404, "Not found.")), Verdict::NotFound);
    assert_eq!(judged(502, &[], &error(502, "Bad gateway.")), Verdict::Fault);
    let wait = |wait_ms| Verdict::Wait { wait_ms, scope: RateScope::Global };
    assert_eq!(judged(429, &[("retry-after", "7")], &error(429, "API rate limit exceeded")), wait(7_000));
    assert_eq!(judged(429, &[("retry-after", "19056")], "Too many requests"), wait(19_056_000));
    let quota = r#"{"error":{"status":429,"message":"Too many requests","reason":"QUOTA_EXCEEDED"}}"#;
    assert_eq!(judged(429, &[], quota), wait(3_600_000));
    assert_eq!(judged(429, &[], "Too many requests"), wait(60_000));
}

#[test]
fn discord_is_understood() {
    let user = [("retry-after", "2"), ("x-ratelimit-bucket", "b"), ("x-ratelimit-scope", "user")];
    let body = r#"{"message":"You are being rate limited.","retry_after":1.48,"global":false}"#;
    assert_eq!(judged(429, &user, body), Verdict::Wait { wait_ms: 2_000, scope: RateScope::User });
    let global = [("retry-after", "3"), ("x-ratelimit-global", "true"), ("x-ratelimit-scope", "global")];
    let body = r#"{"message":"You are being rate limited.","retry_after":3.2,"global":true}"#;
    assert_eq!(judged(429, &global, body), Verdict::Wait { wait_ms: 3_200, scope: RateScope::Global });
    let body = r#"{"message":"The resource is being rate limited.","retry_after":30.5,"global":false}"#;
    let shared = judged(429, &[("x-ratelimit-scope", "shared")], body);
    assert_eq!(shared, Verdict::Wait { wait_ms: 30_500, scope: RateScope::Shared });
    assert_eq!(judged(403, &[], r#"{"message":"Missing Access","code":50001}"#), Verdict::Forbidden);
    assert_eq!(judged(403, &[], r#"{"message":"Missing scope","code":50026}"#), Verdict::ScopeMissing);
    assert_eq!(judged(401, &[], r#"{"message":"401: Unauthorized","code":0}"#), Verdict::AccessRefused);
    let form = r#"{"message":"Invalid Form Body","code":50035}"#;
    assert_eq!(judged(400, &[], form), Verdict::RequestRefused);
}

#[test]
fn a_gateway_that_turns_this_computer_away_is_told_from_a_refusal() {
    let page = "<html><body>error code: 1015</body></html>";
    let blocked = Verdict::Blocked { wait_ms: 600_000 };
    assert_eq!(judged(403, &[("content-type", "text/html; charset=UTF-8")], page), blocked);
    assert_eq!(judged(429, &[], page), blocked);
    assert_eq!(
        judged(403, &[], r#"{"message":"Cloudflare is blocking your request.","code":40333}"#),
        blocked
    );
    assert_eq!(judged(429, &[("retry-after", "30")], page), Verdict::Blocked { wait_ms: 30_000 });
}

#[test]
fn a_service_that_is_unavailable_is_left_alone_where_it_says_for_how_long() {
    let wait = Verdict::Wait { wait_ms: 90_000, scope: RateScope::Global };
    assert_eq!(judged(503, &[("retry-after", "90")], ""), wait);
    assert_eq!(judged(503, &[], ""), Verdict::Fault);
    assert_eq!(judged(307, &[("location", "https://elsewhere")], ""), Verdict::Redirected);
}

#[test]
fn a_missing_scope_is_read_from_the_challenge() {
    let challenge = [("www-authenticate", "Bearer realm=\"sandbox\", error=\"insufficient_scope\"")];
    assert_eq!(judged(403, &challenge, ""), Verdict::ScopeMissing);
}

#[test]
fn what_an_answer_says_is_shown_without_the_access_it_repeats() {
    let said = |body: &str| said(&reply(403, &[], body), &"planted".into());
    assert_eq!(said("User not registered"), "User not registered");
    assert_eq!(said(r#"{"message":"the bearer planted is bad"}"#), "the bearer … is bad");
    assert_eq!(said("<html>planted</html>"), "status 403");
    assert_eq!(said(""), "status 403");
}
