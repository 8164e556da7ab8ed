//! Tokens that are bound to a key (RFC 9449): every request proves that it has the key, and a nonce that a server wants
//! is repeated once.

use crate::lying::{Asked, CLIENT, Issuer};
use crate::support::MINUTE;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use latchkey_protocol::{Activity, GrantState, Severity};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A header of a request.
fn header(asked: &Asked, name: &str) -> Option<String> {
    let line = asked.head.lines().find_map(|line| line.split_once(':').filter(|(key, _)| *key == name));
    line.map(|(_, value)| value.trim().to_owned())
}

/// The proof of a request: the key that it shows, and what it claims under that key's signature.
fn proof(asked: &Asked) -> (Jwk, Value) {
    let proof = header(asked, "dpop").unwrap_or_else(|| panic!("no proof: {}", asked.head));
    let head = jsonwebtoken::decode_header(&proof).unwrap();
    assert_eq!(head.typ.as_deref(), Some("dpop+jwt"));
    let key = head.jwk.unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode(&proof, &DecodingKey::from_jwk(&key).unwrap(), &validation);
    (key, claims.unwrap().claims)
}

fn wants_nonce(nonce: &str) -> (u16, String, String) {
    let body = r#"{"error":"use_dpop_nonce","error_description":"another"}"#;
    (400, format!("dpop-nonce: {nonce}\r\n"), body.to_owned())
}

fn renew(issuer: &Issuer, count: usize) {
    issuer.world.clock.advance(56 * MINUTE);
    issuer.until_asked("/token", count);
}

#[test]
fn r101_every_request_proves_the_same_key_for_itself_alone() {
    let issuer = Issuer::binding();
    let url = issuer.begin().unwrap();
    let link = issuer.agree(&url);
    assert_eq!(issuer.come_back(&link).connections.len(), 1);
    issuer.world.until_settled();
    renew(&issuer, 2);
    issuer.world.until_idle();

    let tokens = issuer.asked("/token");
    let me = issuer.asked("/me").remove(0);
    let (key, first) = proof(&tokens[0]);
    let (same, second) = proof(&tokens[1]);
    let (shown, at_api) = proof(&me);
    assert!(key == same && key == shown, "one key for all of a sign-in");
    let bound_to = url.query_pairs().find(|(name, _)| name == "dpop_jkt").unwrap().1.into_owned();
    assert_eq!(key.thumbprint(ThumbprintHash::SHA256).unwrap(), bound_to, "the code is bound as well");
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!((&first["htm"], &first["htu"]), (&"POST".into(), &format!("{}/token", issuer.origin).into()));
    assert_eq!((&at_api["htm"], &at_api["htu"]), (&"GET".into(), &format!("{}/me", issuer.origin).into()));
    assert_eq!(at_api["ath"], BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest("access-1")));
    assert_eq!(second["iat"], issuer.world.clock_now().0 / 1000);
    assert_eq!(header(&me, "authorization").as_deref(), Some("DPoP access-1"));
    let lent = issuer.world.run(issuer.world.engine().lend(&issuer.world.connection().id, 1)).unwrap();
    assert!(lent.bound, "whoever borrows it is told that it opens nothing alone");
}

#[test]
fn the_key_outlives_the_process_and_a_bearer_token_has_none() {
    let mut issuer = Issuer::binding();
    assert_eq!(issuer.sign_in().connections.len(), 1);
    issuer.world.until_settled();
    let (before, _) = proof(&issuer.asked("/token")[0]);
    issuer.world.restart();
    assert_eq!(issuer.world.check().unwrap().health.severity, Severity::Healthy);
    let (after, _) = proof(issuer.asked("/me").last().unwrap());
    assert_eq!(before, after);

    let plain = Issuer::new();
    assert_eq!(plain.sign_in().connections.len(), 1);
    assert_eq!(header(&plain.asked("/token")[0], "dpop"), None);
    let lent = plain.world.run(plain.world.engine().lend(&plain.world.connection().id, 1)).unwrap();
    assert!(!lent.bound);
}

#[test]
fn r103_neither_kind_of_token_is_taken_for_the_other() {
    let downgraded = Issuer::binding();
    downgraded.state().token_type = "Bearer";
    assert!(downgraded.fails().contains("a kind of token that Latchkey cannot use"));
    let keyless = Issuer::new();
    keyless.state().token_type = "DPoP";
    assert!(keyless.fails().contains("a kind of token that Latchkey cannot use"));
    assert!(
        keyless.asked("/me").is_empty() && downgraded.asked("/me").is_empty(),
        "such a token is not shown"
    );
}

#[test]
fn r102_the_newest_nonce_of_a_server_is_repeated_at_once_and_kept() {
    let issuer = Issuer::binding();
    issuer.state().nonce_wanted = Some("n-1");
    assert_eq!(issuer.sign_in().connections.len(), 1);
    issuer.world.until_settled();
    let nonces = |path: &str| -> Vec<Value> {
        issuer.asked(path).iter().map(|asked| proof(asked).1["nonce"].clone()).collect()
    };
    assert_eq!(nonces("/token"), [Value::Null, "n-1".into()]);
    assert_eq!(nonces("/me"), ["n-1"], "one origin, one nonce");
    issuer.state().nonce_wanted = Some("n-2");
    assert_eq!(issuer.world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(nonces("/me"), ["n-1", "n-1", "n-2"]);
    renew(&issuer, 3);
    issuer.world.until_idle();
    assert_eq!(nonces("/token"), [Value::Null, "n-1".into(), "n-2".into()]);
    assert_eq!(issuer.world.grant(), GrantState::Connected);
}

#[test]
fn f58_a_server_that_always_wants_another_nonce_is_asked_twice_and_nothing_is_lost() {
    let issuer = Issuer::binding();
    assert_eq!(issuer.sign_in().connections.len(), 1);
    issuer.world.until_settled();
    issuer.state().instead.insert("/token", wants_nonce("never-right"));
    renew(&issuer, 3);
    issuer.world.until("it waits", |overview| {
        matches!(overview.connections[0].health.activity, Activity::Retrying { .. })
    });
    let sent = issuer.asked("/token");
    assert_eq!(sent.len(), 3, "two tries, and then a pause");
    let connection = issuer.world.connection();
    let failure = connection.renewal.last_failure.unwrap();
    assert!(failure.message.contains("dpop_nonce_loop"), "{failure:?}");
    assert_eq!(issuer.world.grant(), GrantState::Connected);

    issuer.state().instead.clear();
    renew(&issuer, 4);
    issuer.world.until_idle();
    assert_eq!(issuer.asked("/token")[3].form["refresh_token"], "refresh-1");
    assert_eq!(issuer.world.connection().health.severity, Severity::Healthy);
}

#[test]
fn a_client_that_is_registered_at_run_time_asks_for_bound_tokens() {
    let issuer = Issuer::binding();
    issuer.state().document["registration_endpoint"] = format!("{}/register", issuer.origin).into();
    issuer.save_client("", "");
    issuer.begin().unwrap();
    let asked: Value = serde_json::from_str(&issuer.asked("/register")[0].body).unwrap();
    assert_eq!(asked["dpop_bound_access_tokens"], true);
    assert_ne!(asked["client_id"], CLIENT);
}
