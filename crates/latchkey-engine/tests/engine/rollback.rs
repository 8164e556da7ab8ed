//! An older copy of the database, put back: no refresh token is sent twice.

use std::fs;

use crate::support::{MINUTE, World};
use latchkey_engine::Mood;
use latchkey_protocol::{Activity, AttentionReason, GrantState, HistoryKind, Severity};
use latchkey_sandbox::Endpoint;

/// Stops Latchkey and keeps a copy of its database, as a backup would.
fn backed_up(world: &mut World) -> Vec<u8> {
    world.kill();
    let copy = fs::read(world.database()).unwrap();
    world.start();
    copy
}

/// Stops Latchkey and puts the copy back.
fn put_back(world: &mut World, copy: &[u8]) {
    world.kill();
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", world.database().display()));
    }
    fs::write(world.database(), copy).unwrap();
}

fn renew(world: &World, count: usize) {
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, count);
    world.until_idle();
}

/// Returns once the keychain knows that so many sets were saved.
fn until_noted(world: &World, count: &str) {
    world.until("the count is in the keychain", |_| {
        let items = world.keychain.items();
        items.iter().any(|(name, bytes)| name.ends_with("/saved-sets") && bytes == count.as_bytes())
    });
}

fn assert_no_token_was_sent_twice(world: &World) {
    let mut sent = world.refreshes();
    let all = sent.len();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), all, "a spent refresh token was sent again");
}

#[test]
fn t23_a_rolled_back_database_adopts_the_newer_sign_in_of_the_keychain() {
    let mut world = World::connected();
    let copy = backed_up(&mut world);
    for count in 1..=3 {
        renew(&world, count);
        world.until_settled();
        until_noted(&world, &(count + 1).to_string());
    }
    put_back(&mut world, &copy);
    // As if the copy had been made while a refresh was under way.
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let intent = "INSERT INTO intents SELECT id, epoch, generation, 1, 0 FROM connections";
    database.execute(intent, []).unwrap();
    drop(database);
    world.start();
    world.until("told", |overview| !overview.notices.is_empty());
    let notice = world.overview().notices.remove(0);
    assert!(notice.message.contains("An older copy of the database was put back."), "{notice:?}");
    assert!(notice.message.contains("one connection was found in the keychain"), "{notice:?}");
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    renew(&world, 4);
    assert_no_token_was_sent_twice(&world);
    let history = world.run(world.engine().history(world.connection().id)).unwrap();
    assert!(history.iter().any(|entry| entry.kind == HistoryKind::Recovered), "{history:?}");
    world.restart();
    assert_eq!(world.overview().notices, []);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn t23_the_first_call_after_a_rollback_gets_the_newer_token() {
    let mut world = World::connected();
    let copy = backed_up(&mut world);
    renew(&world, 1);
    world.until_settled();
    until_noted(&world, "2");
    put_back(&mut world, &copy);
    world.start();
    let id = world.connection().id;
    let lent = world.run(world.engine().lend(&id, MINUTE)).unwrap();
    assert_eq!(lent.expires_at, world.connection().renewal.access_expires_at);
    assert_eq!(world.refreshes().len(), 1);
}

#[test]
fn t23_what_the_keychain_cannot_heal_is_not_sent_before_the_person_says_so() {
    let mut world = World::new();
    world.keychain.set_mood(Mood::UpTo(80));
    world.sign_in();
    until_noted(&world, "1");
    let copy = backed_up(&mut world);
    renew(&world, 1);
    until_noted(&world, "2");
    put_back(&mut world, &copy);
    world.clock.advance(55 * MINUTE);
    world.start();
    world.until_attention();
    let GrantState::Attention { reason, .. } = world.grant() else { panic!("{:?}", world.grant()) };
    assert_eq!(reason, AttentionReason::RolledBack);
    assert!(world.overview().notices[0].message.contains("Latchkey Sandbox · Ada"));
    world.clock.advance(600 * MINUTE);
    world.restart();
    world.until_asleep_for(41_000);
    assert_eq!(world.refreshes().len(), 1, "nothing is sent by itself");
    let _ = world.check();
    assert_eq!(world.refreshes().len(), 2, "the person asked");
}

#[test]
fn t23_a_refresh_that_waits_while_another_call_compares_sends_nothing_either() {
    let mut world = World::new();
    world.keychain.set_mood(Mood::UpTo(80));
    world.sign_in();
    until_noted(&world, "1");
    let copy = backed_up(&mut world);
    renew(&world, 1);
    until_noted(&world, "2");
    put_back(&mut world, &copy);
    world.keychain.set_mood(Mood::Silent);
    let before = world.keychain.calls();
    world.start();
    world.until("somebody compares", |_| world.keychain.calls() > before);
    world
        .until("a refresh waits", |overview| overview.connections[0].health.activity == Activity::Refreshing);
    world.keychain.set_mood(Mood::UpTo(80));
    world.until_attention();
    let GrantState::Attention { reason, .. } = world.grant() else { panic!("{:?}", world.grant()) };
    assert_eq!((reason, world.refreshes().len()), (AttentionReason::RolledBack, 1));
}

#[test]
fn t23_a_row_of_an_older_copy_does_not_take_the_place_of_a_newer_item() {
    let mut world = World::new();
    world.keychain.set_mood(Mood::UpTo(80));
    world.sign_in();
    until_noted(&world, "1");
    let copy = backed_up(&mut world);
    world.keychain.set_mood(Mood::Open);
    renew(&world, 1);
    world.until_settled();
    until_noted(&world, "2");
    put_back(&mut world, &copy);
    world.start();
    world.until("told", |overview| !overview.notices.is_empty());
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    renew(&world, 2);
    assert_no_token_was_sent_twice(&world);
}

#[test]
fn a_sign_in_that_is_newer_than_the_copy_is_not_taken_for_rolled_back() {
    let mut world = World::connected();
    let copy = backed_up(&mut world);
    renew(&world, 1);
    world.until_settled();
    until_noted(&world, "2");
    put_back(&mut world, &copy);
    world.start();
    let id = world.connection().id;
    let (_, url) = world.reconnect(&id);
    world.link(&world.browser(&url));
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    renew(&world, 2);
    assert_no_token_was_sent_twice(&world);
}
