//! A sign-in from the click to the farewell.

use crate::support::{MINUTE, START, World};
use latchkey_engine::Callback;
use latchkey_protocol::{
    Activity, EventBody, GrantState, HistoryKind, Keep, Redirect, RestingPlace, Revocation, Severity,
    SignInEnding, SignInStage,
};
use latchkey_sandbox::{Consent, Endpoint, Fault, Rotation};

#[test]
fn a_click_a_consent_and_the_connection_is_healthy() {
    let world = World::connected();
    let connection = world.connection();
    assert_eq!(connection.account.name, "Ada Lovelace");
    assert!(connection.account.picture.unwrap().starts_with("data:image/png;base64,"));
    assert_eq!(connection.health.severity, Severity::Healthy);
    assert_eq!(connection.grant.authorized_at, START);
    assert_eq!(connection.grant.granted, ["profile", "library.read"]);
    let renewal = START.plus(55 * MINUTE);
    assert_eq!(connection.health.activity, Activity::Idle { next_renewal_at: Some(renewal) });
    assert_eq!(world.provider().sign_in, None);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn the_request_carries_an_s256_challenge_and_a_fresh_256_bit_state() {
    let world = World::new();
    let (first, second) = (world.begin().1, world.begin().1);
    let value =
        |url: &url::Url, name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(value(&first, "code_challenge_method"), "S256");
    for name in ["state", "code_challenge"] {
        assert_eq!(value(&first, name).len(), 43);
        assert_ne!(value(&first, name), value(&second, name), "{name} is made anew each time");
    }
    assert_eq!(value(&first, "redirect_uri"), "dev.latchkey.app:/oauth/sandbox");
}

#[test]
fn tokens_rest_in_the_keychain_and_nowhere_else() {
    let world = World::connected();
    assert_eq!(world.count("SELECT count(*) FROM token_sets"), 0);
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
    let items = world.keychain.items();
    assert_eq!(world.sets_in_keychain(), 1, "{:?}", items.keys());
    let id = world.connection().id;
    assert!(items.keys().any(|name| name.ends_with(id.as_str())));
}

#[test]
fn nothing_says_connected_before_the_provider_has_named_the_account() {
    let world = World::new();
    world.sandbox.set_fault(Endpoint::Userinfo, Fault::Hold { moment: latchkey_sandbox::Moment::Before }, 1);
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    let held = world.outside(world.sandbox.wait_for_held(Endpoint::Userinfo));
    assert_eq!(world.overview().connections, []);
    assert_eq!(world.provider().sign_in.unwrap().stage, SignInStage::Finishing);
    world.sandbox.release(held.sequence, latchkey_sandbox::Release::Continue);
    world.until("connected", |overview| overview.connections.len() == 1);
}

#[test]
fn access_renews_by_itself_five_minutes_before_its_end_and_exactly_once() {
    let world = World::connected();
    world.clock.advance(55 * MINUTE - 1);
    world.run(async {});
    assert_eq!(world.sandbox.requests_to(Endpoint::Refresh).len(), 0);
    world.clock.advance(1);
    world.until("renewed", |overview| {
        overview.connections[0].renewal.access_expires_at == Some(START.plus(115 * MINUTE))
    });
    assert_eq!(world.sandbox.requests_to(Endpoint::Refresh).len(), 1);
    assert_eq!(world.grant(), GrantState::Connected);
}

#[test]
fn a_short_life_is_renewed_at_its_half() {
    let world = World::new();
    world.settings(|settings| settings.access_token_life_seconds = 60);
    let connection = world.sign_in();
    let renewal = START.plus(30_000);
    assert_eq!(connection.health.activity, Activity::Idle { next_renewal_at: Some(renewal) });
}

#[test]
fn twenty_rotations_in_a_row_keep_the_sign_in() {
    let world = World::connected();
    for round in 1..=20 {
        world.advance_until("the next renewal", 10 * MINUTE, |_| {
            world.sandbox.requests_to(Endpoint::Refresh).len() >= round
        });
        world.until_idle();
    }
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
    assert_eq!(world.grant(), GrantState::Connected);
}

#[test]
fn where_no_refresh_token_comes_back_the_old_one_stands() {
    let world = World::new();
    world.settings(|settings| settings.rotation = Rotation::Fixed);
    world.sign_in();
    for round in 1..=3 {
        world.advance_until("the next renewal", 10 * MINUTE, |_| {
            world.sandbox.requests_to(Endpoint::Refresh).len() >= round
        });
        world.until_idle();
    }
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn a_declined_sign_in_says_so_and_leaves_nothing() {
    let world = World::new();
    world.settings(|settings| settings.consent = Consent::Decline);
    let (view, url) = world.begin();
    assert_eq!(world.link(&world.browser(&url)), Callback::Taken);
    let ended = world.provider().sign_in.unwrap();
    assert!(matches!(ended.stage, SignInStage::Ended { ending: SignInEnding::Declined { .. } }), "{ended:?}");
    world.run(world.engine().cancel_sign_in(view.id)).unwrap();
    assert_eq!(world.provider().sign_in, None);
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
}

#[test]
fn a_second_sign_in_on_a_card_replaces_the_first() {
    let world = World::new();
    let (first, first_url) = world.begin();
    let (second, second_url) = world.begin();
    assert_eq!(world.provider().sign_in.unwrap().id, second.id);
    assert!(world.engine().sign_in_link(&first.id).is_err());
    assert_eq!(world.link(&world.browser(&first_url)), Callback::Ignored(None));
    assert_eq!(world.link(&world.browser(&second_url)), Callback::Taken);
}

#[test]
fn a_sign_in_is_given_up_after_ten_minutes() {
    let world = World::new();
    let (_, url) = world.begin();
    let link = world.browser(&url);
    world.clock.advance(10 * MINUTE);
    world.until("expired", |overview| {
        let sandbox = overview.providers.iter().find(|provider| provider.for_testing).unwrap();
        let stage = sandbox.sign_in.as_ref().map(|sign_in| &sign_in.stage);
        matches!(stage, Some(SignInStage::Ended { ending: SignInEnding::Expired }))
    });
    assert_eq!(world.link(&link), Callback::Ignored(None));
    assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 0);
}

#[test]
fn reconnecting_with_the_same_account_keeps_the_connection_and_its_history() {
    let world = World::connected();
    let before = world.connection();
    world.clock.advance(MINUTE);
    let (_, url) = world.run(world.engine().reconnect(before.id.clone(), None, vec![])).unwrap();
    assert_eq!(world.link(&world.browser(&url)), Callback::Taken);
    world.until("signed in again", |overview| {
        let connection = &overview.connections[0];
        connection.sign_in.is_none() && connection.grant.authorized_at == START.plus(MINUTE)
    });
    assert_eq!(world.connection().id, before.id);
    let history = world.run(world.engine().history(before.id)).unwrap();
    let kinds: Vec<_> = history.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [HistoryKind::SignedIn, HistoryKind::SignedIn]);
}

#[test]
fn reconnecting_as_somebody_else_is_refused_by_name_and_changes_nothing() {
    let world = World::connected();
    let before = world.connection();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.run(world.engine().reconnect(before.id.clone(), None, vec![])).unwrap();
    world.link(&world.browser(&url));
    world.until("refused", |overview| {
        let stage = overview.connections[0].sign_in.as_ref().map(|sign_in| sign_in.stage.clone());
        matches!(stage, Some(SignInStage::Ended { .. }))
    });
    let after = world.connection();
    let Some(SignInStage::Ended { ending: SignInEnding::DifferentAccount { expected, found } }) =
        after.sign_in.map(|sign_in| sign_in.stage)
    else {
        panic!()
    };
    assert_eq!((expected.name.as_str(), found.name.as_str()), ("Ada Lovelace", "Ben Marsh"));
    assert_eq!(after.health.grant, GrantState::Connected);
    assert_eq!(world.check().unwrap().account.key, "ada");
    let bens: Vec<_> = world.sandbox.grants().into_iter().filter(|grant| grant.account == "ben").collect();
    assert!(bens.iter().all(|grant| grant.revoked.is_some()), "what nobody wants is given back");
}

#[test]
fn signing_in_anew_as_a_known_account_renews_it_instead_of_adding_a_twin() {
    let world = World::connected();
    let before = world.connection().id;
    assert_eq!(world.sign_in().id, before);
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("two accounts", |overview| overview.connections.len() == 2);
}

#[test]
fn disconnecting_revokes_the_refresh_token_first_and_erases_everything() {
    let world = World::connected();
    let id = world.connection().id;
    let (_, mut events) = world.engine().watch();
    world.run(world.engine().disconnect(id)).unwrap();
    world.until("gone", |overview| overview.connections.is_empty());
    let farewell = world.run(async {
        loop {
            if let EventBody::ConnectionRemoved { farewell, .. } = events.recv().await.unwrap().body {
                return farewell;
            }
        }
    });
    assert_eq!(farewell.revocation, Revocation::Confirmed);
    assert_eq!(farewell.account_name, "Ada Lovelace");
    let hints: Vec<_> = world
        .sandbox
        .requests_to(Endpoint::Revoke)
        .iter()
        .map(|request| request.form.value("token_type_hint").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(hints, ["refresh_token", "access_token"]);
    assert_eq!(world.sets_in_keychain(), 0, "no sign-in is left");
    for table in ["connections", "token_sets", "pictures", "history", "intents"] {
        assert_eq!(world.count(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn disconnecting_waits_for_a_provider_that_does_not_answer_and_can_be_cut_short() {
    let world = World::connected();
    world.sandbox.set_fault(Endpoint::Revoke, Fault::status(503), 2);
    let id = world.connection().id;
    world.run(world.engine().disconnect(id.clone())).unwrap();
    world.outside(world.sandbox.wait_for_requests(Endpoint::Revoke, 1));
    world.until("waiting", |overview| overview.connections[0].renewal.consecutive_failures == 1);
    assert_eq!(world.grant(), GrantState::Disconnecting);
    assert_eq!(world.sets_in_keychain(), 0, "the item is gone at once");
    world.advance_until("told at last", 5_000, |overview| overview.connections.is_empty());
    assert!(world.sandbox.grants().iter().all(|grant| grant.revoked.is_some()));
}

#[test]
fn forgetting_is_for_connections_that_are_being_disconnected() {
    let world = World::connected();
    let id = world.connection().id;
    assert!(world.run(world.engine().forget(id.clone())).is_err());
    world.sandbox.set_fault(Endpoint::Revoke, Fault::status(503), 100);
    world.run(world.engine().disconnect(id.clone())).unwrap();
    world.until("waiting", |overview| overview.connections[0].renewal.consecutive_failures > 0);
    world.run(world.engine().forget(id)).unwrap();
    assert_eq!(world.overview().connections, []);
}

#[test]
fn a_memory_only_sign_in_works_and_writes_nothing_anywhere() {
    let mut world = World::new();
    let (_, url) = world.begin_with(Keep::Memory, None).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
    world.link(&world.browser(&url));
    world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(world.connection().resting, RestingPlace::Memory);
    world.advance_until("renewed", 10 * MINUTE, |_| world.sandbox.requests_to(Endpoint::Refresh).len() == 1);
    world.until_idle();
    assert_eq!(world.keychain.items().len(), 0);
    assert_eq!(world.count("SELECT count(*) FROM connections"), 0);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    world.restart();
    assert_eq!(world.overview().connections, []);
}

#[test]
fn a_sign_in_over_a_port_shows_a_clean_page_and_frees_the_address_bar_of_the_code() {
    let world = World::new();
    let (view, url) = world.begin_with(Keep::Keychain, Some(Redirect::Loopback)).unwrap();
    assert_eq!(view.redirect, Redirect::Loopback);
    let redirect = world.browser(&url);
    let (status, location, page) = world.outside(async {
        let answer = crate::support::client().get(&redirect).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let origin = url::Url::parse(&redirect).unwrap().origin().ascii_serialization();
        let page = crate::support::client().get(format!("{origin}{location}")).send().await.unwrap();
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        assert!(
            page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'")
        );
        (answer.status().as_u16(), location, page.text().await.unwrap())
    });
    assert_eq!((status, location.as_str()), (303, "/done"));
    assert!(page.contains("Signed in") && page.contains("connected as Ada Lovelace"), "{page}");
    assert!(!page.contains("http"), "the page fetches nothing");
    assert_eq!(world.connection().health.severity, Severity::Healthy);
}
