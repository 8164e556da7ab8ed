//! Signing in at an issuer of OpenID Connect by its address: what a relying party must check. Names of tests carry those
//! of the OpenID Foundation's conformance suite.

use crate::lying::{CLIENT, Issuer, Lie, Signer, forged, unsigned, without_algorithm};
use crate::support::MINUTE;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use latchkey_engine::Callback;
use latchkey_protocol::{GrantState, SignInStage};
use serde_json::{Value, json};

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn query(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[test]
fn discovery_openid_config_and_jwks_uri_keys_lead_to_a_connection_and_a_nonce_goes_along() {
    let issuer = Issuer::new();
    let url = issuer.begin().unwrap();
    assert!(url.as_str().starts_with(&format!("{}/authorize?kind=1&", issuer.origin)), "{url}");
    let (nonce, state) = (query(&url, "nonce").unwrap(), query(&url, "state").unwrap());
    assert!(nonce.len() == 43 && nonce != state, "256 random bits of its own");
    assert_eq!(query(&url, "code_challenge_method").as_deref(), Some("S256"));
    let link = issuer.agree(&url);
    let overview = issuer.come_back(&link);
    let connection = &overview.connections[0];
    assert_eq!((connection.account.key.as_str(), connection.account.name.as_str()), ("ada", "Ada Lovelace"));
    assert_eq!(connection.health.grant, GrantState::Connected);
    assert_eq!(issuer.asked(DISCOVERY).len(), 2, "for the endpoints, and for the keys");
    assert_eq!(issuer.asked("/jwks").len(), 1);
    let again = issuer.begin().unwrap();
    assert_ne!(query(&again, "nonce"), Some(nonce), "fresh for each sign-in");
}

#[test]
fn userinfo_bearer_header_is_how_the_account_is_asked_for() {
    let issuer = Issuer::new();
    issuer.sign_in();
    let asked = issuer.asked("/me").remove(0);
    assert_eq!(asked.method, "GET");
    assert!(asked.head.to_lowercase().contains("authorization: bearer access-1"), "{}", asked.head);
    assert!(asked.body.is_empty());
}

#[test]
fn an_issuer_without_userinfo_names_the_account_in_its_id_token() {
    let issuer = Issuer::new();
    issuer.state().document.as_object_mut().unwrap().remove("userinfo_endpoint");
    let overview = issuer.sign_in();
    assert_eq!(overview.connections[0].account.key, "ada");
    assert_eq!(overview.connections[0].account.name, "Ada by her token");
    assert_eq!(issuer.asked("/me").len(), 0);
}

/// What is wrong, and what the person reads of it.
type Case = (&'static str, fn(&Issuer), &'static str);

fn claims(issuer: &Issuer, lie: Lie) {
    issuer.state().claims = lie;
}

fn token(issuer: &Issuer, change: fn(String) -> Option<String>) {
    issuer.state().token = change;
}

const BAD: [Case; 22] = [
    ("invalid-iss", |it| claims(it, |it| it["iss"] = "https://evil.example".into()), "another issuer"),
    (
        "invalid-iss, a slash",
        |it| claims(it, |it| it["iss"] = format!("{}/", it["iss"].as_str().unwrap()).into()),
        "another issuer",
    ),
    ("invalid-aud", |it| claims(it, |it| it["aud"] = "another".into()), "another program"),
    ("missing-aud", |it| claims(it, |it| it["aud"] = Value::Null), "another program"),
    (
        "invalid-secondary-aud",
        |it| claims(it, |it| it["aud"] = json!([it["aud"], "another"])),
        "another program",
    ),
    ("invalid azp", |it| claims(it, |it| it["azp"] = "another".into()), "another program's use"),
    ("missing-iat", |it| claims(it, |it| it["iat"] = Value::Null), "cannot be read"),
    (
        "iat far away",
        |it| claims(it, |it| it["iat"] = (it["iat"].as_i64().unwrap() - 700).into()),
        "check the clock",
    ),
    (
        "invalid-expired-exp",
        |it| claims(it, |it| it["exp"] = (it["iat"].as_i64().unwrap() - 70).into()),
        "run out",
    ),
    ("invalid-missing-exp", |it| claims(it, |it| it["exp"] = Value::Null), "run out"),
    ("missing-sub", |it| claims(it, |it| it["sub"] = Value::Null), "does not name an account"),
    ("nonce-invalid", |it| claims(it, |it| it["nonce"] = "of another sign-in".into()), "another sign-in"),
    ("invalid-missing-nonce", |it| claims(it, |it| it["nonce"] = Value::Null), "another sign-in"),
    (
        "invalid-athash",
        |it| claims(it, |it| it["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()),
        "another access token",
    ),
    (
        "invalid-sig-es256",
        |it| token(it, |token| Some(forged(&token, |it| it["name"] = "Eve".into()))),
        "signature",
    ),
    (
        "idtoken-sig-none",
        |it| token(it, |token| Some(unsigned(&token, "none"))),
        "none, which is not accepted",
    ),
    ("invalid-null-alg", |it| token(it, |token| Some(without_algorithm(&token))), "cannot be read"),
    (
        "invalid-sig-hs256",
        |it| token(it, |token| Some(unsigned(&token, "HS256"))),
        "HS256, which is not accepted",
    ),
    (
        "invalid-alternate-alg",
        |it| it.state().document["id_token_signing_alg_values_supported"] = json!(["RS256"]),
        "ES256",
    ),
    ("another kind", |it| it.state().header = |header| header.typ = Some("at+jwt".into()), "another kind"),
    ("no ID token", |it| token(it, |_| None), "no ID token"),
    ("no token at all", |it| token(it, |_| Some("planted".into())), "cannot be read"),
];

#[test]
fn invalid_id_tokens_of_the_suite_end_a_sign_in_by_name_and_nothing_says_connected() {
    for (name, lie, says) in BAD {
        let issuer = Issuer::new();
        lie(&issuer);
        let problem = issuer.fails();
        assert!(problem.contains(says), "{name}: {problem}");
        assert!(!problem.contains("planted"), "{name}: {problem}");
        assert_eq!(issuer.asked("/me").len(), 0, "{name}: an account is not asked for with such a token");
    }
}

#[test]
fn kid_absent_single_jwks_and_kid_absent_multiple_jwks_are_taken() {
    let single = Issuer::new();
    single.state().signer = Signer::new(None);
    assert_eq!(single.sign_in().connections.len(), 1);
    let several = Issuer::new();
    several.state().header = |header| header.kid = None;
    let other = Signer::new(Some("other")).public;
    let own = several.state().signer.public.clone();
    several.state().published = Some(vec![other, own]);
    assert_eq!(several.sign_in().connections.len(), 1);
}

#[test]
fn valid_aud_as_array_is_taken() {
    let issuer = Issuer::new();
    claims(&issuer, |it| (it["aud"], it["azp"]) = (json!([it["aud"]]), it["aud"].clone()));
    assert_eq!(issuer.sign_in().connections.len(), 1);
}

#[test]
fn signing_key_rotation_is_followed_and_unknown_keys_are_looked_up_once_in_five_minutes() {
    let issuer = Issuer::new();
    issuer.sign_in();
    assert_eq!(issuer.asked("/jwks").len(), 1);
    issuer.sign_in();
    assert_eq!(issuer.asked("/jwks").len(), 1, "the keys are kept");
    // signing-key-rotation-just-before-signing: nobody knew this key a moment ago.
    issuer.state().signer = Signer::new(Some("second"));
    issuer.sign_in();
    assert_eq!(issuer.asked("/jwks").len(), 2);
    // Again within five minutes: anybody can invent a key id. The consent waits for the next look.
    issuer.state().signer = Signer::new(Some("third"));
    let link = issuer.agree(&issuer.begin().unwrap());
    assert_eq!(issuer.world.link(&link), Callback::Taken);
    issuer.world.until_asleep_for(500);
    assert_eq!(issuer.asked("/jwks").len(), 2);
    let over =
        |overview: &latchkey_protocol::Overview| overview.providers.iter().all(|one| one.sign_in.is_none());
    issuer.world.advance_until("the new keys are read", 15_000, over);
    assert_eq!(issuer.asked("/jwks").len(), 3);
    assert_eq!(issuer.asked("/token").len(), 4, "each code is sent once");
}

#[test]
fn a_key_that_is_not_published_is_refused_after_one_look() {
    let issuer = Issuer::new();
    let other = Signer::new(Some("other")).public;
    issuer.state().published = Some(vec![other]);
    let problem = issuer.fails();
    assert!(problem.contains("a key that the issuer does not publish"), "{problem}");
    assert_eq!(issuer.asked("/jwks").len(), 1);
}

#[test]
fn keys_that_cannot_be_read_cost_no_consent() {
    let issuer = Issuer::new();
    issuer.state().down.insert("/jwks");
    let link = issuer.agree(&issuer.begin().unwrap());
    assert_eq!(issuer.world.link(&link), Callback::Taken);
    issuer.until_asked("/jwks", 1);
    issuer.world.until_asleep_for(500);
    assert_eq!(issuer.world.overview().connections, [], "nothing says connected before");
    issuer.state().down.clear();
    issuer.world.clock.advance(500);
    issuer.world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(issuer.asked("/token").len(), 1, "the code is sent once");
}

#[test]
fn a_process_killed_while_the_keys_cannot_be_read_goes_on_there_hours_later() {
    let mut issuer = Issuer::new();
    issuer.state().down.insert("/jwks");
    let link = issuer.agree(&issuer.begin().unwrap());
    issuer.world.link(&link);
    issuer.until_asked("/jwks", 1);
    issuer.world.until_asleep_for(500);
    issuer.world.kill();
    issuer.state().down.clear();
    // The ID token has run out meanwhile. It was right when it came.
    issuer.world.clock.advance(180 * MINUTE);
    issuer.world.start();
    issuer.world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(issuer.asked("/token").len(), 1);
}

#[test]
fn userinfo_invalid_sub_is_dropped() {
    let lies: [(Lie, &str); 3] = [
        (|it| it["sub"] = "eve".into(), "about another account"),
        (|it| it["sub"] = 7.into(), "does not name it"),
        (|it| drop(it.as_object_mut().unwrap().remove("sub")), "does not name it"),
    ];
    for (lie, says) in lies {
        let issuer = Issuer::new();
        issuer.state().userinfo = lie;
        let problem = issuer.fails();
        assert!(problem.contains(says), "{problem}");
    }
}

#[test]
fn client_secret_basic_is_used_where_the_issuer_takes_it() {
    let issuer = Issuer::without_client();
    issuer.save_client(CLIENT, "planted-secret");
    issuer.sign_in();
    let asked = issuer.asked("/token").remove(0);
    let proof = BASE64_STANDARD.encode(format!("{CLIENT}:planted-secret"));
    assert!(asked.head.contains(&format!("Basic {proof}")), "{}", asked.head);
    assert!(!asked.body.contains("planted-secret"), "one proof for each request");
}

#[test]
fn latchkey_registers_itself_where_discovery_says_so_and_asks_for_a_client_id_where_not() {
    let issuer = Issuer::without_client();
    let problem = issuer.begin().unwrap_err();
    assert!(problem.message.contains("client id"), "{problem}");
    issuer.state().document["registration_endpoint"] = format!("{}/register", issuer.origin).into();
    let overview = issuer.sign_in();
    assert_eq!(overview.connections.len(), 1);
    let asked: Value = serde_json::from_str(&issuer.asked("/register")[0].body).unwrap();
    assert_eq!(asked["token_endpoint_auth_method"], "none");
    assert!(asked["redirect_uris"].to_string().contains("dev.latchkey.app:/oauth/oidc"));
    issuer.sign_in();
    assert_eq!(issuer.asked("/register").len(), 1);
}

#[test]
fn r85_the_same_name_at_two_issuers_is_two_accounts() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    issuer.sign_in();
    issuer.save_client_at(&other.origin);
    let link = other.agree(&issuer.begin_at(&other.origin).unwrap());
    let overview = issuer.come_back(&link);
    assert_eq!(overview.connections.len(), 2);
    assert!(overview.connections.iter().all(|one| one.account.key == "ada"));
}

#[test]
fn r20_an_answer_without_the_promised_issuer_is_not_used() {
    let issuer = Issuer::new();
    issuer.state().document["authorization_response_iss_parameter_supported"] = true.into();
    let link = issuer.agree(&issuer.begin().unwrap());
    let overview = issuer.come_back(&link);
    assert_eq!((overview.connections.len(), issuer.asked("/token").len()), (0, 0));
    let mut link = url::Url::parse(&issuer.agree(&issuer.begin().unwrap())).unwrap();
    link.query_pairs_mut().append_pair("iss", &issuer.origin);
    assert_eq!(issuer.come_back(link.as_str()).connections.len(), 1);
}

#[test]
fn a_sign_in_that_waits_for_keys_can_be_given_up() {
    let issuer = Issuer::new();
    issuer.state().down.insert("/jwks");
    let link = issuer.agree(&issuer.begin().unwrap());
    issuer.world.link(&link);
    issuer.until_asked("/jwks", 1);
    issuer.world.until_asleep_for(500);
    let overview = issuer.world.overview();
    let view = overview.providers.iter().find_map(|one| one.sign_in.clone()).unwrap();
    assert_eq!(view.stage, SignInStage::Finishing);
    issuer.world.run(issuer.world.engine().cancel_sign_in(view.id)).unwrap();
    issuer.state().down.clear();
    issuer.world.clock.advance(1_000);
    issuer.world.until("gone", |overview| overview.providers.iter().all(|one| one.sign_in.is_none()));
    assert_eq!(issuer.world.overview().connections, []);
}

#[test]
fn an_id_token_that_answers_a_typed_code_is_verified_as_any_other() {
    let issuer = Issuer::new();
    let connections = issuer.sign_in_by_code().connections;
    assert_eq!(connections.len(), 1);
    assert_eq!(issuer.asked("/jwks").len(), 1, "its signature was looked at");
    let lies: [(&str, Lie); 3] = [
        ("of another issuer", |it| it["iss"] = "https://evil.example".into()),
        ("for another program", |it| it["aud"] = "another".into()),
        ("has run out", |it| it["exp"] = 1_000.into()),
    ];
    for (says, lie) in lies {
        let issuer = Issuer::new();
        issuer.state().claims = lie;
        let said = issuer.failed(&issuer.sign_in_by_code());
        assert!(said.contains(says), "{says}: {said}");
    }
    let forging = Issuer::new();
    forging.state().token = |token| Some(forged(&token, |it| it["sub"] = "eve".into()));
    let said = forging.failed(&forging.sign_in_by_code());
    assert!(said.contains("signature"), "{said}");
}
