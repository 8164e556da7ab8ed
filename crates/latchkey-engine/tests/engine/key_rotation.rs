//! A new installation key: by itself, on demand, and with the process killed at every step.

use crate::support::{MINUTE, World};
use latchkey_engine::{KeychainError, Mood, Passphrase};
use latchkey_protocol::{ConnectionView, ProblemCode, RestingPlace, Severity};
use latchkey_sandbox::{Consent, Rotation};

const DAY: i64 = 24 * 60 * MINUTE;
const WORDS: &str = "planted horse battery";

/// Length of one key in its written form.
const KEY: usize = 40;

fn ring(world: &World) -> Vec<u8> {
    let items = world.keychain.items();
    items.into_iter().find(|(name, _)| name.ends_with("installation-key")).unwrap().1
}

/// The id of the key that wraps each item of a connection.
fn ids_of_items(world: &World) -> Vec<Vec<u8>> {
    let items = world.keychain.items();
    let of_connections = items.into_iter().filter(|(name, _)| name.contains("/c-"));
    of_connections.map(|(_, bytes)| bytes[1..9].to_vec()).collect()
}

fn with_grace(world: &World) {
    let rotation = Rotation::Rotate { grace_seconds: 60, reuse_detection: true };
    world.settings(|settings| settings.rotation = rotation);
}

/// Ada and Ben, both settled, at a provider with grace: no kill of a refresh costs a sign-in by itself.
fn two_connected() -> World {
    let world = World::connected();
    with_grace(&world);
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("two settled", |overview| {
        let settled = |it: &ConnectionView| it.resting == RestingPlace::Keychain;
        overview.connections.len() == 2 && overview.connections.iter().all(settled)
    });
    world
}

fn rotate(world: &World) -> Result<(), latchkey_protocol::Problem> {
    world.run(world.engine().rotate_key())
}

/// Lets the clock run until one key is left and every item is under it: one that was renewed at that moment
/// still has its older item until the newer set has settled.
fn until_one_key_other_than(world: &World, before: &[u8]) {
    // A rotation that could not begin is due again in thirty days; what falls due after that has its time.
    world.clock.advance(30 * DAY);
    world.advance_until("one new key, and every item under it", 2 * MINUTE, |_| {
        let ring = ring(world);
        let alone = ring.len() == KEY && ring != before;
        alone && ids_of_items(world).iter().all(|id| id[..] == ring[..8])
    });
}

fn assert_all_healthy(world: &World) {
    for connection in world.overview().connections {
        let checked = world.run(world.engine().check(connection.id)).unwrap();
        assert_eq!(checked.health.severity, Severity::Healthy, "{checked:?}");
    }
}

#[test]
fn after_thirty_days_a_new_key_is_in_use_and_the_old_one_opens_nothing() {
    let mut world = two_connected();
    let before = ring(&world);
    world.clock.advance(29 * DAY);
    world.until_asleep_for(41_000);
    assert_eq!(ring(&world), before);
    world.clock.advance(DAY + 11 * MINUTE);
    until_one_key_other_than(&world, &before);
    world.restart();
    assert_all_healthy(&world);
}

#[test]
fn on_demand_the_key_is_replaced_at_once_and_once_at_a_time() {
    let world = two_connected();
    let before = ring(&world);
    rotate(&world).unwrap();
    assert_eq!(ring(&world)[KEY..], before[..], "both keys are kept while both may be needed");
    assert_eq!(rotate(&world).unwrap_err().code, ProblemCode::Temporary);
    until_one_key_other_than(&world, &before);
    assert_all_healthy(&world);
}

#[test]
fn killed_after_each_call_of_the_keychain_no_sign_in_is_lost() {
    for calls in 0..14 {
        let mut world = two_connected();
        let before = ring(&world);
        world.keychain.set_mood(Mood::FailingAfter(calls, KeychainError::Locked));
        let begun = rotate(&world);
        let stopped = || !matches!(world.keychain.mood(), Mood::FailingAfter(1.., _));
        let done = || begun.is_ok() && ids_of_items(&world).iter().all(|id| id[..] == ring(&world)[..8]);
        world.until("stopped or done", |_| stopped() || done());
        world.kill();
        world.keychain.set_mood(Mood::Open);
        world.start();
        assert_all_healthy(&world);
        until_one_key_other_than(&world, &before[..]);
        world.restart();
        assert_all_healthy(&world);
    }
}

#[test]
fn killed_at_any_moment_of_a_rotation_under_a_passphrase_no_sign_in_is_lost() {
    let mut world = World::new();
    with_grace(&world);
    world.run(world.engine().protect_with_passphrase(Passphrase::from(WORDS))).unwrap();
    world.sign_in();
    for round in 0..6 {
        world.clock.advance(11 * MINUTE);
        // Refused while the one before is not finished, which is fine.
        let _ = rotate(&world);
        if round % 2 == 0 {
            world.until("a look", |_| world.count("SELECT count(*) FROM token_sets") == 1);
        }
        world.restart();
        world.run(world.engine().unlock(Passphrase::from(WORDS))).unwrap();
        assert_all_healthy(&world);
    }
}

#[test]
fn a_sign_in_that_waits_for_the_browser_is_found_under_the_new_key() {
    let mut world = two_connected();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ada".into() });
    let (_, url) = world.begin();
    let before = ring(&world);
    rotate(&world).unwrap();
    let wrapped = || {
        let database = rusqlite::Connection::open(world.database()).unwrap();
        let read = |row: &rusqlite::Row<'_>| row.get::<_, Vec<u8>>(0);
        database.query_row("SELECT envelope FROM sign_ins", [], read).unwrap()[1..9].to_vec()
    };
    world.until("rewrapped", |_| wrapped()[..] == ring(&world)[..8]);
    assert_ne!(ring(&world)[..8], before[..8]);
    world.restart();
    world.link(&world.browser(&url));
    world.until("finished", |overview| overview.providers.iter().all(|it| it.sign_in.is_none()));
    assert_all_healthy(&world);
}

#[test]
fn behind_a_locked_keychain_the_key_is_not_replaced_and_both_keys_stay() {
    let world = two_connected();
    let before = ring(&world);
    world.keychain.set_mood(Mood::Failing(KeychainError::Locked));
    assert_eq!(rotate(&world).unwrap_err().code, ProblemCode::KeychainUnavailable);
    assert_eq!(ring(&world), before);
    world.keychain.set_mood(Mood::Open);
    assert_all_healthy(&world);
}
