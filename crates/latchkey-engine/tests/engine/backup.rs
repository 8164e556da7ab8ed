//! Sign-ins on their way to another computer.

use std::fs;
use std::path::PathBuf;

use crate::support::{MINUTE, World};
use latchkey_engine::{MemoryKeychain, Passphrase};
use latchkey_protocol::{
    AttentionReason, BackedUp, BackupEnd, GrantState, ImportEnd, Imported, Keep, Problem, ProblemCode,
    Severity,
};
use latchkey_sandbox::{Consent, Endpoint};

const WORDS: &str = "planted horse battery";

fn export(world: &World) -> (Vec<u8>, Vec<BackedUp>) {
    world.run(world.engine().export(Passphrase::from(WORDS))).unwrap()
}

fn import_with(world: &World, bytes: &[u8], words: &str) -> Result<Vec<Imported>, Problem> {
    world.run(world.engine().import(bytes.to_vec(), Passphrase::from(words)))
}

fn import(world: &World, bytes: &[u8]) -> Vec<ImportEnd> {
    import_with(world, bytes, WORDS).unwrap().into_iter().map(|imported| imported.end).collect()
}

/// From here on the world's engine is that of another computer.
fn on_another_computer(world: &mut World) {
    world.kill();
    fs::remove_dir_all(world.folder.path().join("data")).unwrap();
    world.keychain = MemoryKeychain::default();
    world.start();
}

fn reason(world: &World) -> AttentionReason {
    let GrantState::Attention { reason, .. } = world.grant() else { panic!("{:?}", world.grant()) };
    reason
}

#[test]
fn nobody_is_told_of_a_hand_over_that_they_have_just_made() {
    let world = World::connected();
    drop(export(&world));
    world.clock.advance(60 * MINUTE);
    world.until_idle();
    assert_eq!(world.run(world.engine().notices_due()).unwrap().show, None);
}

#[test]
fn an_exported_sign_in_is_handed_over_and_goes_on_elsewhere() {
    let mut world = World::connected();
    let (bytes, ends) = export(&world);
    let ada = BackedUp {
        provider_name: "Latchkey Sandbox".into(),
        account_name: "Ada Lovelace".into(),
        end: BackupEnd::Exported,
    };
    assert_eq!(ends, [ada]);
    assert_eq!(reason(&world), AttentionReason::HandedOver);
    world.clock.advance(55 * MINUTE);
    world.until_asleep_for(41_000);
    world.restart();
    world.until_asleep_for(41_000);
    assert_eq!(reason(&world), AttentionReason::HandedOver);
    assert_eq!(world.refreshes().len(), 0, "what was handed over is not renewed here");
    on_another_computer(&mut world);
    assert_eq!(import(&world, &bytes), [ImportEnd::Added]);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    world.until_settled();
    world.restart();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn what_was_handed_over_is_taken_back_by_a_check() {
    let world = World::connected();
    drop(export(&world));
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.refreshes().len(), 1);
}

#[test]
fn a_backup_holds_no_token_in_the_clear_and_every_flipped_bit_is_noticed() {
    let world = World::connected();
    let (bytes, _) = export(&world);
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let problem = import_with(&world, &flipped, WORDS).unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidInput, "bit {at}: {problem}");
        assert!(!problem.message.contains("not the passphrase"), "bit {at}: {problem}");
    }
    for length in [0, 1, 40, bytes.len() - 1] {
        import_with(&world, &bytes[..length], WORDS).unwrap_err();
    }
    assert_eq!(reason(&world), AttentionReason::HandedOver, "nothing was taken");
    world.check().unwrap();
    let exported = world.refreshes().remove(0).into_bytes();
    assert!(!bytes.windows(exported.len()).any(|window| window == exported));
}

#[test]
fn a_wrong_or_short_passphrase_of_a_backup_is_told() {
    let world = World::connected();
    let short = world.run(world.engine().export(Passphrase::from("seven77"))).unwrap_err();
    assert_eq!(short.code, ProblemCode::InvalidInput);
    assert_eq!(world.grant(), GrantState::Connected, "nothing was handed over");
    let (bytes, _) = export(&world);
    let problem = import_with(&world, &bytes, "planted horse buttery").unwrap_err();
    assert_eq!(problem.message, "This is not the passphrase of the backup.");
}

#[test]
fn an_import_keeps_what_is_newer_and_revives_what_was_handed_over() {
    let world = World::connected();
    let (bytes, _) = export(&world);
    assert_eq!(import(&world, &bytes), [ImportEnd::Replaced], "the person took their own backup back");
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(import(&world, &bytes), [ImportEnd::KeptExisting], "as new, and in use");
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    assert_eq!(import(&world, &bytes), [ImportEnd::KeptExisting]);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn an_import_replaces_an_older_sign_in_of_the_same_account() {
    let mut world = World::connected();
    world.clock.advance(30 * MINUTE);
    let id = world.connection().id;
    let (_, url) = world.run(world.engine().reconnect(id, None, vec![])).unwrap();
    world.kill();
    let old = fs::read(world.database()).unwrap();
    let items = world.keychain.items();
    world.start();
    world.link(&world.browser(&url));
    world.until("newer", |overview| overview.connections[0].sign_in.is_none());
    world.until_settled();
    let (bytes, _) = export(&world);
    world.kill();
    // Another computer, on which an older sign-in of the same account is in use.
    fs::write(world.database(), old).unwrap();
    world.keychain.set_items(items);
    world.start();
    assert_eq!(import(&world, &bytes), [ImportEnd::Replaced]);
    assert_eq!(world.overview().connections.len(), 1);
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}

#[test]
fn what_is_not_exported_is_named_with_the_reason() {
    let world = World::connected();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.begin_with(Keep::Memory, None).unwrap();
    world.link(&world.browser(&url));
    world.until("two", |overview| overview.connections.len() == 2);
    let ends = |backed_up: Vec<BackedUp>| backed_up.into_iter().map(|it| it.end).collect::<Vec<_>>();
    assert_eq!(ends(export(&world).1), [BackupEnd::Exported, BackupEnd::MemoryOnly]);
    assert_eq!(ends(export(&world).1), [BackupEnd::NotUsable, BackupEnd::MemoryOnly]);
}

#[test]
fn a_backup_is_a_new_file_for_its_owner_and_nothing_is_handed_over_without_it() {
    let world = World::connected();
    let taken = world.folder.path().join("taken");
    fs::write(&taken, "something of the person's own").unwrap();
    let write = |path: PathBuf| world.run(world.engine().export_to(path, Passphrase::from(WORDS)));
    let missing = world.folder.path().join("missing/backup");
    for path in [taken.clone(), PathBuf::from("relative"), missing] {
        let problem = write(path).unwrap_err();
        assert_eq!(problem.code, ProblemCode::InvalidInput, "{problem}");
        assert_eq!(world.grant(), GrantState::Connected);
    }
    assert_eq!(fs::read_to_string(&taken).unwrap(), "something of the person's own");
    let path = world.folder.path().join("backup");
    assert_eq!(write(path.clone()).unwrap().len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let imported = world.run(world.engine().import_from(path, Passphrase::from(WORDS))).unwrap();
    assert_eq!(imported[0].end, ImportEnd::Replaced);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}
