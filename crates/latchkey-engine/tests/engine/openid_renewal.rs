//! ID tokens that come with a renewal (OpenID Connect Core 12.2): of the same account, and never a reason to lose a
//! sign-in that can be kept.

use crate::identity::assert_changed;
use crate::lying::{Issuer, Lie, Signer, forged, unsigned};
use crate::support::MINUTE;
use latchkey_protocol::{GrantState, Severity};
use secrecy::ExposeSecret as _;
use serde_json::json;

/// What is odd about a renewal.
type Case = (&'static str, fn(&Issuer));

/// A settled sign-in, and then a renewal about which the issuer lies.
fn renewed(lie: impl FnOnce(&Issuer)) -> Issuer {
    let issuer = connected();
    lie(&issuer);
    renew(&issuer);
    issuer
}

fn connected() -> Issuer {
    let issuer = Issuer::new();
    assert_eq!(issuer.sign_in().connections.len(), 1);
    issuer.world.until_settled();
    issuer
}

fn renew(issuer: &Issuer) {
    let before = issuer.asked("/token").len();
    issuer.world.clock.advance(56 * MINUTE);
    issuer.until_asked("/token", before + 1);
}

fn lent(issuer: &Issuer) -> String {
    let world = &issuer.world;
    let lent = world.run(world.engine().lend(&world.connection().id, 1)).unwrap();
    lent.token.expose_secret().to_owned()
}

fn is_kept(issuer: &Issuer, name: &str) {
    issuer.world.until_idle();
    assert_eq!(issuer.world.grant(), GrantState::Connected, "{name}");
    assert_eq!(lent(issuer), "access-2", "{name}: what was spent for it is gone");
}

#[test]
fn refresh_token_then_userinfo_with_the_new_token() {
    let issuer = renewed(|_| {});
    is_kept(&issuer, "an honest renewal");
    let sent = &issuer.asked("/token")[1];
    assert_eq!(sent.form["refresh_token"], "refresh-1");
    assert_eq!(issuer.world.check().unwrap().health.severity, Severity::Healthy);
    assert!(issuer.asked("/me").last().unwrap().head.contains("access-2"));
}

#[test]
fn refresh_token_invalid_issuer_and_refresh_token_invalid_sub_are_kept_aside_unused() {
    let lies: [(&str, Lie); 6] = [
        ("refresh-token-invalid-issuer", |it| it["iss"] = "https://evil.example".into()),
        ("refresh-token-invalid-sub", |it| it["sub"] = "eve".into()),
        ("another audience", |it| it["aud"] = json!(["another"])),
        ("another party", |it| it["azp"] = "another".into()),
        ("another sign-in", |it| it["nonce"] = "of another sign-in".into()),
        ("another access token", |it| it["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()),
    ];
    for (name, lie) in lies {
        let issuer = renewed(|issuer| issuer.state().claims = lie);
        assert_changed(&issuer.world);
        let id = issuer.world.connection().id;
        assert!(issuer.world.run(issuer.world.engine().lend(&id, 1)).is_err(), "{name}");
    }
}

#[test]
fn an_id_token_that_proves_nothing_costs_no_sign_in() {
    let cases: [Case; 10] = [
        ("none", |it| it.state().token = |_| None),
        ("no token at all", |it| it.state().token = |_| Some("planted".into())),
        ("unsigned", |it| it.state().token = |token| Some(unsigned(&token, "none"))),
        ("a signature that is none", |it| {
            it.state().token = |token| Some(forged(&token, |it| it["x"] = 1.into()));
        }),
        ("run out", |it| it.state().claims = |it| it["exp"] = 1.into()),
        ("made long ago", |it| it.state().claims = |it| it["iat"] = 1.into()),
        ("another time of the sign-in", |it| it.state().claims = |it| it["auth_time"] = 7.into()),
        ("another key", |it| it.state().signer = Signer::new(Some("second"))),
        ("another kind", |it| it.state().header = |header| header.typ = Some("at+jwt".into())),
        ("keys that are gone", |it| assert!(it.state().down.insert("/jwks"))),
    ];
    for (name, lie) in cases {
        is_kept(&renewed(lie), name);
    }
}

#[test]
fn without_keys_at_hand_another_account_is_noticed_by_its_name() {
    for lie in [(|it| it["sub"] = "eve".into()) as Lie, |it| it["iss"] = "https://evil.example".into()] {
        let mut issuer = connected();
        issuer.world.kill();
        issuer.state().down.insert("/jwks");
        issuer.state().claims = lie;
        issuer.world.start();
        renew(&issuer);
        assert_changed(&issuer.world);
    }
}

#[test]
fn r57_renewals_depend_on_no_discovery_and_a_changed_document_redirects_no_refresh_token() {
    let mut issuer = connected();
    let elsewhere = format!("{}/elsewhere", issuer.origin);
    issuer.state().document["token_endpoint"] = elsewhere.clone().into();
    renew(&issuer);
    is_kept(&issuer, "a document that changed");
    issuer.state().down.insert("/.well-known/openid-configuration");
    issuer.world.restart();
    renew(&issuer);
    issuer.world.until_idle();
    assert_eq!(issuer.world.grant(), GrantState::Connected);
    assert_eq!(issuer.asked("/elsewhere").len(), 0);
    assert_eq!(issuer.asked("/token").len(), 3);
}

#[test]
fn a_sign_in_anew_follows_the_document_as_it_is_then() {
    let issuer = connected();
    let moved = format!("{}/token?moved=1", issuer.origin);
    issuer.state().document["token_endpoint"] = moved.into();
    issuer.state().instead.insert("/token?moved=1", (503, String::new(), String::new()));
    let link = issuer.agree(&issuer.begin().unwrap());
    issuer.world.link(&link);
    issuer.until_asked("/token?moved=1", 1);
    issuer.world.until_idle();
    assert_eq!(issuer.world.grant(), GrantState::Connected, "what there was is untouched");
}
