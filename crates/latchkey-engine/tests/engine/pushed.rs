//! Pushed authorization requests (RFC 9126): the browser carries a reference and nothing else, and what goes wrong is not got
//! around.

use crate::lying::{CLIENT, Issuer};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use latchkey_protocol::ProblemCode;
use url::Url;

fn pushing(required: bool) -> Issuer {
    let issuer = Issuer::without_client();
    let place = format!("{}/par", issuer.origin);
    let mut state = issuer.state();
    state.document["pushed_authorization_request_endpoint"] = place.into();
    state.document["require_pushed_authorization_requests"] = required.into();
    drop(state);
    issuer
}

fn names(url: &Url) -> Vec<String> {
    url.query_pairs().map(|(name, _)| name.into_owned()).collect()
}

#[test]
fn r98_r99_where_it_is_required_the_browser_carries_client_id_and_reference_only() {
    let issuer = pushing(true);
    issuer.save_client(CLIENT, "");
    let url = issuer.begin().unwrap();
    assert_eq!(names(&url), ["kind", "client_id", "request_uri"], "the endpoint's own query stays (R30)");
    let pushed = issuer.asked("/par").remove(0);
    for name in
        ["response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "client_id", "prompt"]
    {
        assert!(pushed.form.contains_key(name), "{name}: {:?}", pushed.form);
    }
    assert!(!pushed.form.contains_key("kind") && !pushed.form.contains_key("code_verifier"));
    let link = issuer.agree(&url);
    assert_eq!(issuer.come_back(&link).connections.len(), 1);
    issuer.begin().unwrap();
    assert_eq!(issuer.asked("/par").len(), 2, "each request has a reference of its own");
}

#[test]
fn where_it_is_only_offered_the_browser_carries_the_request() {
    let issuer = pushing(false);
    issuer.save_client(CLIENT, "");
    assert!(names(&issuer.begin().unwrap()).contains(&"nonce".to_owned()));
    assert_eq!(issuer.asked("/par").len(), 0);
}

#[test]
fn a_client_with_a_secret_proves_itself_where_it_pushes_and_the_browser_carries_no_secret() {
    let issuer = pushing(true);
    issuer.save_client(CLIENT, "planted-secret");
    let url = issuer.begin().unwrap();
    let pushed = issuer.asked("/par").remove(0);
    let proof = BASE64_STANDARD.encode(format!("{CLIENT}:planted-secret"));
    assert!(pushed.head.contains(&format!("Basic {proof}")), "{}", pushed.head);
    assert!(!pushed.body.contains("planted-secret") && !url.as_str().contains("planted-secret"));
}

#[test]
fn r100_a_push_that_fails_is_told_and_never_got_around() {
    let refusal = r#"{"error":"invalid_request","error_description":"no such redirect"}"#;
    let cases = [
        (400, "", refusal, ProblemCode::Misconfigured, "no such redirect"),
        (403, "", "<html>", ProblemCode::Misconfigured, "answers 403"),
        (307, "location: https://evil.example/\r\n", "", ProblemCode::Misconfigured, "redirect"),
        (201, "", "{}", ProblemCode::Misconfigured, "names no request"),
        (201, "", r#"{"request_uri":"two words"}"#, ProblemCode::Misconfigured, "names no request"),
        (503, "", "", ProblemCode::Temporary, "answers 503"),
        (429, "", "", ProblemCode::Temporary, "answers 429"),
    ];
    for (status, headers, body, code, says) in cases {
        let issuer = pushing(true);
        issuer.save_client(CLIENT, "");
        issuer.state().instead.insert("/par", (status, headers.to_owned(), body.to_owned()));
        let problem = issuer.begin().unwrap_err();
        assert_eq!(problem.code, code, "{status}: {problem}");
        assert!(problem.message.contains(says), "{status}: {problem}");
        assert_eq!(issuer.asked("/par").len(), 1);
        assert!(issuer.world.overview().providers.iter().all(|one| one.sign_in.is_none()));
    }
}
