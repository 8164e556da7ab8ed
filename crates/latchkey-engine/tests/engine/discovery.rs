//! What a discovery document may say and what not, and addresses of issuers and endpoints that a person types.

use std::collections::BTreeMap;

use crate::lying::{Issuer, any};
use crate::support::World;
use latchkey_engine::{Callback, ClientSecret};
use latchkey_protocol::{Keep, Problem, ProblemCode, ProviderId};
use latchkey_sandbox::{Client, Endpoint};
use serde_json::json;
use url::Url;

const DISCOVERY: &str = "/.well-known/openid-configuration";
const INSERTED: &str = "/.well-known/oauth-authorization-server";

/// A change to the document, and what the person reads of it.
type Case = (&'static str, fn(&Issuer), &'static str);

fn say(issuer: &Issuer, member: &str, value: &str) {
    issuer.state().document[member] = value.into();
}

fn instead(issuer: &Issuer, path: &'static str, status: u16, headers: &str, body: &str) {
    issuer.state().instead.insert(path, (status, headers.to_owned(), body.to_owned()));
}

const LIES: [Case; 13] = [
    (
        "discovery-issuer-mismatch",
        |it| say(it, "issuer", "https://evil.example"),
        "is that of https://evil.example",
    ),
    (
        "an endpoint that is not https",
        |it| say(it, "token_endpoint", "http://id.example/token"),
        "which is not https",
    ),
    ("keys that are not https", |it| say(it, "jwks_uri", "ftp://id.example/keys"), "which is not https"),
    (
        "an endpoint with a user",
        |it| say(it, "token_endpoint", "https://eve@id.example/token"),
        "with a user",
    ),
    ("an endpoint with a fragment", |it| say(it, "token_endpoint", "https://id.example/token#x"), "fragment"),
    (
        "an endpoint with a dot",
        |it| say(it, "token_endpoint", "https://id.example./token"),
        "no usable token_endpoint",
    ),
    (
        "an endpoint with a name",
        |it| say(it, "token_endpoint", "https://id.example/?{client_id}"),
        "no usable token_endpoint",
    ),
    (
        "no token endpoint",
        |it| drop(it.state().document.as_object_mut().unwrap().remove("token_endpoint")),
        "token_endpoint",
    ),
    ("not JSON", |it| instead(it, DISCOVERY, 200, "", "<html>Sign in</html>"), "cannot be read"),
    ("too large", |it| instead(it, DISCOVERY, 200, "", &" ".repeat(70_000)), "larger than 64 KiB"),
    (
        "a redirect",
        |it| instead(it, DISCOVERY, 302, "location: https://evil.example/\r\n", ""),
        "behind a redirect",
    ),
    ("no document", |it| instead(it, DISCOVERY, 404, "", ""), "answers 404"),
    ("a text for a number", |it| say(it, "require_pushed_authorization_requests", "yes"), "cannot be read"),
];

#[test]
fn lies_of_discovery_are_refused_by_name_before_a_browser_opens() {
    for (name, lie, says) in LIES {
        let issuer = Issuer::new();
        lie(&issuer);
        let problem = issuer.begin().unwrap_err();
        assert_eq!(problem.code, ProblemCode::Misconfigured, "{name}: {problem}");
        assert!(problem.message.contains(says), "{name}: {problem}");
        assert!(problem.message.contains(&issuer.origin), "{name}: {problem}");
        let asked: Vec<_> = issuer.state().asked.iter().map(|asked| asked.path.clone()).collect();
        assert!(asked.iter().all(|path| path == DISCOVERY || path == INSERTED), "{name}: {asked:?}");
        assert_eq!(issuer.world.overview().providers.iter().filter(|one| one.sign_in.is_some()).count(), 0);
    }
}

#[test]
fn r56_the_second_place_is_tried_where_the_first_has_nothing_and_no_third() {
    let issuer = Issuer::new();
    let document = issuer.state().document.to_string();
    instead(&issuer, DISCOVERY, 404, "", "");
    instead(&issuer, INSERTED, 200, "", &document);
    assert_eq!(issuer.sign_in().connections.len(), 1);
    let nowhere = Issuer::new();
    instead(&nowhere, DISCOVERY, 404, "", "");
    nowhere.begin().unwrap_err();
    let asked: Vec<_> = nowhere.state().asked.iter().map(|asked| asked.path.clone()).collect();
    assert_eq!(asked, [DISCOVERY, INSERTED]);
}

#[test]
fn an_issuer_that_cannot_be_asked_may_be_tried_again() {
    let issuer = Issuer::new();
    issuer.state().down.insert(DISCOVERY);
    let problem = issuer.begin().unwrap_err();
    assert_eq!(problem.code, ProblemCode::Temporary, "{problem}");
    assert!(problem.message.contains("answers 503"), "{problem}");
    issuer.state().down.clear();
    assert_eq!(issuer.sign_in().connections.len(), 1);
}

#[test]
fn an_issuer_that_is_written_with_another_slash_is_told_how_to_write_it() {
    let issuer = Issuer::new();
    let slashed = format!("{}/", issuer.origin);
    say(&issuer, "issuer", &slashed);
    let problem = issuer.begin().unwrap_err();
    assert!(problem.to_string().contains(&format!("to the letter: {slashed}")), "{problem}");
    issuer.save_client_at(&slashed);
    let link = issuer.agree(&issuer.begin_at(&slashed).unwrap());
    assert_eq!(issuer.come_back(&link).connections.len(), 1);
}

#[test]
fn an_address_that_no_issuer_can_have_is_refused_before_anything_is_sent() {
    let issuer = Issuer::new();
    let host = issuer.origin.trim_start_matches("http://").to_owned();
    let typed = [
        String::new(),
        "http://id.example".into(),
        format!("http://eve:planted@{host}"),
        format!("{}?tenant=1", issuer.origin),
        format!("{}/#x", issuer.origin),
        "https://id.example.".into(),
        "http://localhost:4100".into(),
        "file:///etc/passwd".into(),
        "javascript:alert(1)".into(),
    ];
    for typed in typed {
        let problem = issuer.begin_at(&typed).unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidInput, "{typed}: {problem}");
        assert!(!problem.to_string().contains("planted"), "{problem}");
    }
    assert_eq!(issuer.state().asked.len(), 0);
}

fn any_service() -> ProviderId {
    ProviderId::try_from("oauth2").unwrap()
}

fn addresses(world: &World, scopes: &str) -> BTreeMap<String, String> {
    let origin = world.sandbox.origin();
    let pairs = [
        ("authorize_url", format!("{origin}/authorize")),
        ("token_url", format!("{origin}/token")),
        ("identity_url", format!("{origin}/userinfo")),
        ("scopes", scopes.to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn begin(world: &World, variables: BTreeMap<String, String>) -> Result<Url, Problem> {
    let begun = world.engine().begin_sign_in(any_service(), variables, Keep::Keychain, None, None);
    world.run(begun).map(|(_, url)| url.unwrap())
}

#[test]
fn any_service_of_oauth_2_is_connected_to_by_its_addresses_alone() {
    let world = World::new();
    let redirect_uris = vec!["dev.latchkey.app:/oauth/oauth2".to_owned()];
    world.sandbox.add_client(Client { redirect_uris, ..Client::public("mine") });
    let variables = addresses(&world, " profile  library.read ");
    let (id, secret) = ("mine".to_owned(), ClientSecret::from(""));
    world.run(world.engine().save_client(any_service(), variables.clone(), id, secret)).unwrap();
    let url = begin(&world, variables).unwrap();
    let asked = url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert_eq!(asked, "profile library.read");
    assert_eq!(world.link(&world.browser(&url)), Callback::Taken);
    world.until("connected", |overview| overview.connections.len() == 1);
    let connection = world.connection();
    assert_eq!(connection.account.name, "Ada Lovelace");
    assert_eq!(connection.grant.granted, ["profile", "library.read"]);
    world.until_settled();
    world.clock.advance(56 * crate::support::MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn an_address_that_is_no_endpoint_is_refused_before_anything_is_sent() {
    let world = World::new();
    let bad = [
        ("token_url", ""),
        ("token_url", "http://a.example/token"),
        ("token_url", "https://eve:planted@a.example/token"),
        ("token_url", "https://a.example/token#x"),
        ("authorize_url", "javascript:alert(1)"),
        ("identity_url", "file:///etc/passwd"),
        ("scopes", "read \"all\""),
    ];
    for (name, typed) in bad {
        let mut variables = addresses(&world, "");
        variables.insert(name.to_owned(), typed.to_owned());
        let problem = begin(&world, variables).unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidInput, "{typed}: {problem}");
    }
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[test]
fn the_card_of_any_issuer_asks_for_an_address_and_perhaps_a_client() {
    let world = World::new();
    let provider = world.overview().providers.into_iter().find(|one| one.id == any()).unwrap();
    assert_eq!(provider.availability.reason, None);
    assert_eq!(json!(provider.needs), json!(["variable", "client-id-perhaps-secret"]));
}
