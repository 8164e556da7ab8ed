//! Answers that come too late: after a disconnect, a newer sign-in, a cancel, another clock.

use crate::support::{MINUTE, START, World};
use latchkey_engine::Callback;
use latchkey_protocol::{GrantState, Keep, Redirect, Severity, Timestamp};
use latchkey_sandbox::{Consent, Endpoint, HeldRequest, Moment, Release, RevokedBecause};

const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// A connection with a refresh that the provider has processed and not answered.
fn rotated_unanswered() -> (World, HeldRequest) {
    let world = World::connected();
    world.hold(Endpoint::Refresh, Moment::After);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    (world, held)
}

fn revoked(world: &World) -> Vec<String> {
    let requests = world.sandbox.requests_to(Endpoint::Revoke);
    requests.iter().map(|entry| entry.form.value("token").unwrap().to_owned()).collect()
}

#[test]
fn f54_a_newer_sign_in_wins_over_a_refresh_that_is_still_under_way() {
    let (world, held) = rotated_unanswered();
    let (_, url) = world.begin();
    let link = world.browser(&url);
    assert_eq!(world.link(&link), Callback::Taken);
    let signed_in = START.plus(55 * MINUTE);
    world.until("signed in anew", |overview| overview.connections[0].grant.authorized_at == signed_in);
    world.sandbox.release(held.sequence, Release::Continue);
    world.until_idle();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(revoked(&world), [""; 0], "revoking the late set might end the new grant too (R90)");
    let newest = world.sandbox.grants()[1].active_refresh_token().unwrap().to_owned();
    world.advance_until("the next renewal", MINUTE, |_| world.refreshes().len() == 2);
    assert_eq!(world.refreshes()[1], newest);
}

#[test]
fn f54_a_sign_in_stored_after_a_kill_wins_as_well() {
    let (mut world, held) = rotated_unanswered();
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    let signed_in = START.plus(55 * MINUTE);
    world.until("signed in anew", |overview| overview.connections[0].grant.authorized_at == signed_in);
    world.kill();
    world.sandbox.release(held.sequence, Release::Drop);
    world.start();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.refreshes().len(), 1, "the intent of the older one is void");
}

#[test]
fn a_disconnect_during_a_refresh_revokes_what_the_refresh_brought() {
    let (world, held) = rotated_unanswered();
    let id = world.connection().id;
    world.run(world.engine().disconnect(id)).unwrap();
    assert_eq!(world.grant(), GrantState::Disconnecting);
    assert_eq!(world.sandbox.requests_to(Endpoint::Revoke).len(), 0);
    let late = world.sandbox.grants()[0].active_refresh_token().unwrap().to_owned();
    world.sandbox.release(held.sequence, Release::Continue);
    world.until("gone", |overview| overview.connections.is_empty());
    assert_eq!(revoked(&world)[0], late);
    let alive = |grant: &latchkey_sandbox::GrantView| grant.revoked != Some(RevokedBecause::ByClient);
    assert!(!world.sandbox.grants().iter().any(alive), "{:?}", world.sandbox.grants());
    assert_eq!(world.sets_in_keychain(), 0, "no sign-in is left");
    assert_eq!(world.count("SELECT count(*) FROM token_sets"), 0);
}

#[test]
fn a_disconnect_killed_during_a_refresh_leaves_nothing_connected() {
    let (mut world, held) = rotated_unanswered();
    let id = world.connection().id;
    world.run(world.engine().disconnect(id)).unwrap();
    world.kill();
    world.sandbox.release(held.sequence, Release::Drop);
    world.start();
    world.until("gone", |overview| overview.connections.is_empty());
    assert_eq!(world.refreshes().len(), 1);
    assert!(world.sandbox.grants().iter().all(|grant| grant.revoked.is_some()));
}

#[test]
fn signing_in_again_while_the_farewell_is_under_way_keeps_the_new_sign_in() {
    let world = World::connected();
    let id = world.connection().id;
    world.hold(Endpoint::Revoke, Moment::Before);
    world.run(world.engine().disconnect(id)).unwrap();
    let held = world.held(Endpoint::Revoke);
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("signed in anew", |overview| {
        overview.connections.iter().any(|connection| connection.health.grant == GrantState::Connected)
    });
    world.until_settled();
    world.sandbox.release(held.sequence, Release::Continue);
    world.requests(Endpoint::Revoke, 2);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert!(world.sandbox.grants()[0].revoked.is_some() && world.sandbox.grants()[1].revoked.is_none());
    assert_eq!(world.sets_in_keychain(), 1);
}

#[test]
fn a_sign_in_given_up_while_it_is_finished_is_given_back() {
    for redirect in [Redirect::DeepLink, Redirect::Loopback] {
        let mut world = World::new();
        world.hold(Endpoint::Userinfo, Moment::Before);
        let (view, url) = world.begin_with(Keep::Keychain, Some(redirect)).unwrap();
        let answer = world.browser(&url);
        match redirect {
            Redirect::DeepLink => assert_eq!(world.link(&answer), Callback::Taken),
            Redirect::Loopback | Redirect::DeviceCode => drop(world.visit(&answer)),
        }
        let held = world.held(Endpoint::Userinfo);
        world.run(world.engine().cancel_sign_in(view.id)).unwrap();
        assert_eq!(world.provider().sign_in, None);
        world.sandbox.release(held.sequence, Release::Continue);
        world.requests(Endpoint::Revoke, 1);
        assert_eq!(world.overview().connections, []);
        assert!(world.sandbox.grants().iter().all(|grant| grant.revoked.is_some()));
        world.restart();
        world.until_asleep_for(41_000);
        assert_eq!(world.overview().connections, []);
    }
}

#[test]
fn a_sign_in_given_up_during_the_exchange_does_not_come_back() {
    let mut world = World::new();
    world.hold(Endpoint::Token, Moment::After);
    let (view, url) = world.begin();
    world.link(&world.browser(&url));
    let held = world.held(Endpoint::Token);
    world.run(world.engine().cancel_sign_in(view.id)).unwrap();
    world.sandbox.release(held.sequence, Release::Continue);
    world.requests(Endpoint::Revoke, 1);
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
    world.restart();
    assert_eq!((world.overview().connections, world.provider().sign_in), (vec![], None));
}

#[test]
fn a_cancelled_twin_of_a_connected_account_is_not_revoked() {
    let world = World::connected();
    world.hold(Endpoint::Userinfo, Moment::Before);
    let (view, url) = world.begin();
    world.link(&world.browser(&url));
    let held = world.held(Endpoint::Userinfo);
    world.run(world.engine().cancel_sign_in(view.id)).unwrap();
    world.sandbox.release(held.sequence, Release::Continue);
    world.requests(Endpoint::Userinfo, 2);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(revoked(&world), [""; 0], "revoking might end the grant of the connected account");
    assert_eq!(world.connection().grant.authorized_at, START);
}

#[test]
fn an_answer_for_somebody_else_does_not_touch_the_first_account() {
    let world = World::connected();
    world.hold(Endpoint::Userinfo, Moment::After);
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    let held = world.held(Endpoint::Userinfo);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.sandbox.release(held.sequence, Release::Continue);
    world.until("two accounts", |overview| overview.connections.len() == 2);
    let names: Vec<_> = world.overview().connections.into_iter().map(|it| it.account.name).collect();
    assert_eq!(names, ["Ada Lovelace", "Ben Marsh"]);
}

fn clock_jumps() -> [Timestamp; 2] {
    [START.plus(-10 * YEAR), START.plus(10 * YEAR)]
}

#[test]
fn f32_f33_a_wall_clock_set_elsewhere_changes_no_plan() {
    for wall in clock_jumps() {
        let world = World::connected();
        world.clock.set_wall(wall);
        world.clock.advance(55 * MINUTE - 1);
        world.until_asleep_for(1);
        assert_eq!(world.refreshes().len(), 0, "{wall:?}");
        world.clock.advance(1);
        world.requests(Endpoint::Refresh, 1);
        world.until_idle();
        world.clock.advance(55 * MINUTE - 1);
        world.until_asleep_for(1);
        assert_eq!(world.refreshes().len(), 1, "{wall:?}");
    }
}

#[test]
fn f32_f33_nor_when_it_is_set_while_a_refresh_is_under_way() {
    for wall in clock_jumps() {
        let (world, held) = rotated_unanswered();
        world.clock.set_wall(wall);
        world.sandbox.release(held.sequence, Release::Continue);
        world.until_idle();
        world.clock.advance(55 * MINUTE - 1);
        world.until_asleep_for(1);
        assert_eq!(world.refreshes().len(), 1, "{wall:?}");
        world.clock.advance(1);
        world.requests(Endpoint::Refresh, 2);
    }
}

#[test]
fn f32_access_that_has_ended_is_not_alive_by_a_clock_set_back() {
    let mut world = World::connected();
    world.unplug();
    world.clock.set_wall(START.plus(-10 * YEAR));
    world.clock.advance(59 * MINUTE);
    let offline = |severity| {
        world.until("offline", |overview| {
            let connection = &overview.connections[0];
            connection.renewal.consecutive_failures > 0 && connection.health.severity == severity
        });
    };
    offline(Severity::Notice);
    world.clock.advance(MINUTE);
    offline(Severity::Degraded);
}

#[test]
fn a_life_counts_from_before_the_request_left() {
    let (world, held) = rotated_unanswered();
    world.clock.advance(10 * MINUTE);
    world.sandbox.release(held.sequence, Release::Continue);
    world.until_idle();
    assert_eq!(world.connection().renewal.access_expires_at, Some(START.plus(115 * MINUTE)));
    world.clock.advance(45 * MINUTE - 1);
    world.until_asleep_for(1);
    assert_eq!(world.refreshes().len(), 1);
    world.clock.advance(1);
    world.requests(Endpoint::Refresh, 2);
}
