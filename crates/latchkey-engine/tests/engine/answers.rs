//! Answers that have cost other programs a sign-in: whatever a token endpoint says that is no refusal, the
//! sign-in is kept, and the next refresh in good order succeeds.

use std::net::TcpListener;

use crate::support::{MINUTE, START, World};
use latchkey_protocol::{GrantState, Severity};
use latchkey_sandbox::{Endpoint, Fault, Moment, Rotation};

/// A connection whose next refresh meets `fault`, at the moment it is due.
fn due(grace_seconds: u64, fault: Fault) -> World {
    let world = World::connected();
    world.settings(|settings| {
        settings.rotation = Rotation::Rotate { grace_seconds, reuse_detection: true };
    });
    world.sandbox.set_fault(Endpoint::Refresh, fault, 1);
    world.clock.advance(55 * MINUTE);
    world
}

/// It was kept, and the refresh after it goes as every other.
fn assert_kept(world: &World) {
    world.advance_until("renewed", 500, |overview| {
        overview.connections[0].renewal.last_success_at > Some(START)
    });
    world.until_idle();
    let before = world.refreshes().len();
    world.advance_until("the next renewal", 10 * MINUTE, |_| world.refreshes().len() > before);
    world.until_idle();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.grant(), GrantState::Connected);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
    assert_eq!(world.count("SELECT count(*) FROM intents"), 0);
}

fn json(body: impl Into<String>) -> Fault {
    Fault::Status {
        status: 200,
        body: Some(body.into()),
        content_type: Some("application/json".into()),
        retry_after: None,
        moment: Moment::Before,
    }
}

#[test]
fn f14_an_answer_of_wrong_types_is_no_answer_and_is_asked_for_again() {
    for body in [
        r#"{"access_token":7,"token_type":"Bearer","refresh_token":"planted-x"}"#,
        r#"{"access_token":null,"refresh_token":"planted-x"}"#,
        r#"{"access_token":{"value":"planted-x"}}"#,
        r#"{"access_token":["planted-x"],"expires_in":[]}"#,
        r#"{"token_type":"Bearer","expires_in":3600}"#,
        r#"{"error":{"code":"invalid_grant"}}"#,
        r#""planted-x""#,
        "null",
        "{}",
        "",
    ] {
        let world = due(0, json(body));
        world.requests(Endpoint::Refresh, 1);
        world.until_asleep_for(500);
        assert_kept(&world);
        let sent = world.refreshes();
        assert_eq!(sent[0], sent[1], "{body}: the same token is sent again");
    }
}

#[test]
fn f14_an_answer_nested_without_end_is_healed_within_the_grace() {
    let world = due(30, Fault::NestedJson);
    world.requests(Endpoint::Refresh, 1);
    world.until_asleep_for(500);
    assert_kept(&world);
    let world = due(0, json("[".repeat(60_000)));
    world.requests(Endpoint::Refresh, 1);
    assert_kept(&world);
}

#[test]
fn f14_an_answer_that_says_everything_twice_is_understood() {
    let world = due(0, Fault::RepeatedMembers);
    world.requests(Endpoint::Refresh, 1);
    assert_kept(&world);
    assert_eq!(world.refreshes().len(), 2, "neither is asked for twice");
}

#[test]
fn f27_another_origin_that_an_answer_points_to_is_not_even_connected_to() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = format!("http://{}/token", elsewhere.local_addr().unwrap());
    let world = due(0, Fault::Redirect { to: Some(to) });
    world.until("misconfigured", |overview| {
        matches!(overview.connections[0].health.grant, GrantState::Misconfigured { .. })
    });
    world.advance_until("asked again", MINUTE, |_| world.refreshes().len() == 2);
    assert_kept(&world);
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}
