//! After a sleep, and when the network comes back.

use crate::support::{MINUTE, World};
use latchkey_engine::{Clock as _, SurroundingsChange};
use latchkey_protocol::{Activity, Severity};
use latchkey_sandbox::Endpoint;

fn until_offline(world: &World) {
    world.until("offline", |overview| {
        matches!(overview.connections[0].health.activity, Activity::Offline { .. })
    });
}

#[test]
fn f35_after_a_sleep_what_is_due_is_renewed_within_five_seconds_and_once() {
    let world = World::connected();
    world.clock.suspend(8 * 60 * MINUTE);
    world.advance_until("renewed", 100, |_| world.refreshes().len() == 1);
    world.until_idle();
    assert_eq!(world.connection().health.severity, Severity::Healthy);
    world.engine().surroundings_changed(SurroundingsChange::Woke);
    world.clock.advance(41_000);
    world.until_asleep_for(41_000);
    assert_eq!(world.refreshes().len(), 1);
}

#[test]
fn f35_whoever_waits_after_a_sleep_is_served_at_once() {
    let world = World::connected();
    world.clock.suspend(8 * 60 * MINUTE);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.refreshes().len(), 1);
}

#[test]
fn f35_access_that_is_good_is_left_alone_after_a_sleep() {
    let world = World::connected();
    world.clock.suspend(50 * MINUTE);
    world.until_asleep_for(41_000);
    world.engine().surroundings_changed(SurroundingsChange::NetworkUp);
    world.clock.advance(41_000);
    world.until_asleep_for(41_000);
    assert_eq!(world.refreshes().len(), 0);
}

#[test]
fn after_a_sleep_nothing_is_sent_before_the_provider_can_be_reached() {
    let mut world = World::connected();
    world.unplug();
    world.clock.suspend(8 * 60 * MINUTE);
    // Three tries to reach it have failed when the fourth is waited for.
    for wait in [500, 1_000, 2_000] {
        world.until_asleep_for(wait);
        world.clock.advance(wait);
    }
    assert_eq!(world.connection().renewal.last_failure, None, "no refresh was tried and none has failed");
    world.plug_in();
    world.advance_until("renewed", 500, |_| world.refreshes().len() == 1);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn a_network_that_comes_back_cuts_the_wait_short() {
    let mut world = World::connected();
    world.unplug();
    world.clock.advance(55 * MINUTE);
    until_offline(&world);
    world.advance_until("failed often", MINUTE, |overview| {
        overview.connections[0].renewal.consecutive_failures >= 8
    });
    until_offline(&world);
    let before = world.clock.boot();
    world.plug_in();
    world.engine().surroundings_changed(SurroundingsChange::NetworkUp);
    world.advance_until("renewed", 100, |_| world.refreshes().len() == 1);
    let waited = world.clock.boot().0 - before.0;
    assert!(waited <= 6_000, "{waited} ms");
    world.requests(Endpoint::Refresh, 1);
}

#[test]
fn f63_a_machine_that_was_paused_from_outside_is_caught_up_with() {
    let mut world = World::connected();
    world.unplug();
    world.clock.advance(55 * MINUTE);
    until_offline(&world);
    world.advance_until("failed often", MINUTE, |overview| {
        overview.connections[0].renewal.consecutive_failures >= 8
    });
    until_offline(&world);
    world.plug_in();
    world.clock.set_wall(world.clock.wall().plus(8 * 60 * MINUTE));
    world.clock.advance(1);
    world.advance_until("renewed", 100, |_| world.refreshes().len() == 1);
}
