//! The failure table of refreshing, row by row: what the provider does, and what becomes of the sign-in.

use crate::support::{MINUTE, START, World};
use latchkey_protocol::{
    Activity, AttentionReason, ConfigurationFault, FailureKind, GrantState, Health, Severity,
};
use latchkey_sandbox::{
    Endpoint, ExpiresIn, Fault, Moment, RefreshTokenMember, Rotation, ScopeMember, Settings, TokenType,
};

const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// A connection whose next refreshes meet `faults`, at the moment the first one is due.
fn due(grace_seconds: u64, faults: impl IntoIterator<Item = Fault>) -> World {
    let world = World::connected();
    world.settings(|settings| {
        settings.rotation = Rotation::Rotate { grace_seconds, reuse_detection: true };
    });
    for fault in faults {
        world.sandbox.set_fault(Endpoint::Refresh, fault, 1);
    }
    world.clock.advance(55 * MINUTE);
    world
}

fn dropped(moment: Moment) -> Fault {
    Fault::Drop { moment }
}

/// After `sent` requests the engine waits for exactly `wait` and then sends the next one.
fn repeats_after(world: &World, sent: usize, wait: i64) {
    world.requests(Endpoint::Refresh, sent);
    world.until_asleep_for(wait);
    assert_eq!(world.refreshes().len(), sent);
    world.clock.advance(wait);
    world.requests(Endpoint::Refresh, sent + 1);
}

/// The sign-in was kept: it is healthy, and nothing but its one token was ever sent twice.
fn assert_kept(world: &World) {
    world.until_idle();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
    assert_eq!(world.count("SELECT count(*) FROM intents"), 0);
}

fn until_failed(world: &World, times: u32) -> Health {
    world.until("failed", |overview| {
        let connection = &overview.connections[0];
        connection.renewal.consecutive_failures == times && connection.health.activity != Activity::Refreshing
    });
    world.connection().health
}

fn assert_lost(world: &World) {
    world.until_attention();
    let grant = world.grant();
    let GrantState::Attention { reason: AttentionReason::LostRotation, provider_text, .. } = grant else {
        panic!("{grant:?}")
    };
    assert!(provider_text.unwrap().starts_with("invalid_grant: "));
}

#[test]
fn f01_a_provider_that_cannot_be_reached_costs_nothing() {
    let mut world = World::connected();
    world.unplug();
    world.clock.advance(55 * MINUTE);
    let health = until_failed(&world, 1);
    assert_eq!((&health.grant, health.severity), (&GrantState::Connected, Severity::Notice));
    assert!(matches!(health.activity, Activity::Offline { .. }), "{health:?}");
    world.advance_until("access has run out", MINUTE, |overview| {
        overview.connections[0].health.severity == Severity::Degraded
    });
    let health = world.connection().health;
    assert_eq!(health.grant, GrantState::Connected, "offline is never a lost sign-in");
    world.plug_in();
    world.advance_until("renewed", MINUTE, |_| world.refreshes().len() == 1);
    assert_kept(&world);
}

#[test]
fn f04_a_lost_answer_is_asked_for_again_with_the_same_token_at_growing_intervals() {
    let world = due(30, [dropped(Moment::After), dropped(Moment::After), dropped(Moment::After)]);
    world.sandbox.set_fault(Endpoint::Refresh, dropped(Moment::After), 1);
    for (sent, wait) in [(1, 200), (2, 2_000), (3, 4_000), (4, 8_000)] {
        repeats_after(&world, sent, wait);
    }
    world.until_idle();
    let sent = world.refreshes();
    assert!(sent.len() == 5 && sent.iter().all(|token| *token == sent[0]), "{sent:?}");
    assert_kept(&world);
}

#[test]
fn f04_lost_before_it_was_processed_it_is_simply_repeated() {
    let world = due(0, [dropped(Moment::Before)]);
    repeats_after(&world, 1, 200);
    assert_kept(&world);
}

#[test]
fn f04_all_repeats_lost_it_goes_on_as_offline_and_is_healed_within_the_grace() {
    let world = due(30, []);
    world.sandbox.set_fault(Endpoint::Refresh, dropped(Moment::After), 5);
    for (sent, wait) in [(1, 200), (2, 2_000), (3, 4_000), (4, 8_000)] {
        repeats_after(&world, sent, wait);
    }
    let health = until_failed(&world, 1);
    assert!(matches!(health.activity, Activity::Offline { .. }), "{health:?}");
    world.advance_until("renewed", 1_000, |_| world.refreshes().len() == 6);
    assert_kept(&world);
}

#[test]
fn f06_lost_after_a_rotation_without_grace_is_told_as_lost() {
    let world = due(0, [dropped(Moment::After)]);
    repeats_after(&world, 1, 200);
    assert_lost(&world);
}

#[test]
fn f05_a_revoked_sign_in_says_why_and_is_never_asked_about_again_by_itself() {
    let world = World::connected();
    world.sandbox.revoke(None);
    world.clock.advance(55 * MINUTE);
    world.until_attention();
    let grant = world.grant();
    let GrantState::Attention { reason, since, provider_text } = &grant else { panic!("{grant:?}") };
    assert_eq!((*reason, *since), (AttentionReason::RevokedOrExpired, START.plus(55 * MINUTE)));
    assert!(provider_text.as_ref().unwrap().starts_with("invalid_grant: "), "{provider_text:?}");
    for step in [41_000, MINUTE, 24 * 60 * MINUTE, YEAR] {
        world.clock.advance(step);
        world.until_asleep_for(41_000);
        assert_eq!(world.refreshes().len(), 1);
    }
    assert_eq!(world.grant(), grant);
    assert_eq!(world.sets_in_keychain(), 1, "the refused sign-in stays at rest");
}

#[test]
fn f08_f09_a_refused_client_or_request_keeps_the_sign_in_and_heals() {
    for (error, fault) in [
        ("invalid_client", ConfigurationFault::ClientRefused),
        ("unauthorized_client", ConfigurationFault::ClientRefused),
        ("invalid_request", ConfigurationFault::RequestRefused),
        ("unsupported_grant_type", ConfigurationFault::RequestRefused),
        ("invalid_scope", ConfigurationFault::RequestRefused),
    ] {
        let world = due(0, [Fault::oauth_error(error), Fault::oauth_error(error)]);
        let mut now = START.plus(55 * MINUTE);
        for (failures, wait) in [(1, 5 * MINUTE), (2, 10 * MINUTE)] {
            let health = until_failed(&world, failures);
            let misconfigured =
                matches!(health.grant, GrantState::Misconfigured { fault: f, .. } if f == fault);
            assert!(misconfigured && health.severity == Severity::Degraded, "{error}: {health:?}");
            assert_eq!(health.activity, Activity::Idle { next_renewal_at: Some(now.plus(wait)) });
            world.clock.advance(wait - 1);
            world.until_asleep_for(1);
            assert_eq!(world.refreshes().len(), failures as usize, "{error}");
            world.clock.advance(1);
            now = now.plus(wait);
            world.requests(Endpoint::Refresh, failures as usize + 1);
        }
        world.until("healthy", |overview| overview.connections[0].health.severity == Severity::Healthy);
        assert_kept(&world);
    }
}

#[test]
fn f10_f11_f13_a_fault_of_the_provider_is_asked_about_once_more_and_then_patiently() {
    let page = |status| Fault::HtmlPage { status };
    let error = |error: &str| Fault::oauth_error(error);
    for fault in [
        error("temporarily_unavailable"),
        error("server_error"),
        error("a_word_of_its_own"),
        Fault::status(500),
        Fault::status(502),
        Fault::status(504),
        Fault::status(503),
        Fault::status(429),
        Fault::status(401),
        Fault::status(404),
        page(200),
        page(403),
    ] {
        let world = due(0, [fault.clone(), fault.clone()]);
        repeats_after(&world, 1, 500);
        let health = until_failed(&world, 1);
        assert_eq!(
            (&health.grant, health.severity),
            (&GrantState::Connected, Severity::Healthy),
            "{fault:?}"
        );
        let Activity::Retrying { cause: FailureKind::Provider, next_at } = health.activity else {
            panic!("{fault:?}: {health:?}")
        };
        let wait = next_at.0 - START.plus(55 * MINUTE + 500).0;
        assert!((250..=1_000).contains(&wait), "{fault:?}: {wait}");
        repeats_after(&world, 2, wait);
        assert_kept(&world);
    }
}

#[test]
fn f11_f14_a_fault_after_processing_is_healed_within_the_grace_and_told_without() {
    for (fault, wait) in [
        (Fault::status_after(500), 500),
        (Fault::status_after(502), 500),
        (Fault::status_after(504), 500),
        (Fault::TruncatedJson, 500),
        (Fault::OversizedBody, 500),
        (Fault::GzipGarbage, 500),
        (Fault::CutBody, 200),
    ] {
        let world = due(30, [fault.clone()]);
        repeats_after(&world, 1, wait);
        assert_kept(&world);
        let world = due(0, [fault]);
        repeats_after(&world, 1, wait);
        assert_lost(&world);
    }
}

#[test]
fn f12_a_request_to_wait_is_obeyed_to_the_second() {
    for (status, asked, wait) in [(429, 90, 90_000), (503, 30, 30_000), (503, 90_000, 60 * MINUTE)] {
        let world = due(0, [Fault::throttled(status, asked)]);
        let health = until_failed(&world, 1);
        let until = START.plus(55 * MINUTE + wait);
        assert_eq!(health.activity, Activity::RateLimited { until });
        assert_eq!((&health.grant, health.severity), (&GrantState::Connected, Severity::Notice));
        world.clock.advance(wait - 1);
        world.until_asleep_for(1);
        assert_eq!(world.refreshes().len(), 1);
        world.clock.advance(1);
        world.requests(Endpoint::Refresh, 2);
        assert_kept(&world);
    }
}

#[test]
fn f17_to_f23_an_odd_answer_is_understood() {
    type Change = fn(&mut Settings);
    let hour = Some(60 * MINUTE);
    let oddities: [(Change, Option<i64>); 9] = [
        (|settings| settings.expires_in = ExpiresIn::Missing, None),
        (|settings| settings.expires_in = ExpiresIn::Zero, None),
        (|settings| settings.expires_in = ExpiresIn::String, hour),
        (|settings| settings.expires_in = ExpiresIn::Float, hour),
        (|settings| settings.token_type = TokenType::LowerCase, hour),
        (|settings| settings.token_type = TokenType::Missing, hour),
        (|settings| settings.refresh_token_on_refresh = RefreshTokenMember::Null, hour),
        (|settings| settings.refresh_token_on_refresh = RefreshTokenMember::Empty, hour),
        (|settings| settings.rotation = Rotation::FixedEcho, hour),
    ];
    for (change, life) in oddities {
        let world = World::connected();
        world.settings(change);
        for round in 1..=2 {
            world.clock.advance(55 * MINUTE - 1);
            world.until_asleep_for(1);
            assert_eq!(world.refreshes().len(), round - 1);
            world.clock.advance(1);
            world.requests(Endpoint::Refresh, round);
            world.until_idle();
        }
        let expires_at = world.connection().renewal.access_expires_at;
        assert_eq!(expires_at, life.map(|life| START.plus(110 * MINUTE + life)));
        assert_kept(&world);
    }
}

#[test]
fn f23_a_kind_of_token_that_cannot_be_used_is_kept_unused_and_told() {
    let world = World::connected();
    world.settings(|settings| settings.token_type = TokenType::Mac);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until("told", |overview| overview.connections[0].health.severity == Severity::Degraded);
    let asked = world.sandbox.requests_to(Endpoint::Userinfo).len();
    assert_eq!(world.check().unwrap().health.severity, Severity::Degraded);
    assert_eq!(world.sandbox.requests_to(Endpoint::Userinfo).len(), asked, "it is never sent as a bearer");
    world.settings(|settings| settings.token_type = TokenType::Bearer);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_kept(&world);
}

#[test]
fn f25_a_smaller_grant_is_shown_as_limited() {
    let world = World::connected();
    world.settings(|settings| settings.scope = ScopeMember::Reduced);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until("limited", |overview| overview.connections[0].health.severity == Severity::Notice);
    assert_eq!(world.grant(), GrantState::Limited { missing: vec!["library.read".into()] });
    assert_eq!(world.connection().grant.granted, ["profile"]);
}

#[test]
fn f26_a_scope_that_nobody_asked_for_is_shown_as_it_is() {
    let world = World::connected();
    world.settings(|settings| settings.scope = ScopeMember::Widened);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until("shown", |overview| overview.connections[0].grant.granted.len() == 3);
    assert_eq!(world.grant(), GrantState::Connected, "nothing that was asked for is missing");
    assert_kept(&world);
}
