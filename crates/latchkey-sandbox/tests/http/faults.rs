//! How each fault looks to a client, and whether the provider has processed the request behind it.

use std::time::Duration;

use latchkey_sandbox::{Endpoint, Fault, Moment, Outcome, Release, Rotation, Settings};
use tokio::io::AsyncReadExt;

use crate::support::{HARSH, Tokens, World};

#[tokio::test]
async fn a_status_comes_before_processing_and_runs_out() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::throttled(429, 7), 1);
    world.control().set_fault(Endpoint::Refresh, Fault::status(503), 1);
    let throttled = world.refresh(&tokens.refresh).await;
    assert_eq!((throttled.status.as_u16(), throttled.headers["retry-after"].as_str()), (429, "7"));
    assert_eq!(world.refresh(&tokens.refresh).await.status, 503);
    assert!(!rotated(&world, &tokens));
    assert_eq!(world.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn a_status_with_body_and_type_is_written_as_told() {
    let (world, tokens) = signed_in().await;
    let fault = Fault::Status {
        status: 400,
        body: Some("{}".into()),
        content_type: Some("application/problem+json".into()),
        retry_after: None,
        moment: Moment::Before,
    };
    world.control().set_fault(Endpoint::Userinfo, fault, 1);
    let reply = world.bearer("/userinfo", &tokens.access).await;
    assert_eq!(
        (reply.text.as_str(), reply.headers["content-type"].as_str()),
        ("{}", "application/problem+json")
    );
}

#[tokio::test]
async fn a_server_error_after_processing_has_rotated() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::status_after(500), 1);
    assert_eq!(world.refresh(&tokens.refresh).await.status, 500);
    assert!(rotated(&world, &tokens));
}

#[tokio::test]
async fn a_captive_portal_answers_in_html() {
    let (world, tokens) = signed_in().await;
    for status in [200, 403] {
        world.control().set_fault(Endpoint::Refresh, Fault::HtmlPage { status }, 1);
        let page = world.refresh(&tokens.refresh).await;
        assert_eq!(page.status, status);
        assert!(page.headers["content-type"].starts_with("text/html"));
    }
    assert!(!rotated(&world, &tokens));
}

#[tokio::test]
async fn broken_bodies_come_after_processing() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::TruncatedJson, 1);
    let truncated = world.refresh(&tokens.refresh).await;
    assert_eq!(truncated.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&truncated.text).is_err());
    assert!(rotated(&world, &tokens));

    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::CutBody, 1);
    let response = world.refresh_request(&tokens.refresh).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "the body ends before its length");

    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::OversizedBody, 1);
    let oversized = world.refresh(&tokens.refresh).await;
    assert!(oversized.text.len() > 2_000_000);
    assert!(oversized.json()["access_token"].is_string());

    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::GzipGarbage, 1);
    let response = world.refresh_request(&tokens.refresh).send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.bytes().await.unwrap().starts_with(b"\x1f\x8bthis"));
}

#[tokio::test]
async fn a_dripping_answer_is_complete_in_the_end() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::SlowDrip { interval_ms: 0 }, 1);
    let mut response = world.refresh_request(&tokens.refresh).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.len() < 50, "not in one piece");
    let mut whole = first.to_vec();
    while let Some(chunk) = response.chunk().await.unwrap() {
        whole.extend(chunk);
    }
    assert!(serde_json::from_slice::<serde_json::Value>(&whole).is_ok());
}

#[tokio::test]
async fn a_dropped_connection_may_or_may_not_have_rotated() {
    for moment in [Moment::Before, Moment::After] {
        let (world, tokens) = signed_in().await;
        world.control().set_fault(Endpoint::Refresh, Fault::Drop { moment }, 1);
        assert!(world.refresh_request(&tokens.refresh).send().await.is_err());
        assert_eq!(rotated(&world, &tokens), moment == Moment::After);
        let entry = world.control().wait_for_requests(Endpoint::Refresh, 1).await.remove(0);
        assert_eq!(entry.fault, Some(Fault::Drop { moment }));
        let expected = if moment == Moment::After { Outcome::Accepted } else { Outcome::Unprocessed };
        assert_eq!(entry.outcome, expected);
    }
}

#[tokio::test]
async fn a_hanging_request_never_answers() {
    let (mut world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::Hang { moment: Moment::After }, 1);
    let request = tokio::spawn(world.refresh_request(&tokens.refresh).send());
    world.control().wait_for_requests(Endpoint::Refresh, 1).await;
    assert!(rotated(&world, &tokens));
    assert!(!request.is_finished());
    world.sandbox.unplug().await;
    assert!(request.await.unwrap().is_err());
}

#[tokio::test]
async fn a_redirect_shows_who_follows() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::Redirect { to: None }, 1);
    let reply = world.refresh(&tokens.refresh).await;
    assert_eq!(reply.status, 307);
    assert_eq!(reply.headers["location"], format!("http://localhost:{}/elsewhere", world.sandbox.port()));
    assert!(world.control().requests_to(Endpoint::Elsewhere).is_empty());
    assert!(!rotated(&world, &tokens));
    assert_eq!(world.page(&world.url("/elsewhere")).await.status, 404);
    assert_eq!(world.control().requests_to(Endpoint::Elsewhere).len(), 1);
}

#[tokio::test]
async fn a_fixed_token_can_be_told_to_rotate() {
    let world = World::with(Settings { rotation: Rotation::Fixed, ..Settings::default() }).await;
    let tokens = world.sign_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::RotateNow, 1);
    let next = Tokens::of(&world.refresh(&tokens.refresh).await);
    assert_eq!(world.refresh(&tokens.refresh).await.error().1, "invalid_grant");
    assert_eq!(world.refresh(&next.refresh).await.status, 200);
}

#[tokio::test]
async fn an_oauth_error_can_be_ordered() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::oauth_error("invalid_client"), 1);
    world.control().set_fault(Endpoint::Refresh, Fault::oauth_error("temporarily_unavailable"), 1);
    assert_eq!(world.refresh(&tokens.refresh).await.error().0, 401);
    let (status, error, _) = world.refresh(&tokens.refresh).await.error();
    assert_eq!((status, error.as_str()), (400, "temporarily_unavailable"));
}

#[tokio::test]
async fn a_delay_only_delays() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::Delay { ms: 1 }, 1);
    assert_eq!(world.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn a_held_request_waits_for_its_release() {
    for moment in [Moment::Before, Moment::After] {
        let (world, tokens) = signed_in().await;
        world.control().set_fault(Endpoint::Refresh, Fault::Hold { moment }, 1);
        let request = tokio::spawn(world.refresh_request(&tokens.refresh).send());
        let held = world.control().wait_for_held(Endpoint::Refresh).await;
        assert_eq!(held.moment, moment);
        assert_eq!(world.control().waiting(), [held]);
        assert_eq!(rotated(&world, &tokens), moment == Moment::After);
        assert!(world.control().release(held.sequence, Release::Continue));
        assert_eq!(request.await.unwrap().unwrap().status(), 200);
        assert!(rotated(&world, &tokens));
    }
}

#[tokio::test]
async fn a_held_request_outlives_its_client() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::Hold { moment: Moment::Before }, 1);
    let request = tokio::spawn(world.refresh_request(&tokens.refresh).send());
    world.control().wait_for_held(Endpoint::Refresh).await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    assert_eq!(world.control().release_all(Release::Continue), 1);
    world.control().wait_for_requests(Endpoint::Refresh, 1).await;
    assert!(rotated(&world, &tokens), "what was read is processed");
}

#[tokio::test]
async fn a_held_request_can_be_dropped() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::Hold { moment: Moment::Before }, 1);
    let request = tokio::spawn(world.refresh_request(&tokens.refresh).send());
    world.control().wait_for_held(Endpoint::Refresh).await;
    world.control().release_all(Release::Drop);
    assert!(request.await.unwrap().is_err());
    assert!(!rotated(&world, &tokens));
}

#[tokio::test]
async fn a_sandbox_can_leave_the_network_and_come_back() {
    let (mut world, tokens) = signed_in().await;
    world.sandbox.unplug().await;
    let error = world.refresh_request(&tokens.refresh).send().await.unwrap_err();
    assert!(error.is_connect());
    world.sandbox.plug_in().await.unwrap();
    assert_eq!(world.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn leaving_the_network_cuts_silent_connections_and_slow_answers() {
    let (mut world, tokens) = signed_in().await;
    let mut silent = tokio::net::TcpStream::connect(("127.0.0.1", world.sandbox.port())).await.unwrap();
    world.control().set_fault(Endpoint::Refresh, Fault::SlowDrip { interval_ms: 600_000 }, 1);
    let response = world.refresh_request(&tokens.refresh).send().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), world.sandbox.unplug()).await.unwrap();
    assert!(response.bytes().await.is_err());
    let end = silent.read(&mut [0]).await;
    assert!(matches!(end, Ok(0) | Err(_)));
}

#[tokio::test]
async fn stopping_ends_what_hangs() {
    let (world, tokens) = signed_in().await;
    world.control().set_fault(Endpoint::Refresh, Fault::Hold { moment: Moment::Before }, 1);
    let request = tokio::spawn(world.refresh_request(&tokens.refresh).send());
    world.control().wait_for_any_held().await;
    tokio::time::timeout(Duration::from_secs(10), world.sandbox.stop()).await.unwrap();
    assert!(request.await.unwrap().is_err());
}

async fn signed_in() -> (World, Tokens) {
    let world = World::with(Settings { rotation: HARSH, ..Settings::default() }).await;
    let tokens = world.sign_in().await;
    (world, tokens)
}

fn rotated(world: &World, tokens: &Tokens) -> bool {
    world.control().grants()[0].active_refresh_token() != Some(tokens.refresh.as_str())
}
