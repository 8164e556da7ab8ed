//! A renewal that comes back as somebody else's: OpenID Connect Core 12.2 forbids it, and a provider that mixes
//! two people up does it all the same.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use latchkey_protocol::{AttentionReason, GrantState, ProblemCode, Revocation, Severity};
use latchkey_sandbox::{Endpoint, Fault, Moment};
use serde_json::{Value, json};

use crate::support::{MINUTE, World};

/// What the provider issues for somebody else.
pub(crate) const STRANGE: [&str; 2] = ["planted-strange-access", "planted-strange-refresh"];
const PROVIDER: &str = include_str!("../../../../providers/sandbox.toml");

fn id_token(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&json!({ "alg": "RS256" })), part(claims))
}

fn answer(id_token: &str) -> Fault {
    let [access, refresh] = STRANGE;
    let body = json!({
        "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 3600,
        "id_token": id_token,
    });
    Fault::Status {
        status: 200,
        body: Some(body.to_string()),
        content_type: Some("application/json".into()),
        retry_after: None,
        moment: Moment::Before,
    }
}

/// A renewal as somebody else's.
pub(crate) fn strange_answer() -> Fault {
    answer(&id_token(&json!({ "sub": "mallory" })))
}

/// The account's key at the provider.
fn key(world: &World) -> String {
    world.sandbox.grants()[0].account.clone()
}

fn renewed_with(world: &World, id_token: &str) {
    world.sandbox.set_fault(Endpoint::Refresh, answer(id_token), 1);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
}

pub(crate) fn assert_changed(world: &World) {
    world.until_attention();
    let grant = world.grant();
    let changed = AttentionReason::IdentityChanged;
    assert!(matches!(grant, GrantState::Attention { reason, .. } if reason == changed), "{grant:?}");
}

fn refused_to_lend(world: &World) {
    let lent = world.run(world.engine().lend(&world.connection().id, 1));
    assert_eq!(lent.unwrap_err().code, ProblemCode::SignInNeeded);
}

/// The tokens that the provider was asked to revoke.
pub(crate) fn revoked(world: &World) -> Vec<String> {
    let sent = world.sandbox.requests_to(Endpoint::Revoke);
    sent.iter().map(|entry| entry.form.value("token").unwrap().to_owned()).collect()
}

#[test]
fn f24_a_renewal_as_another_account_is_kept_aside_unused_until_the_person_disconnects() {
    let mut world = World::connected();
    renewed_with(&world, &id_token(&json!({ "sub": "mallory" })));
    assert_changed(&world);
    refused_to_lend(&world);
    let asked = world.sandbox.requests_to(Endpoint::Userinfo).len();
    assert_eq!(world.check().unwrap().health.severity, Severity::Attention);
    world.until_settled();
    world.restart();
    assert_changed(&world);
    refused_to_lend(&world);
    assert_eq!(world.check().unwrap().health.severity, Severity::Attention);
    assert_eq!(world.refreshes().len(), 1, "nothing of it is sent");
    assert_eq!(world.sandbox.requests_to(Endpoint::Userinfo).len(), asked);
    let known = world.refreshes();
    assert_eq!(world.disconnect(world.connection().id), Revocation::Confirmed);
    let revoked = revoked(&world);
    assert_eq!(revoked[..2], [STRANGE[1], STRANGE[0]]);
    assert!(revoked.contains(&known[0]), "the person's own sign-in ends as well");
    assert!(world.sandbox.grants()[0].revoked.is_some());
}

#[test]
fn f24_signing_in_anew_as_the_same_account_heals_it() {
    let world = World::connected();
    renewed_with(&world, &id_token(&json!({ "sub": "mallory" })));
    assert_changed(&world);
    let (_, url) = world.reconnect(&world.connection().id);
    world.link(&world.browser(&url));
    world.until("healthy", |overview| overview.connections[0].health.severity == Severity::Healthy);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn f24_an_id_token_of_the_same_account_or_one_that_says_nothing_changes_nothing() {
    let own = key(&World::connected());
    for id_token in [
        id_token(&json!({ "sub": own, "iss": "https://anywhere.example" })),
        id_token(&json!({ "sub": 7 })),
        id_token(&json!([])),
        "planted.e30.".to_owned(),
        "planted.not!base64.".to_owned(),
        "five.parts.are.encrypted.somehow".to_owned(),
        String::new(),
    ] {
        let world = World::connected();
        renewed_with(&world, &id_token);
        world.until_idle();
        assert_eq!(world.grant(), GrantState::Connected, "{id_token}");
        let lent = world.run(world.engine().lend(&world.connection().id, 1)).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&lent.token), STRANGE[0]);
    }
}

#[test]
fn f24_an_id_token_of_another_issuer_is_as_strange_as_one_of_another_account() {
    let issuer = "[authorization]\nissuer = \"https://issuer.example\"\n";
    let by_other_name = PROVIDER.replace("key = [\"/sub\"]", "key = [\"/preferred_username\", \"/sub\"]");
    for (file, iss, strange) in [
        (PROVIDER, "https://other.example", true),
        (PROVIDER, "https://issuer.example", false),
        (PROVIDER, "issuer.example", false),
        (PROVIDER, "https://issuer.example/", false),
        (&by_other_name, "https://other.example", false),
    ] {
        let mut world = World::before_the_start();
        let text = file.replace("[authorization]\n", issuer);
        world.write_provider("sandbox.toml", &text);
        world.start();
        world.sign_in();
        renewed_with(&world, &id_token(&json!({ "sub": key(&world), "iss": iss })));
        if strange {
            assert_changed(&world);
        } else {
            world.until_idle();
            assert_eq!(world.grant(), GrantState::Connected, "{iss}");
        }
    }
}
