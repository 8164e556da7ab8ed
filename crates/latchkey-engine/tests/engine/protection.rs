//! A passphrase or a key file in the place of the keychain.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{MINUTE, World};
use latchkey_engine::{Callback, KeychainError, Mood, Passphrase};
use latchkey_protocol::{
    Activity, GrantState, Keep, Problem, ProblemCode, Protection, RestingPlace, Revocation, Severity,
    VaultState,
};
use latchkey_sandbox::Endpoint;

const WORDS: &str = "planted horse battery";

fn no_keychain() -> Mood {
    Mood::Failing(KeychainError::Absent("no service".into()))
}

/// A computer without any keychain.
fn without_keychain() -> World {
    let world = World::new();
    world.keychain.set_mood(no_keychain());
    world
}

fn protect(world: &World, words: &str) -> Result<(), Problem> {
    world.run(world.engine().protect_with_passphrase(Passphrase::from(words)))
}

fn unlock(world: &World, words: &str) -> Result<(), Problem> {
    world.run(world.engine().unlock(Passphrase::from(words)))
}

fn key_file(world: &World) -> PathBuf {
    world.folder.path().join("installation.key")
}

fn use_key_file(world: &World, path: &Path, create: bool) -> Result<(), Problem> {
    world.run(world.engine().use_key_file(path.to_owned(), create))
}

fn signed_in_under_a_passphrase() -> World {
    let world = without_keychain();
    protect(&world, WORDS).unwrap();
    world.sign_in();
    world
}

fn assert_healthy(world: &World) {
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn without_a_keychain_a_passphrase_keeps_sign_ins_across_restarts() {
    let mut world = signed_in_under_a_passphrase();
    assert_eq!(world.overview().protection, Protection::Passphrase);
    assert_eq!(world.overview().vault, VaultState::Open);
    assert_eq!(world.connection().resting, RestingPlace::Sealed);
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    world.restart();
    assert_eq!(world.overview().vault, VaultState::PassphraseNeeded);
    let problem = world.begin_with(Keep::Keychain, None).unwrap_err();
    assert_eq!(problem.code, ProblemCode::PassphraseNeeded, "{problem}");
    world.clock.advance(55 * MINUTE);
    world.until("locked", |overview| overview.connections[0].health.activity == Activity::Locked);
    assert_eq!(world.refreshes().len(), 1, "nothing is spent before the passphrase is entered");
    assert_eq!(world.grant(), GrantState::Connected);
    unlock(&world, WORDS).unwrap();
    assert_eq!(world.overview().vault, VaultState::Open);
    world.requests(Endpoint::Refresh, 2);
    world.until_idle();
    assert_healthy(&world);
    assert!(world.keychain.items().is_empty());
}

#[test]
fn a_link_finds_its_sign_in_after_the_passphrase_was_entered() {
    let mut world = without_keychain();
    protect(&world, WORDS).unwrap();
    let (_, url) = world.begin();
    world.restart();
    unlock(&world, WORDS).unwrap();
    world.link(&world.browser(&url));
    world.until("connected", |overview| overview.connections.len() == 1);
}

#[test]
fn a_link_that_comes_before_the_passphrase_waits_for_it() {
    let mut world = without_keychain();
    protect(&world, WORDS).unwrap();
    let (_, url) = world.begin();
    let link = world.browser(&url);
    world.restart();
    assert_eq!(world.link(&link), Callback::Taken, "the window comes up and asks for the passphrase");
    for flood in ["code=x&state=y", "code=x&state=z"] {
        world.link(&format!("dev.latchkey.app:/oauth/sandbox?{flood}"));
    }
    unlock(&world, WORDS).unwrap();
    world.until("connected", |overview| overview.connections.len() == 1);
    assert!(world.sandbox.refusals().is_empty());
}

#[test]
fn a_wrong_passphrase_is_told_and_makes_the_next_try_wait() {
    let mut world = signed_in_under_a_passphrase();
    world.restart();
    for wait in [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
        let problem = unlock(&world, "planted horse buttery").unwrap_err();
        assert_eq!((problem.code, problem.retry_after_ms), (ProblemCode::InvalidInput, Some(wait)));
        assert!(problem.message.contains("not the passphrase"), "{problem}");
        world.clock.advance(i64::try_from(wait).unwrap() - 1);
        let problem = unlock(&world, WORDS).unwrap_err();
        assert_eq!((problem.code, problem.retry_after_ms), (ProblemCode::Temporary, Some(1)), "{problem}");
        world.clock.advance(1);
    }
    assert_eq!(world.overview().vault, VaultState::PassphraseNeeded);
    unlock(&world, WORDS).unwrap();
    assert_healthy(&world);
}

#[test]
fn a_passphrase_is_changed_by_who_knows_the_old_one() {
    let mut world = signed_in_under_a_passphrase();
    let change = |world: &World, old: &str, new: &str| {
        world.run(world.engine().change_passphrase(Passphrase::from(old), Passphrase::from(new)))
    };
    assert_eq!(change(&world, WORDS, "short").unwrap_err().code, ProblemCode::InvalidInput);
    assert_eq!(change(&world, "not the words", "another battery").unwrap_err().retry_after_ms, Some(500));
    world.clock.advance(500);
    change(&world, WORDS, "another battery").unwrap();
    assert_healthy(&world);
    world.restart();
    assert!(unlock(&world, WORDS).unwrap_err().message.contains("not the passphrase"));
    world.clock.advance(500);
    unlock(&world, "another battery").unwrap();
    assert_healthy(&world);
}

#[test]
fn nothing_is_protected_by_a_short_passphrase_or_twice() {
    let world = without_keychain();
    assert_eq!(protect(&world, "seven77").unwrap_err().code, ProblemCode::InvalidInput);
    assert_eq!(world.overview().protection, Protection::Keychain);
    protect(&world, WORDS).unwrap();
    let again = protect(&world, "another battery").unwrap_err();
    assert_eq!(again.to_string(), "There is a passphrase already. Change it instead.");
}

#[test]
fn a_passphrase_empties_the_keychain_and_the_way_back_fills_it_again() {
    let mut world = World::connected();
    let before = world.keychain.items();
    protect(&world, WORDS).unwrap();
    world.until("home", |overview| overview.connections[0].resting == RestingPlace::Sealed);
    world.until("the keychain is empty", |_| world.keychain.items().is_empty());
    // A copy of the keychain that is put back does not get in the way.
    world.keychain.set_items(before);
    world.restart();
    assert_eq!(world.overview().vault, VaultState::PassphraseNeeded);
    unlock(&world, WORDS).unwrap();
    assert_healthy(&world);
    world.run(world.engine().use_keychain()).unwrap();
    assert_eq!(world.overview().protection, Protection::Keychain);
    world.until_settled();
    world.restart();
    assert_healthy(&world);
}

#[test]
fn behind_a_closed_keychain_the_key_does_not_move_and_nothing_is_lost() {
    let mut world = World::connected();
    world.kill();
    world.keychain.set_mood(Mood::Failing(KeychainError::Locked));
    world.start();
    let problem = protect(&world, WORDS).unwrap_err();
    assert!(problem.message.contains("locked"), "{problem}");
    assert_eq!(world.overview().protection, Protection::Keychain);
    world.keychain.set_mood(Mood::Open);
    assert_healthy(&world);
    protect(&world, WORDS).unwrap();
    world.until("home", |overview| overview.connections[0].resting == RestingPlace::Sealed);
}

#[test]
fn killed_while_sign_ins_leave_the_keychain_they_go_on_leaving_it_later() {
    let mut world = World::connected();
    let items = world.keychain.items();
    protect(&world, WORDS).unwrap();
    world.kill();
    // As if nothing had been moved yet: the item is there and the row is not.
    world.keychain.set_items(items);
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.execute("UPDATE connections SET resting = '\"keychain\"'", []).unwrap();
    database.execute("DELETE FROM token_sets", []).unwrap();
    drop(database);
    world.start();
    unlock(&world, WORDS).unwrap();
    world.until("home", |overview| overview.connections[0].resting == RestingPlace::Sealed);
    assert_healthy(&world);
}

#[test]
fn a_key_file_keeps_sign_ins_and_is_for_its_owner_only() {
    let mut world = without_keychain();
    let path = key_file(&world);
    use_key_file(&world, &path, true).unwrap();
    world.sign_in();
    let protection = Protection::KeyFile { path: path.display().to_string() };
    assert_eq!(world.overview().protection, protection);
    world.restart();
    assert_eq!((world.overview().protection, world.overview().vault), (protection, VaultState::Open));
    assert_healthy(&world);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        world.kill();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        world.start();
        world.until("refused", |overview| overview.vault == VaultState::KeyFileUnusable);
        let problem = world.check().unwrap_err();
        assert!(problem.message.contains("can be read by others"), "{problem}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_healthy(&world);
    }
    assert!(world.keychain.items().is_empty());
}

#[test]
fn a_key_file_that_is_gone_or_damaged_is_told_and_heals_when_it_is_back() {
    let mut world = without_keychain();
    let path = key_file(&world);
    use_key_file(&world, &path, true).unwrap();
    world.sign_in();
    let text = fs::read(&path).unwrap();
    let mut flipped = text.clone();
    flipped[80] ^= 1;
    for content in [None, Some(&flipped), Some(&Vec::new())] {
        world.kill();
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        world.start();
        world.until("told", |overview| overview.vault == VaultState::KeyFileUnusable);
        let problem = world.check().unwrap_err();
        assert!(problem.message.contains(&*path.to_string_lossy()), "{problem}");
        assert_eq!(world.grant(), GrantState::Connected, "a missing key is no lost sign-in");
        let moved = world.folder.path().join("moved.key");
        fs::write(&moved, &text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&moved, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::rename(&moved, &path).unwrap();
        assert_healthy(&world);
    }
}

#[test]
fn a_key_file_that_was_moved_is_found_where_the_person_says() {
    let mut world = without_keychain();
    let (path, other) = (key_file(&world), without_keychain());
    use_key_file(&world, &path, true).unwrap();
    use_key_file(&other, &key_file(&other), true).unwrap();
    world.sign_in();
    world.kill();
    let moved = world.folder.path().join("moved.key");
    fs::rename(&path, &moved).unwrap();
    world.start();
    let problem = use_key_file(&world, &key_file(&other), false).unwrap_err();
    assert!(problem.message.contains("is not there"), "another key opens nothing here: {problem}");
    use_key_file(&world, &moved, false).unwrap();
    assert_healthy(&world);
    world.restart();
    assert_healthy(&world);
}

#[test]
fn a_key_file_of_the_persons_own_takes_over() {
    let other = without_keychain();
    use_key_file(&other, &key_file(&other), true).unwrap();
    let mut world = World::connected();
    use_key_file(&world, &key_file(&other), false).unwrap();
    world.until("home", |overview| overview.connections[0].resting == RestingPlace::Sealed);
    world.restart();
    assert_healthy(&world);
}

#[test]
fn a_key_file_is_neither_overwritten_nor_put_beside_what_it_opens() {
    let world = without_keychain();
    let inside = world.folder.path().join("data/installation.key");
    let taken = world.folder.path().join("taken");
    fs::write(&taken, "something of the person's own").unwrap();
    for (path, create) in [
        (inside, true),
        (PathBuf::from("relative.key"), true),
        (taken.clone(), true),
        (taken.clone(), false),
        (key_file(&world), false),
    ] {
        use_key_file(&world, &path, create).unwrap_err();
        assert_eq!(world.overview().protection, Protection::Keychain);
    }
    assert_eq!(fs::read_to_string(&taken).unwrap(), "something of the person's own");
}

#[test]
fn disconnecting_under_a_passphrase_asks_nothing_of_the_keychain() {
    let world = signed_in_under_a_passphrase();
    let id = world.connection().id;
    assert_eq!(world.disconnect(id), Revocation::Confirmed);
    assert_eq!(world.overview().vault, VaultState::Open);
    assert_eq!(world.count("SELECT count(*) FROM token_sets"), 0);
}

#[test]
fn a_sealed_key_with_any_bit_flipped_is_called_damaged_and_kept() {
    let mut world = signed_in_under_a_passphrase();
    world.kill();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let place: String = database
        .query_row("SELECT value FROM settings WHERE key = 'key-place'", [], |row| row.get(0))
        .unwrap();
    let at = place.find("sealed\":\"").unwrap() + 40;
    let mut flipped = place.clone().into_bytes();
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    let write = |value: &str| {
        database.execute("UPDATE settings SET value = ?1 WHERE key = 'key-place'", [value]).unwrap();
    };
    write(std::str::from_utf8(&flipped).unwrap());
    world.start();
    let problem = unlock(&world, WORDS).unwrap_err();
    assert!(problem.message.contains("damaged"), "{problem}");
    world.kill();
    write("{\"kind\":\"nonsense\"}");
    let refused = world.try_start().unwrap_err();
    assert!(refused.to_string().contains("settings.key-place"), "{refused}");
    write(&place);
    world.start();
    unlock(&world, WORDS).unwrap();
    assert_healthy(&world);
}
