//! A clock of this computer that is wrong, seen by the `Date` of token answers.

use std::time::{Duration, UNIX_EPOCH};

use crate::support::{MINUTE, World};
use latchkey_engine::Clock as _;
use latchkey_protocol::{Activity, GrantState, Severity, Timestamp};
use latchkey_sandbox::{Endpoint, Fault, Moment};

/// From here on the provider's clock shows what `offset` milliseconds make of this computer's.
fn provider_is(world: &World, offset: i64) {
    let date = http_date(world.clock.wall().plus(offset));
    world.settings(|settings| settings.date = Some(date));
}

fn http_date(at: Timestamp) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(at.0.unsigned_abs()))
}

#[test]
fn f34_a_clock_that_is_wrong_is_said_and_said_no_more_when_it_is_right() {
    let world = World::new();
    provider_is(&world, -7 * MINUTE);
    world.sign_in();
    let health = world.connection().health;
    let Activity::ClockWrong { ahead_ms } = health.activity else { panic!("{health:?}") };
    assert!((ahead_ms - 7 * MINUTE).abs() < 2_000, "{ahead_ms}");
    assert_eq!((health.grant, health.severity), (GrantState::Connected, Severity::Degraded));
    world.clock.set_wall(world.clock.wall().plus(-7 * MINUTE));
    world.until_idle();
    assert_eq!(world.connection().health.severity, Severity::Healthy);
}

#[test]
fn f34_a_clock_that_is_off_by_less_than_two_minutes_is_nobodys_business() {
    let world = World::new();
    provider_is(&world, 115_000);
    world.sign_in();
    assert!(matches!(world.connection().health.activity, Activity::Idle { .. }));
}

#[test]
fn f34_a_wrong_clock_changes_no_expiry() {
    let world = World::new();
    provider_is(&world, 60 * MINUTE);
    world.sign_in();
    assert_eq!(world.connection().renewal.access_expires_at, Some(world.clock.wall().plus(60 * MINUTE)));
    world.clock.advance(55 * MINUTE - 1);
    world.until_asleep_for(1);
    assert_eq!(world.refreshes().len(), 0);
    world.clock.advance(1);
    world.requests(Endpoint::Refresh, 1);
}

#[test]
fn f12_f34_a_date_to_wait_until_counts_by_the_providers_clock_also_after_a_restart() {
    let mut world = World::new();
    provider_is(&world, -30 * MINUTE);
    world.sign_in();
    world.until_settled();
    world.restart();
    world.settings(|settings| settings.date = Some("unknown".into()));
    let until = http_date(world.clock.wall().plus(25 * MINUTE + 90_000));
    let retry_after = Some(until);
    let wait =
        Fault::Status { status: 429, body: None, content_type: None, retry_after, moment: Moment::Before };
    world.sandbox.set_fault(Endpoint::Refresh, wait, 1);
    world.clock.advance(55 * MINUTE);
    world.until("waits", |overview| {
        matches!(overview.connections[0].health.activity, Activity::RateLimited { .. })
    });
    let Activity::RateLimited { until } = world.connection().health.activity else { panic!() };
    let wait = until.0 - world.clock.wall().0;
    assert!((wait - 90_000).abs() <= MINUTE, "{wait} ms: half an hour too early or too late");
}
