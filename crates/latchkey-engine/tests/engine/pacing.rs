//! How a provider is asked when it is slow, down or annoyed, over several accounts.

use std::collections::BTreeSet;

use crate::support::{MINUTE, START, World};
use latchkey_engine::Callback;
use latchkey_protocol::{
    Activity, ConfigurationFault, ConnectionId, ConnectionView, FailureKind, GrantState, Severity,
};
use latchkey_sandbox::{Endpoint, Fault, Moment, Release};

/// The provider says once that a token is of the account `name`.
fn is_called(world: &World, name: &str) {
    let body = Some(format!(r#"{{"sub":"{name}","name":"{name}"}}"#));
    let named =
        Fault::Status { status: 200, body, content_type: None, retry_after: None, moment: Moment::Before };
    world.sandbox.set_fault(Endpoint::Userinfo, named, 1);
}

/// Signs in to an account of its own, which the provider calls `name`.
fn sign_in_as(world: &World, name: &str) -> ConnectionId {
    is_called(world, name);
    let (_, url) = world.begin();
    let link = world.browser(&url);
    assert_eq!(world.link(&link), Callback::Taken);
    let is_named = |connection: &&ConnectionView| connection.account.name == name;
    world.until(name, |overview| overview.connections.iter().any(|connection| is_named(&connection)));
    world.overview().connections.iter().find(is_named).unwrap().id.clone()
}

fn connection(world: &World, id: &ConnectionId) -> ConnectionView {
    world.overview().connections.into_iter().find(|connection| &connection.id == id).unwrap()
}

fn activity(world: &World, id: &ConnectionId) -> Activity {
    connection(world, id).health.activity
}

fn check(world: &World, id: &ConnectionId) -> Severity {
    world.run(world.engine().check(id.clone())).unwrap().health.severity
}

/// How many sign-ins were ever sent for renewal.
fn renewed_or_tried(world: &World) -> usize {
    world.refreshes().into_iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn a_request_to_wait_for_one_account_does_not_stop_another() {
    let world = World::new();
    for name in ["ada", "ben"] {
        sign_in_as(&world, name);
    }
    world.sandbox.set_fault(Endpoint::Refresh, Fault::throttled(429, 90), 1);
    world.clock.advance(55 * MINUTE);
    world.until("one waits, one is renewed", |overview| {
        let waits =
            |connection: &&ConnectionView| matches!(connection.health.activity, Activity::RateLimited { .. });
        let idle = |connection: &&ConnectionView| matches!(connection.health.activity, Activity::Idle { .. });
        let of = |kind: &dyn Fn(&&ConnectionView) -> bool| overview.connections.iter().filter(kind).count();
        of(&waits) == 1 && of(&idle) == 1
    });
    assert_eq!(world.refreshes().len(), 2);
}

#[test]
fn where_the_provider_file_says_so_a_request_to_wait_stops_every_account_of_the_client() {
    let mut world = World::before_the_start();
    let built_in = include_str!("../../../../providers/sandbox.toml");
    let text = built_in.replace("{sandbox}", &world.sandbox.origin());
    world.write_provider("sandbox.toml", &format!("{text}\n[refresh]\nrate_limit = \"client\"\n"));
    world.start();
    let ada = sign_in_as(&world, "ada");
    world.clock.advance(MINUTE);
    let ben = sign_in_as(&world, "ben");
    world.sandbox.set_fault(Endpoint::Refresh, Fault::throttled(429, 600), 1);
    world.clock.advance(54 * MINUTE);
    world.until("ada waits", |_| matches!(activity(&world, &ada), Activity::RateLimited { .. }));
    world.clock.advance(MINUTE);
    world.until("ben waits", |_| matches!(activity(&world, &ben), Activity::RateLimited { .. }));
    assert_eq!(activity(&world, &ada), activity(&world, &ben), "until the same moment");
    assert_eq!(world.refreshes().len(), 1);
    assert_eq!(connection(&world, &ben).renewal.consecutive_failures, 0, "ben has failed nothing");
}

#[test]
fn a_request_to_wait_is_obeyed_after_a_restart_and_whoever_asks() {
    let mut world = World::connected();
    world.sandbox.set_fault(Endpoint::Refresh, Fault::throttled(429, 1_200), 1);
    world.clock.advance(55 * MINUTE);
    world.until("waits", |overview| {
        matches!(overview.connections[0].health.activity, Activity::RateLimited { .. })
    });
    let until = world.connection().health.activity;
    world.restart();
    let id = world.connection().id;
    world.clock.advance(6 * MINUTE);
    check(&world, &id);
    assert_eq!(world.connection().health.activity, until);
    assert_eq!(world.refreshes().len(), 1);
    world.clock.advance(14 * MINUTE);
    world.requests(Endpoint::Refresh, 2);
    world.until_idle();
}

#[test]
fn a_provider_that_answers_nobody_is_left_alone_by_those_it_has_not_failed_yet() {
    let world = World::new();
    for name in ["ada", "ben"] {
        sign_in_as(&world, name);
    }
    world.clock.advance(20_000);
    let cy = sign_in_as(&world, "cy");
    world.sandbox.set_fault(Endpoint::Refresh, Fault::status(500), 1_000);
    world.clock.advance(55 * MINUTE - 20_000);
    world.advance_until("four have failed", 40, |overview| {
        let busy = |one: &ConnectionView| one.health.activity == Activity::Refreshing;
        world.refreshes().len() >= 8 && !overview.connections.iter().any(busy)
    });
    world.clock.advance(20_000);
    world.advance_until("cy waits", 40, |_| matches!(activity(&world, &cy), Activity::Retrying { .. }));
    let health = connection(&world, &cy).health;
    assert!(matches!(health.activity, Activity::Retrying { cause: FailureKind::Provider, .. }), "{health:?}");
    assert_eq!(health.severity, Severity::Healthy);
    assert_eq!(renewed_or_tried(&world), 2, "cy's sign-in was not sent");
    world.sandbox.clear_faults();
    is_called(&world, "cy");
    assert_eq!(check(&world, &cy), Severity::Healthy, "a person is not held back");
    assert_eq!(renewed_or_tried(&world), 3);
    world.advance_until("everybody is renewed", 1_000, |overview| {
        overview.connections.iter().all(|connection| connection.renewal.last_failure.is_none())
    });
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn a_sign_in_at_a_provider_that_was_down_wakes_the_others() {
    let world = World::new();
    for name in ["ada", "ben"] {
        sign_in_as(&world, name);
    }
    world.clock.advance(20_000);
    sign_in_as(&world, "cy");
    world.sandbox.set_fault(Endpoint::Refresh, Fault::status(500), 1_000);
    world.clock.advance(55 * MINUTE - 20_000);
    world.advance_until("four have failed", 40, |_| world.refreshes().len() >= 8);
    world.sandbox.clear_faults();
    sign_in_as(&world, "dee");
    world.clock.advance(20_000);
    world.advance_until("cy is renewed", 100, |_| renewed_or_tried(&world) == 3);
}

#[test]
fn f64_two_refreshes_at_one_host_at_once_and_all_are_served() {
    let world = World::new();
    for name in ["ada", "ben", "cy", "dee", "eli"] {
        sign_in_as(&world, name);
    }
    world.sandbox.set_fault(Endpoint::Refresh, Fault::Hold { moment: Moment::Before }, 5);
    world.clock.advance(55 * MINUTE);
    for left in (1..=5_usize).rev() {
        world.until("two are under way", |_| world.sandbox.waiting().len() == left.min(2));
        assert_eq!(world.refreshes().len(), (5 - left + 2).min(5), "never a third");
        let held = world.held(Endpoint::Refresh);
        assert!(world.sandbox.release(held.sequence, Release::Continue));
    }
    world.until("all are renewed", |overview| {
        let renewed = |connection: &ConnectionView| connection.renewal.last_success_at > Some(START);
        overview.connections.iter().all(renewed)
    });
    assert_eq!(world.refreshes().len(), 5);
}

#[test]
fn f56_a_renewal_alone_never_hides_that_the_api_refuses_its_tokens_and_there_is_no_storm() {
    let world = World::connected();
    world.sandbox.set_fault(Endpoint::Userinfo, Fault::status(401), 1_000);
    let refused = |world: &World| {
        let grant = world.grant();
        matches!(grant, GrantState::Misconfigured { fault: ConfigurationFault::TokensRefused, .. })
    };
    for _ in 0..4 {
        assert_eq!(world.check().unwrap().health.severity, Severity::Degraded);
        assert!(refused(&world));
        assert_eq!(world.refreshes().len(), 1, "a fresh token that is refused is not replaced");
    }
    let asked = world.sandbox.requests_to(Endpoint::Userinfo).len();
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Userinfo, asked + 1);
    world.until_idle();
    assert_eq!(world.refreshes().len(), 2);
    assert!(refused(&world), "{:?}", world.grant());
    world.sandbox.clear_faults();
    world.clock.advance(55 * MINUTE);
    world.until("healed", |overview| overview.connections[0].health.grant == GrantState::Connected);
    assert_eq!(world.refreshes().len(), 3);
}
