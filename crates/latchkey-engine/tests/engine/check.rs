//! What a person's "check" finds out, and that it never says more than was found out.

use crate::support::{MINUTE, START, World};
use futures_util::future::join_all;
use latchkey_protocol::{AttentionReason, ConfigurationFault, GrantState, ProblemCode, Severity};
use latchkey_sandbox::{Endpoint, Fault, Moment, Release};

fn attention(world: &World) -> AttentionReason {
    let grant = world.grant();
    let GrantState::Attention { reason, .. } = grant else { panic!("{grant:?}") };
    reason
}

/// Fifty people press at once.
fn check_fifty_times(world: &World) {
    let id = world.connection().id;
    let checks = (0..50).map(|_| world.engine().check(id.clone()));
    for checked in world.run(join_all(checks)) {
        assert_eq!(checked.unwrap().health.severity, Severity::Healthy);
    }
}

#[test]
fn f50_however_many_ask_at_its_end_access_is_renewed_once() {
    let world = World::connected();
    world.clock.advance(60 * MINUTE);
    check_fifty_times(&world);
    assert_eq!(world.refreshes().len(), 1);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn f56_access_that_the_provider_ended_early_is_renewed_once_and_confirmed() {
    let world = World::connected();
    world.sandbox.expire_access();
    check_fifty_times(&world);
    assert_eq!(world.refreshes().len(), 1);
    assert_eq!(world.grant(), GrantState::Connected);
}

#[test]
fn an_api_that_refuses_every_token_is_a_fault_of_settings_and_heals() {
    let world = World::connected();
    world.sandbox.set_fault(Endpoint::Userinfo, Fault::status(401), 2);
    let health = world.check().unwrap().health;
    let GrantState::Misconfigured { fault: ConfigurationFault::TokensRefused, .. } = health.grant else {
        panic!("{health:?}")
    };
    assert_eq!(health.severity, Severity::Degraded);
    assert_eq!(world.refreshes().len(), 1, "one refresh, no storm");
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn a_refused_sign_in_is_tried_exactly_once_when_a_person_asks() {
    let world = World::connected();
    world.sandbox.revoke(None);
    world.clock.advance(55 * MINUTE);
    world.until_attention();
    for asked in 1..=3 {
        assert_eq!(world.check().unwrap().health.severity, Severity::Attention);
        assert_eq!(world.refreshes().len(), 1 + asked);
    }
    assert_eq!(attention(&world), AttentionReason::RevokedOrExpired);
    let sent = world.refreshes();
    assert!(sent.iter().all(|token| *token == sent[0]));
}

#[test]
fn a_refusal_that_was_a_mistake_of_the_provider_is_undone_by_asking() {
    let world = World::connected();
    world.sandbox.set_fault(Endpoint::Refresh, Fault::oauth_error("invalid_grant"), 1);
    world.clock.advance(55 * MINUTE);
    world.until_attention();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.connection().renewal.access_expires_at, Some(START.plus(115 * MINUTE)));
}

#[test]
fn what_could_not_be_confirmed_is_said_and_the_sign_in_kept() {
    let mut world = World::connected();
    for fault in [Fault::status(500), Fault::status(403), Fault::HtmlPage { status: 200 }] {
        world.sandbox.set_fault(Endpoint::Userinfo, fault, 1);
        let problem = world.check().unwrap_err();
        assert_eq!(problem.code, ProblemCode::Temporary, "{problem}");
        assert!(problem.message.contains("Latchkey Sandbox · Ada Lovelace"), "{problem}");
    }
    world.unplug();
    assert_eq!(world.check().unwrap_err().code, ProblemCode::Temporary);
    assert_eq!(world.grant(), GrantState::Connected);
    assert_eq!(world.refreshes().len(), 0);
}

#[test]
fn a_confirmation_that_comes_after_the_refusal_does_not_hide_it() {
    let world = World::connected();
    world.hold(Endpoint::Userinfo, Moment::After);
    world.sandbox.set_fault(Endpoint::Refresh, Fault::oauth_error("invalid_grant"), 1);
    std::thread::scope(|scope| {
        let check = scope.spawn(|| world.check());
        let held = world.held(Endpoint::Userinfo);
        world.clock.advance(55 * MINUTE);
        world.until_attention();
        world.sandbox.release(held.sequence, Release::Continue);
        assert_eq!(check.join().unwrap().unwrap().health.severity, Severity::Attention);
    });
    assert_eq!(attention(&world), AttentionReason::RevokedOrExpired);
    world.clock.advance(24 * 60 * MINUTE);
    world.until_asleep_for(41_000);
    assert_eq!(world.refreshes().len(), 1);
}

#[test]
fn a_check_finds_another_account_and_says_whose() {
    let world = World::connected();
    let body = Some(r#"{"sub":"ben","name":"Ben Marsh"}"#.to_owned());
    let status =
        Fault::Status { status: 200, body, content_type: None, retry_after: None, moment: Moment::Before };
    world.sandbox.set_fault(Endpoint::Userinfo, status, 1);
    let problem = world.check().unwrap_err();
    assert!(problem.message.contains("belongs to Ben Marsh"), "{problem}");
    assert_eq!(world.connection().account.key, "ada");
}
