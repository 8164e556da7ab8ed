//! The keychain in every mood, at every moment.

use crate::support::{MINUTE, World, farewell};
use latchkey_engine::{Callback, KeychainError, Mood};
use latchkey_protocol::{
    Activity, GrantState, Keep, ProblemCode, RestingPlace, Revocation, SealedReason, Severity, VaultState,
};
use latchkey_sandbox::{Endpoint, Moment, Release};

fn failing(error: KeychainError) -> Mood {
    Mood::Failing(error)
}

fn locked() -> Mood {
    failing(KeychainError::Locked)
}

#[test]
fn f43_f45_without_a_keychain_a_sign_in_does_not_begin_and_says_what_to_do() {
    for (error, state, words) in [
        (
            KeychainError::Locked,
            VaultState::Locked,
            "The keychain is locked. Unlock the keychain and try again.",
        ),
        (
            KeychainError::Slow,
            VaultState::Slow,
            "The keychain does not answer. Look for a password dialog of the keychain, then try again.",
        ),
        (
            KeychainError::Absent("no service".into()),
            VaultState::Absent,
            "This computer offers no keychain (no service). Start a keychain service, protect your sign-ins with a passphrase, or keep this one in memory only.",
        ),
        (
            KeychainError::Refused("denied".into()),
            VaultState::Refused,
            "The keychain refuses (denied). Start a keychain service, protect your sign-ins with a passphrase, or keep this one in memory only.",
        ),
    ] {
        let world = World::new();
        world.keychain.set_mood(failing(error));
        let problem = world.begin_with(Keep::Keychain, None).unwrap_err();
        assert_eq!(problem.code, ProblemCode::KeychainUnavailable);
        assert_eq!(problem.to_string(), words);
        assert_eq!(world.overview().vault, state);
        assert_eq!(world.provider().sign_in, None);
        assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
        let (_, url) = world.begin_with(Keep::Memory, None).unwrap();
        world.link(&world.browser(&url));
        world.until("connected", |overview| overview.connections.len() == 1);
        assert_eq!(world.check().unwrap().resting, RestingPlace::Memory);
        assert!(world.keychain.items().is_empty());
        assert_eq!(world.count("SELECT count(*) FROM connections"), 0);
    }
}

#[test]
fn a_sign_in_that_the_keychain_does_not_take_stays_sealed_and_settles_when_it_opens() {
    for (error, reason) in [
        (KeychainError::Locked, SealedReason::KeychainLocked),
        (KeychainError::Slow, SealedReason::KeychainSlow),
        (KeychainError::Absent("no service".into()), SealedReason::KeychainAbsent),
        (KeychainError::Refused("denied".into()), SealedReason::KeychainRefused),
    ] {
        let world = World::new();
        let (_, url) = world.begin();
        world.keychain.set_mood(failing(error));
        world.link(&world.browser(&url));
        world.until("connected", |overview| overview.connections.len() == 1);
        world.until("told", |overview| overview.connections[0].sealed == Some(reason));
        assert_eq!(world.connection().resting, RestingPlace::Sealed);
        assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
        assert_eq!(world.count("SELECT count(*) FROM token_sets"), 1);
        world.clock.advance(3 * MINUTE);
        world.until_asleep_for(41_000);
        assert_eq!(world.connection().resting, RestingPlace::Sealed);
        world.keychain.set_mood(Mood::Open);
        world.clock.advance(3 * MINUTE);
        world.until_settled();
        assert_eq!(world.count("SELECT count(*) FROM token_sets"), 0);
        assert_eq!(world.overview().vault, VaultState::Open);
    }
}

#[test]
fn a_sign_in_that_is_too_large_stays_sealed_says_so_and_is_not_tried_in_vain() {
    let mut world = World::new();
    world.keychain.set_mood(Mood::UpTo(80));
    world.sign_in();
    world.until("told", |overview| overview.connections[0].sealed == Some(SealedReason::TooLarge));
    assert_eq!(world.overview().vault, VaultState::Open, "a keychain with small items is no closed one");
    let written = world.keychain.refusals();
    for _ in 0..20 {
        world.clock.advance(2 * MINUTE);
        world.until_asleep_for(41_000);
    }
    assert_eq!(world.keychain.refusals(), written);
    world.clock.advance(15 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    world.restart();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn f44_a_keychain_that_locks_while_running_costs_no_renewal() {
    let mut world = World::connected();
    world.keychain.set_mood(locked());
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    assert_eq!(world.connection().resting, RestingPlace::Sealed);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    world.kill();
    world.keychain.set_mood(Mood::Open);
    world.start();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn a_set_that_settles_during_a_refresh_is_not_shown_as_sealed() {
    let world = World::new();
    let (_, url) = world.begin();
    world.keychain.set_mood(locked());
    world.link(&world.browser(&url));
    world.until("connected", |overview| overview.connections.len() == 1);
    world.hold(Endpoint::Refresh, Moment::Before);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    world.keychain.set_mood(Mood::Open);
    world.advance_until("settled", MINUTE, |overview| {
        overview.connections[0].resting == RestingPlace::Keychain
    });
    world.sandbox.revoke(None);
    world.sandbox.release(held.sequence, Release::Continue);
    world.until_attention();
    assert_eq!(world.connection().resting, RestingPlace::Keychain);
    assert_eq!(world.count("SELECT count(*) FROM connections WHERE resting = '\"sealed\"'"), 0);
}

#[test]
fn f43_locked_at_the_start_no_refresh_is_spent_and_it_heals_when_it_opens() {
    let mut world = World::connected();
    world.kill();
    world.keychain.set_mood(locked());
    world.clock.advance(55 * MINUTE);
    world.start();
    world.until("locked", |overview| overview.connections[0].health.activity == Activity::Locked);
    let health = world.connection().health;
    assert_eq!((health.grant, health.severity), (GrantState::Connected, Severity::Degraded));
    assert_eq!(world.overview().vault, VaultState::Locked);
    world.clock.advance(60 * MINUTE);
    world.until_asleep_for(30_000);
    assert_eq!(world.connection().health.activity, Activity::Locked);
    assert_eq!(world.refreshes().len(), 0);
    world.keychain.set_mood(Mood::Open);
    world.clock.advance(30_000);
    world.requests(Endpoint::Refresh, 1);
    world.until_settled();
    world.until_idle();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn a_check_behind_a_locked_keychain_says_that_and_confirms_nothing() {
    let mut world = World::connected();
    world.kill();
    world.keychain.set_mood(locked());
    world.start();
    let asked = world.sandbox.requests().len();
    let problem = world.check().unwrap_err();
    assert_eq!(problem.code, ProblemCode::KeychainUnavailable, "{problem}");
    assert_eq!(world.sandbox.requests().len(), asked);
    world.keychain.set_mood(Mood::Open);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.refreshes().len(), 0);
}

/// Disconnects and restarts, in this order or the other, with the keychain locked in between.
fn disconnected_behind_a_lock(locked_first: bool) -> World {
    let mut world = World::connected();
    let id = world.connection().id;
    if locked_first {
        world.kill();
        world.keychain.set_mood(locked());
        world.start();
        world.run(world.engine().disconnect(id)).unwrap();
    } else {
        world.hold(Endpoint::Revoke, Moment::Before);
        world.run(world.engine().disconnect(id)).unwrap();
        world.held(Endpoint::Revoke);
        world.kill();
        world.sandbox.release_all(Release::Drop);
        world.keychain.set_mood(locked());
        world.start();
    }
    world
}

#[test]
fn a_farewell_behind_a_locked_keychain_waits_until_it_can_be_told() {
    for locked_first in [true, false] {
        let world = disconnected_behind_a_lock(locked_first);
        world.until("waiting", |overview| overview.connections[0].renewal.consecutive_failures == 1);
        assert_eq!(world.grant(), GrantState::Disconnecting);
        assert!(world.sandbox.grants()[0].revoked.is_none());
        world.keychain.set_mood(Mood::Open);
        let (_, mut events) = world.engine().watch();
        world.advance_until("gone", MINUTE, |overview| overview.connections.is_empty());
        assert_eq!(world.run(farewell(&mut events)), Revocation::Confirmed);
        assert!(world.sandbox.grants()[0].revoked.is_some());
        assert_eq!(world.sets_in_keychain(), 0, "no sign-in is left");
    }
}

#[test]
fn a_link_that_comes_while_the_keychain_is_locked_is_taken_once_it_opens() {
    let mut world = World::new();
    let (_, url) = world.begin();
    let link = world.browser(&url);
    world.kill();
    world.keychain.set_mood(Mood::Failing(KeychainError::Locked));
    world.start();
    assert_eq!(world.link(&link), Callback::Taken);
    assert_eq!(world.overview().connections, []);
    world.keychain.set_mood(Mood::Open);
    // The person clicks the link once more.
    world.link(&link);
    world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 1);
}
