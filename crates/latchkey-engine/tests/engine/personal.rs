//! What a person says of a connection: what it is called, and in which browser it signs in.

use std::fs;

use crate::support::{MINUTE, World};
use latchkey_engine::{Callback, Passphrase};
use latchkey_protocol::{
    BrowserId, ConnectionId, ConnectionView, GrantState, ImportEnd, Keep, Problem, ProblemCode, Redirect,
    Severity, SignInEnding, SignInStage,
};
use latchkey_sandbox::{Consent, Endpoint, Fault, Moment, Release};

fn rename(world: &World, id: &ConnectionId, alias: &str) -> Result<ConnectionView, Problem> {
    world.run(world.engine().rename(id.clone(), alias))
}

fn alias(world: &World, id: &ConnectionId) -> Option<String> {
    let connections = world.overview().connections;
    connections.into_iter().find(|connection| &connection.id == id)?.alias
}

fn consent_as(world: &World, account: &str) {
    world.settings(|settings| settings.consent = Consent::Agree { account: account.into() });
}

/// Ada's connection and Ben's, kept as said.
fn two(keep: Keep) -> (World, ConnectionId, ConnectionId) {
    let world = World::connected();
    let ada = world.connection().id;
    consent_as(&world, "ben");
    let (_, url) = world.begin_with(keep, None).unwrap();
    assert_eq!(world.link(&world.browser(&url)), Callback::Taken);
    world.until("two", |overview| overview.connections.len() == 2);
    world.until_settled();
    let ben = world.overview().connections.into_iter().find(|connection| connection.id != ada).unwrap().id;
    (world, ada, ben)
}

/// An engine that knows Ada's connection as "work", with a browser of its own.
fn named() -> (World, ConnectionId) {
    let world = World::connected();
    let id = world.connection().id;
    rename(&world, &id, "work").unwrap();
    world.run(world.engine().choose_browser(id.clone(), Some(browser()))).unwrap();
    (world, id)
}

fn browser() -> BrowserId {
    BrowserId::try_from("work.desktop".to_owned()).unwrap()
}

#[test]
fn an_alias_is_cleaned_shown_told_and_taken_away_again() {
    let mut world = World::connected();
    let id = world.connection().id;
    let (_, mut events) = world.engine().watch();
    let view = rename(&world, &id, "  wo\u{202e}rk \n").unwrap();
    assert_eq!(view.alias.as_deref(), Some("work"));
    let told = world.run(events.recv()).unwrap();
    assert!(format!("{told:?}").contains(r#"alias: Some("work")"#), "every window is told: {told:?}");
    world.restart();
    assert_eq!(alias(&world, &id).as_deref(), Some("work"));
    assert_eq!(rename(&world, &id, " \u{200f} ").unwrap().alias, None);
    world.restart();
    assert_eq!(alias(&world, &id), None);
}

#[test]
fn an_alias_of_forty_characters_fits_and_a_longer_one_changes_nothing() {
    let (world, id) = named();
    let problem = rename(&world, &id, &"é".repeat(41)).unwrap_err();
    assert_eq!(problem.code, ProblemCode::InvalidInput);
    assert!(problem.message.contains("at most 40 characters"), "{problem}");
    assert_eq!(alias(&world, &id).as_deref(), Some("work"));
    assert!(rename(&world, &id, &"é".repeat(40)).is_ok());
}

#[test]
fn two_connections_of_a_provider_have_two_aliases_however_they_are_kept() {
    for keep in [Keep::Keychain, Keep::Memory] {
        let (world, ada, ben) = two(keep);
        rename(&world, &ada, "Büro").unwrap();
        let problem = rename(&world, &ben, "bÜRO ").unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidInput);
        assert!(problem.message.contains("Ada Lovelace"), "it says who has it: {problem}");
        assert_eq!(alias(&world, &ben), None);
        rename(&world, &ada, "BÜRO").unwrap();
        rename(&world, &ada, "").unwrap();
        rename(&world, &ben, "büro").unwrap();
    }
}

#[test]
fn a_rename_during_a_refresh_takes_nothing_from_it_and_loses_nothing() {
    let (mut world, id) = named();
    world.hold(Endpoint::Refresh, Moment::After);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    assert_eq!(rename(&world, &id, "office").unwrap().alias.as_deref(), Some("office"));
    world.sandbox.release(held.sequence, Release::Continue);
    world.until_idle();
    world.until_settled();
    assert_eq!(world.refreshes().len(), 1, "the refresh was not superseded");
    assert_eq!(alias(&world, &id).as_deref(), Some("office"), "nor did it bring the older alias back");
    world.restart();
    assert_eq!(alias(&world, &id).as_deref(), Some("office"));
    let newest = world.sandbox.grants()[0].active_refresh_token().unwrap().to_owned();
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 2);
    world.until_idle();
    assert_eq!(world.refreshes()[1], newest);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn what_was_said_survives_a_reconnect_and_one_with_another_account() {
    let (mut world, id) = named();
    consent_as(&world, "ben");
    let (_, url) = world.reconnect(&id);
    world.link(&world.browser(&url));
    world.until("ended", |overview| {
        let stage = overview.connections[0].sign_in.as_ref().map(|sign_in| sign_in.stage.clone());
        matches!(stage, Some(SignInStage::Ended { ending: SignInEnding::DifferentAccount { .. } }))
    });
    assert_eq!(alias(&world, &id).as_deref(), Some("work"));
    consent_as(&world, "ada");
    let (sign_in, url) = world.reconnect(&id);
    assert_eq!(world.engine().browser_of(&sign_in.id), Some(browser()));
    world.link(&world.browser(&url));
    world.until("healthy", |overview| overview.connections[0].sign_in.is_none());
    world.until_settled();
    world.restart();
    let connection = world.connection();
    assert_eq!((connection.alias.as_deref(), connection.browser), (Some("work"), Some(browser())));
}

#[test]
fn what_was_said_moves_along_when_the_account_is_kept_in_another_way() {
    let (mut world, _) = named();
    let (_, url) = world.begin_with(Keep::Memory, None).unwrap();
    world.link(&world.browser(&url));
    world.until("in memory", |overview| overview.connections[0].id.as_str().starts_with("m-"));
    let connection = world.connection();
    assert_eq!((connection.alias.as_deref(), connection.browser), (Some("work"), Some(browser())));
    let (_, url) = world.begin_with(Keep::Keychain, None).unwrap();
    world.link(&world.browser(&url));
    world.until("kept", |overview| overview.connections[0].id.as_str().starts_with("c-"));
    world.until_settled();
    world.restart();
    let connection = world.connection();
    assert_eq!((connection.alias.as_deref(), connection.browser), (Some("work"), Some(browser())));
}

#[test]
fn a_disconnect_ends_what_was_said_also_for_a_sign_in_that_comes_meanwhile() {
    let (world, id) = named();
    world.hold(Endpoint::Revoke, Moment::Before);
    world.run(world.engine().disconnect(id.clone())).unwrap();
    let held = world.held(Endpoint::Revoke);
    assert_eq!(rename(&world, &id, "again").unwrap_err().code, ProblemCode::NotFound);
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("anew", |overview| overview.connections[0].health.grant == GrantState::Connected);
    world.sandbox.release(held.sequence, Release::Continue);
    let connection = world.connection();
    assert_eq!((connection.alias, connection.browser), (None, None));
    assert_eq!(world.count("SELECT count(*) FROM choices"), 0);
}

#[test]
fn a_rename_that_is_not_saved_is_not_shown() {
    let (world, id) = named();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database
        .execute_batch("CREATE TRIGGER full BEFORE UPDATE ON choices BEGIN SELECT RAISE(FAIL, 'full'); END")
        .unwrap();
    let problem = rename(&world, &id, "office").unwrap_err();
    assert_eq!(problem.code, ProblemCode::Storage);
    assert_eq!(alias(&world, &id).as_deref(), Some("work"));
}

#[test]
fn a_rename_and_a_disconnect_of_another_process_do_not_undo_each_other() {
    let (world, id) = named();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let leaving = r#"UPDATE connections SET standing = '{"Disconnecting":{"since":0}}', epoch = epoch + 1"#;
    database.execute(leaving, []).unwrap();
    assert_eq!(rename(&world, &id, "office").unwrap_err().code, ProblemCode::NotFound);
    assert_eq!(world.count("SELECT count(*) FROM choices WHERE alias = 'office'"), 0);
}

#[test]
fn an_alias_travels_in_a_backup_and_gives_way_where_it_is_taken() {
    let (mut world, _) = named();
    let words = || Passphrase::from("planted horse battery");
    let (bytes, exported) = world.run(world.engine().export(words())).unwrap();
    assert_eq!(exported[0].account_name, "work (Ada Lovelace)");
    for taken in [false, true] {
        world.kill();
        fs::remove_dir_all(world.folder.path().join("data")).unwrap();
        world.keychain = latchkey_engine::MemoryKeychain::default();
        world.start();
        if taken {
            consent_as(&world, "ben");
            let ben = world.sign_in();
            rename(&world, &ben.id, "WORK").unwrap();
        }
        let imported = world.run(world.engine().import(bytes.clone(), words())).unwrap();
        assert_eq!(imported[0].end, ImportEnd::Added);
        let connections = world.overview().connections;
        let ada = connections.iter().find(|one| one.account.name == "Ada Lovelace").unwrap();
        assert_eq!(ada.alias.as_deref(), if taken { None } else { Some("work") });
        assert_eq!(ada.browser, None, "another computer has other browsers");
    }
}

#[test]
fn notices_and_problems_say_the_alias_too() {
    let (world, id) = named();
    world.sandbox.set_fault(Endpoint::Userinfo, Fault::status(503), 1);
    let problem = world.run(world.engine().check(id)).unwrap_err();
    assert!(problem.message.contains("work (Ada Lovelace)"), "{problem}");
    world.sandbox.set_fault(Endpoint::Refresh, Fault::oauth_error("invalid_grant"), 1);
    world.clock.advance(55 * MINUTE);
    world.until_attention();
    let due = world.run(world.engine().notices_due()).unwrap().show.unwrap();
    assert_eq!(due.title, "Latchkey Sandbox · work (Ada Lovelace): sign in again");
}

#[test]
fn a_browser_that_was_gone_is_said_on_the_card_of_its_sign_in() {
    let (world, id) = named();
    let (sign_in, _) = world.reconnect(&id);
    let missing = || world.connection().sign_in.unwrap().browser_missing;
    assert!(!missing());
    world.engine().browser_opened(&sign_in.id, true);
    assert!(missing());
    world.engine().browser_opened(&sign_in.id, false);
    assert!(!missing());
    let (new, _) = world.begin_with(Keep::Keychain, Some(Redirect::Loopback)).unwrap();
    assert_eq!(world.engine().browser_of(&new.id), None, "a first sign-in opens in the standard one");
}
