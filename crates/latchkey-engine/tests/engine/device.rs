//! Signing in with a code that is typed on another device (RFC 8628): how often the provider is asked, and every way
//! in which that ends.

use std::collections::BTreeMap;

use latchkey_engine::Callback;
use latchkey_protocol::{
    ConnectionId, GrantState, Keep, Problem, Prompt, Redirect, SignInEnding, SignInStage, SignInView,
};
use latchkey_sandbox::{Consent, Endpoint, Fault, Moment};
use url::Url;

use crate::support::{World, client, sandbox};

const SECOND: i64 = 1_000;

fn begin(world: &World) -> Result<SignInView, Problem> {
    let way = Some(Redirect::DeviceCode);
    let begun = world.engine().begin_sign_in(sandbox(), BTreeMap::new(), Keep::Keychain, way, None);
    let (view, url) = world.run(begun)?;
    assert_eq!(url, None, "no browser is opened: the code is for any device");
    Ok(view)
}

fn shown(view: &SignInView) -> (String, String, Option<String>) {
    match &view.stage {
        SignInStage::Asking {
            prompt: Prompt::EnterCode { user_code, verification_uri, verification_uri_complete, .. },
            ..
        } => (user_code.clone(), verification_uri.clone(), verification_uri_complete.clone()),
        SignInStage::Asking { .. }
        | SignInStage::WaitingForBrowser
        | SignInStage::Finishing
        | SignInStage::Ended { .. } => panic!("no code is shown: {:?}", view.stage),
    }
}

/// The person opens the page with the code filled in, on whatever device.
fn types(world: &World, view: &SignInView) {
    let page = Url::parse(&shown(view).2.unwrap()).unwrap();
    assert!(world.outside(async { client().get(page).send().await.unwrap().status().is_success() }));
}

fn polls(world: &World) -> usize {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let asked = world.sandbox.requests_to(Endpoint::Token);
    asked.iter().filter(|entry| entry.form.value("grant_type") == Some(grant)).count()
}

fn sign_in(world: &World) -> Option<SignInView> {
    world.provider().sign_in
}

fn ending(world: &World) -> SignInEnding {
    let ended = |sign_in: Option<SignInView>| match sign_in?.stage {
        SignInStage::Ended { ending } => Some(ending),
        SignInStage::WaitingForBrowser | SignInStage::Asking { .. } | SignInStage::Finishing => None,
    };
    world.advance_until("an end", SECOND, |_| ended(sign_in(world)).is_some());
    ended(sign_in(world)).unwrap()
}

/// It sleeps for so many seconds, and asks once when they are over.
fn asks_after(world: &World, seconds: i64) {
    let before = polls(world);
    world.until_asleep_for(seconds * SECOND);
    world.clock.advance(seconds * SECOND);
    world.until("asked", |_| polls(world) > before);
    assert_eq!(polls(world), before + 1);
}

#[test]
fn a_code_typed_on_another_device_makes_a_connection() {
    let world = World::new();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ada".into() });
    let view = begin(&world).unwrap();
    let (code, page, complete) = shown(&view);
    assert_eq!((code.len(), page), (9, format!("{}/device", world.sandbox.origin())));
    assert!(
        complete.unwrap().ends_with(&code),
        "the page with the code filled in is offered beside the code"
    );
    types(&world, &view);
    world.advance_until("connected", SECOND, |overview| !overview.connections.is_empty());
    let connection = world.connection();
    assert_eq!((connection.account.key.as_str(), &connection.health.grant), ("ada", &GrantState::Connected));
    world.until_settled();
    assert!(world.check().is_ok());
    assert_eq!(world.sandbox.refusals().iter().filter(|(_, why)| why.contains("too often")).count(), 0);
}

#[test]
fn r92_it_asks_at_the_interval_and_never_faster() {
    let world = World::new();
    world.settings(|settings| settings.device.interval_seconds = Some(7));
    begin(&world).unwrap();
    assert_eq!(polls(&world), 0, "nobody has typed anything yet");
    for seconds in [7, 7, 7] {
        asks_after(&world, seconds);
    }
}

#[test]
fn r92_without_an_interval_it_asks_every_five_seconds() {
    let world = World::new();
    world.settings(|settings| settings.device.interval_seconds = None);
    begin(&world).unwrap();
    for seconds in [5, 5] {
        asks_after(&world, seconds);
    }
}

#[test]
fn r93_being_told_to_slow_down_adds_five_seconds_for_good() {
    let world = World::new();
    world.settings(|settings| settings.device.slow_down = 2);
    begin(&world).unwrap();
    for seconds in [5, 10, 15, 15, 15] {
        asks_after(&world, seconds);
    }
}

#[test]
fn r94_whoever_declines_on_the_page_is_told_so() {
    let world = World::new();
    world.settings(|settings| settings.consent = Consent::Decline);
    let view = begin(&world).unwrap();
    types(&world, &view);
    assert!(matches!(ending(&world), SignInEnding::Declined { .. }));
}

#[test]
fn r94_a_code_that_nobody_types_ends_when_its_time_is_over() {
    let world = World::new();
    world.settings(|settings| settings.device.life_seconds = 60);
    let view = begin(&world).unwrap();
    assert_eq!(view.expires_at.0 - world.clock_now().0, 60 * SECOND);
    assert_eq!(ending(&world), SignInEnding::Expired);
}

#[test]
fn r95_an_endpoint_that_does_not_answer_is_asked_less_and_less() {
    let world = World::new();
    begin(&world).unwrap();
    world.sandbox.set_fault(Endpoint::Token, Fault::Drop { moment: Moment::Before }, 3);
    // What it has slowed down to is kept.
    for seconds in [5, 10, 20, 40, 40] {
        asks_after(&world, seconds);
    }
}

#[test]
fn a_request_to_wait_is_obeyed() {
    let world = World::new();
    begin(&world).unwrap();
    let busy = Fault::Status {
        status: 429,
        body: None,
        content_type: None,
        retry_after: Some("90".into()),
        moment: Moment::Before,
    };
    world.sandbox.set_fault(Endpoint::Token, busy, 1);
    for seconds in [5, 90] {
        asks_after(&world, seconds);
    }
}

#[test]
fn a_code_that_was_given_up_is_not_asked_for_any_more() {
    let world = World::new();
    let view = begin(&world).unwrap();
    asks_after(&world, 5);
    world.until_asleep_for(5 * SECOND);
    world.run(world.engine().cancel_sign_in(view.id)).unwrap();
    world.until_nobody_waits_for(5 * SECOND);
    assert_eq!((polls(&world), sign_in(&world)), (1, None));
}

#[test]
fn another_account_than_that_of_the_connection_changes_nothing() {
    let world = World::connected();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let id: ConnectionId = world.connection().id;
    let (view, _) = world.run(world.engine().reconnect(id, Some(Redirect::DeviceCode), vec![])).unwrap();
    types(&world, &view);
    let different = |sign_in: Option<SignInView>| {
        sign_in.is_some_and(|sign_in| {
            matches!(sign_in.stage, SignInStage::Ended { ending: SignInEnding::DifferentAccount { .. } })
        })
    };
    world.advance_until("refused", SECOND, |overview| different(overview.connections[0].sign_in.clone()));
    assert_eq!(world.connection().account.key, "ada");
}

#[test]
fn a_link_from_a_browser_is_not_for_a_sign_in_by_code() {
    let world = World::new();
    begin(&world).unwrap();
    let state = "A".repeat(43);
    let link = format!("dev.latchkey.app:/oauth/sandbox?code=stolen&state={state}");
    assert_eq!(world.link(&link), Callback::Ignored(None));
    shown(&sign_in(&world).unwrap());
}

#[test]
fn r97_the_device_code_is_a_secret_and_the_user_code_is_none() {
    let world = World::new();
    let view = begin(&world).unwrap();
    let code = world.sandbox.issued().device_codes.pop().unwrap();
    asks_after(&world, 5);
    let told = format!("{view:?} {:?}", world.overview());
    assert!(!told.contains(&code) && told.contains(&shown(&view).0));
    for file in std::fs::read_dir(world.folder.path().join("data")).unwrap().flatten() {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        assert!(!bytes.windows(code.len()).any(|window| window == code.as_bytes()), "{:?}", file.path());
    }
}
