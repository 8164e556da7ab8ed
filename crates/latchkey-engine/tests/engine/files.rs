//! Files that somebody broke: each is named, with what to do, kept as it is, and the rest works.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;

use crate::support::{MINUTE, World, sandbox};
use latchkey_engine::{KeychainError, Mood, StartError, StoreError, Unfit};
use latchkey_protocol::{
    AttentionReason, ConfigurationFault, GrantState, Keep, Notice, NoticeKind, ProviderId, Severity,
};
use latchkey_sandbox::{Client, Consent, Endpoint};

const SANDBOX: &str = include_str!("../../../../providers/sandbox.toml");
const SPOTIFY: &str = include_str!("../../../../providers/spotify.toml");

/// A world started with a file of the person's own.
fn with_file(name: &str, text: &str) -> World {
    let mut world = World::before_the_start();
    world.write_provider(name, text);
    world.start();
    world
}

fn the_notice(world: &World) -> Notice {
    let notices = world.overview().notices;
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(!notice.remedy.is_empty());
    notice.clone()
}

#[test]
fn a_provider_file_with_a_mistake_is_named_with_its_line_and_everything_else_works() {
    let line_of = |needle: &str| SPOTIFY.lines().position(|line| line.contains(needle)).unwrap() + 1;
    let plain_http =
        SPOTIFY.replace("\"https://accounts.spotify.com/api", "\"http://accounts.spotify.com/api");
    for (text, line, words) in [
        (SPOTIFY.replace("summary =", "sumary ="), line_of("summary ="), "sumary"),
        (plain_http, line_of("/api/token"), "a sign-in would travel unprotected"),
        (
            SPOTIFY.replace("id = \"spotify\"", "id = \"../spotify\""),
            line_of("id = \"spotify\""),
            "redirect URI",
        ),
        ("id = \"mine".to_owned(), 1, ""),
    ] {
        let world = with_file("mine.toml", &text);
        let notice = the_notice(&world);
        assert_eq!(notice.kind, NoticeKind::ProviderFile);
        let named = format!("config/providers/mine.toml, line {line}: ");
        assert!(notice.message.contains(&named) && notice.message.contains(words), "{notice:?}");
        assert_eq!(fs::read_to_string(world.folder.path().join("config/providers/mine.toml")).unwrap(), text);
        world.sign_in();
    }
}

#[test]
fn a_provider_file_that_is_no_text_is_named() {
    let mut world = World::before_the_start();
    let path = world.write_provider("mine.toml", "");
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    world.start();
    let notice = the_notice(&world);
    assert!(notice.message.contains("mine.toml: the file cannot be read"), "{notice:?}");
    world.sign_in();
}

#[test]
fn an_endpoint_without_protection_is_refused_wherever_it_leads() {
    for host in
        ["http://example.com", "http://localhost:1", "http://127.0.0.1.example.com", "ftp://127.0.0.1"]
    {
        let text = SANDBOX.replace("url = \"{sandbox}/token", &format!("url = \"{host}/token"));
        let world = with_file("mine.toml", &text);
        assert!(the_notice(&world).message.contains("unprotected"), "{host}");
        assert_eq!(world.provider().name, "Latchkey Sandbox", "the built-in file stands");
        world.sign_in();
    }
}

#[test]
fn a_file_of_the_persons_own_wins_over_a_built_in_one() {
    let text =
        SANDBOX.replace("Latchkey Sandbox", "My Sandbox").replace("scopes = [", "scopes = [\"email\", ");
    let world = with_file("mine.toml", &text);
    assert_eq!(world.provider().name, "My Sandbox");
    let of_this_id = world.overview().providers.into_iter().filter(|provider| provider.id == sandbox());
    assert_eq!(of_this_id.count(), 1);
    assert_eq!(world.overview().notices, []);
    assert_eq!(world.sign_in().grant.granted, ["email", "profile", "library.read"]);
}

#[test]
fn a_connection_whose_provider_file_is_gone_is_kept_and_says_so() {
    let text = SANDBOX.replace("\"sandbox\"", "\"other\"");
    let mut world = with_file("mine.toml", &text);
    let redirect_uris = vec!["dev.latchkey.app:/oauth/other".to_owned()];
    world.sandbox.add_client(Client { redirect_uris, ..Client::public(Client::DESKTOP) });
    let other = ProviderId::try_from("other").unwrap();
    let begun = world.engine().begin_sign_in(other, BTreeMap::new(), Keep::Keychain, None, None);
    let (_, url) = world.run(begun).unwrap();
    let url = url.unwrap();
    world.link(&world.browser(&url));
    world.until_settled();
    world.kill();
    let path = world.folder.path().join("config/providers/mine.toml");
    fs::remove_file(&path).unwrap();
    world.start();
    world.until("told", |overview| overview.connections[0].health.severity == Severity::Degraded);
    let grant = world.grant();
    let missing = ConfigurationFault::ProviderMissing;
    assert!(matches!(grant, GrantState::Misconfigured { fault, .. } if fault == missing), "{grant:?}");
    assert_eq!(world.connection().provider_name, "Latchkey Sandbox");
    fs::write(&path, text).unwrap();
    world.restart();
    assert_eq!(world.connection().health.severity, Severity::Healthy);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

/// Where in the file the first page of a table or an index is.
type Pages<'p> = &'p dyn Fn(&str) -> Range<usize>;
type Damage = fn(&mut Vec<u8>, Pages<'_>);

/// Starts on a database that `damage` was done to.
fn damaged(mut world: World, damage: Damage) -> World {
    world.kill();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    let page = |name: &str| {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let root: u32 = database.query_row(sql, [name], |row| row.get(0)).unwrap();
        let root = usize::try_from(root).unwrap();
        (root - 1) * 4096..root * 4096
    };
    let mut bytes = fs::read(world.database()).unwrap();
    damage(&mut bytes, &page);
    drop(database);
    fs::write(world.database(), &bytes).unwrap();
    world.start();
    let notice = the_notice(&world);
    assert_eq!(notice.kind, NoticeKind::Database);
    let kept = world.folder.path().join("data/latchkey.db.damaged-1");
    assert!(notice.message.contains(&*kept.to_string_lossy()), "{notice:?}");
    assert!(fs::read(&kept).unwrap() == bytes, "the damaged file is kept as it was");
    world
}

#[test]
fn f47_a_damaged_database_is_set_aside_whole_and_named() {
    let damages: [Damage; 3] = [
        |bytes, _| {
            bytes.iter_mut().zip((0..=250).cycle().step_by(31)).for_each(|(byte, other)| *byte = other);
        },
        |bytes, _| bytes.fill(0),
        |bytes, page| {
            for name in ["connections", "sqlite_autoindex_connections_2"] {
                bytes[page(name)].fill(0xaa);
            }
        },
    ];
    for damage in damages {
        let mut world = damaged(World::connected(), damage);
        assert_eq!(world.overview().connections, []);
        world.sign_in();
        world.until_settled();
        world.restart();
        assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
        assert_eq!(world.overview().notices, []);
    }
}

#[test]
fn f47_what_can_be_read_of_a_damaged_database_goes_on() {
    let damages: [Damage; 3] = [
        |bytes, _| bytes[..100].iter_mut().for_each(|byte| *byte ^= 0x40),
        |bytes, _| bytes[0] ^= 1,
        // The index of the ids, which a table is not read by.
        |bytes, page| bytes[page("sqlite_autoindex_connections_1")].fill(0xaa),
    ];
    for damage in damages {
        let mut world = damaged(World::connected(), damage);
        let notice = the_notice(&world);
        assert!(notice.message.contains("One connection could be read from it"), "{notice:?}");
        assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
        world.clock.advance(55 * MINUTE);
        world.requests(Endpoint::Refresh, 1);
        world.until_idle();
        world.restart();
        assert_eq!(world.overview().notices, []);
        assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    }
}

#[test]
fn f47_connections_that_are_lost_with_a_damaged_page_are_named() {
    let world = damaged(World::connected(), |bytes, page| bytes[page("connections")].fill(0xaa));
    let notice = the_notice(&world);
    assert!(
        notice.message.contains("No connection could be read from it; lost: sandbox · ada."),
        "{notice:?}"
    );
    assert_eq!(world.overview().connections, []);
}

#[test]
fn f47_an_empty_database_where_there_was_one_is_never_taken_for_a_new_one() {
    for remove in [false, true] {
        let mut world = World::connected();
        world.kill();
        if remove {
            fs::remove_file(world.database()).unwrap();
        } else {
            fs::write(world.database(), b"").unwrap();
        }
        world.start();
        let notice = the_notice(&world);
        assert!(notice.message.contains("empty or gone"), "{notice:?}");
        // The keychain still knows this installation, so the sign-in is found sealed under the same key.
        world.sign_in();
        world.until_settled();
        world.restart();
        assert_eq!(world.overview().notices, []);
        assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    }
}

#[test]
fn f62_a_database_of_a_later_version_is_refused_by_name_and_left_alone() {
    let mut world = World::connected();
    world.kill();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let bytes = fs::read(world.database()).unwrap();
    let refused = world.try_start().unwrap_err();
    assert!(matches!(refused, StartError::Store(StoreError::Newer(_))), "{refused:?}");
    assert!(refused.to_string().contains(&*world.database().to_string_lossy()), "{refused}");
    assert!(fs::read(world.database()).unwrap() == bytes);
}

/// Ada and Ben, with Ben's row changed behind Latchkey's back.
fn with_bens_row(change: &str) -> World {
    let mut world = World::connected();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("two", |overview| overview.connections.len() == 2);
    world.kill();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    database.pragma_update(None, "foreign_keys", "OFF").unwrap();
    database.execute(&format!("UPDATE connections SET {change} WHERE account_key = 'ben'"), []).unwrap();
    drop(database);
    world.start();
    world
}

#[test]
fn a_row_that_no_version_wrote_is_named_and_kept_and_the_others_work() {
    for (change, name) in [
        ("standing = 'nonsense'", "Latchkey Sandbox · Ben"),
        ("track = '{'", "Latchkey Sandbox · Ben"),
        ("id = 'no id'", "Latchkey Sandbox · Ben"),
        ("provider_name = CAST(x'ff' AS TEXT)", "Ben"),
    ] {
        let world = with_bens_row(change);
        let notice = the_notice(&world);
        assert!(notice.message.starts_with(name), "{notice:?}");
        assert!(notice.message.contains("cannot be read from the database"), "{notice:?}");
        assert_eq!(world.check().unwrap().account.key, "ada");
        assert_eq!(world.count("SELECT count(*) FROM connections"), 2, "the row is kept");
    }
}

#[test]
fn an_account_whose_row_cannot_be_read_is_signed_in_to_anew() {
    let mut world = with_bens_row("standing = 'nonsense'");
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("two", |overview| overview.connections.len() == 2);
    world.restart();
    assert_eq!(world.overview().notices, []);
    for connection in world.overview().connections {
        let checked = world.run(world.engine().check(connection.id)).unwrap();
        assert_eq!(checked.health.severity, Severity::Healthy);
    }
}

#[test]
fn f47_a_sealed_set_with_any_bit_flipped_is_told_and_kept() {
    let mut world = World::new();
    let (_, url) = world.begin();
    world.keychain.set_mood(Mood::Failing(KeychainError::TooLarge));
    world.link(&world.browser(&url));
    world.until("connected", |overview| overview.connections.len() == 1);
    world.kill();
    world.keychain.set_mood(Mood::Open);
    let (keep, items) = (fs::read(world.database()).unwrap(), world.keychain.items());
    for byte in [1, 5, 12, 40, 75, 100] {
        fs::write(world.database(), &keep).unwrap();
        world.keychain.set_items(items.clone());
        let database = rusqlite::Connection::open(world.database()).unwrap();
        let read = |row: &rusqlite::Row<'_>| row.get::<_, Vec<u8>>(0);
        let mut envelope = database.query_row("SELECT envelope FROM token_sets", [], read).unwrap();
        envelope[byte] ^= 1;
        database.execute("UPDATE token_sets SET envelope = ?1", [&envelope]).unwrap();
        drop(database);
        world.start();
        assert_eq!(world.check().unwrap().health.severity, Severity::Attention);
        let GrantState::Attention { reason, .. } = world.grant() else { panic!("{:?}", world.grant()) };
        assert_eq!(reason, AttentionReason::Unreadable);
        assert_eq!(world.refreshes().len(), 0);
        world.kill();
    }
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let mut world = World::before_the_start();
    fs::write(world.folder.path().join("data"), "a file in its place").unwrap();
    let refused = world.try_start().unwrap_err();
    assert!(matches!(&refused, StartError::DataFolder { .. }), "{refused:?}");
    assert!(refused.to_string().contains(&*world.folder.path().join("data").to_string_lossy()), "{refused}");
}

#[test]
fn f49_in_a_folder_that_a_program_copies_elsewhere_nothing_is_begun_and_nothing_is_lost() {
    let mut world = World::connected();
    world.kill();
    let mark = world.folder.path().join(".stfolder");
    fs::create_dir(&mark).unwrap();
    let before = fs::read(world.database()).unwrap();
    let refused = world.try_start().unwrap_err();
    assert!(
        matches!(&refused, StartError::UnfitFolder { why: Unfit::Synced("Syncthing"), .. }),
        "{refused:?}"
    );
    assert_eq!(fs::read(world.database()).unwrap(), before);
    fs::remove_dir(mark).unwrap();
    world.start();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}
