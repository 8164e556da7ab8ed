//! The keyring is a real one, and fails on command in the ways that real ones do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{io::Write, process::Stdio, time::Duration};

use latchkey_rig::{Desktop, DesktopOptions, KeyringStart, wait};

#[test]
fn an_item_is_listed_until_it_is_removed() {
    let desktop = Desktop::start(DesktopOptions::default()).unwrap();
    assert!(desktop.keyring().items("rig-test").unwrap().is_empty());

    store(&desktop, "rig-test", "ada");
    let items = desktop.keyring().items("rig-test").unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].attributes.get("account").map(String::as_str), Some("ada"));
    assert!(!items[0].locked);
    assert!(desktop.keyring().items("other").unwrap().is_empty());

    assert!(
        desktop.command("secret-tool").args(["clear", "service", "rig-test"]).status().unwrap().success()
    );
    assert!(desktop.keyring().items("rig-test").unwrap().is_empty());
}

#[test]
fn a_locked_keyring_gives_no_secret_until_it_is_unlocked() {
    let desktop = Desktop::start(DesktopOptions::default()).unwrap();
    store(&desktop, "rig-test", "ada");
    desktop.keyring().lock().unwrap();
    assert!(desktop.keyring().items("rig-test").unwrap()[0].locked);
    desktop.keyring().unlock().unwrap();
    assert_eq!(lookup(&desktop), Some("secret of ada".into()));
}

#[test]
fn a_keyring_that_was_killed_comes_back_with_its_items() {
    let desktop = Desktop::start(DesktopOptions::default()).unwrap();
    store(&desktop, "rig-test", "ada");
    desktop.keyring().stop();
    assert!(desktop.keyring().items("rig-test").is_err());
    assert_eq!(lookup(&desktop), None);
    desktop.keyring().restart().unwrap();
    assert_eq!(lookup(&desktop), Some("secret of ada".into()));
}

#[test]
fn a_paused_keyring_keeps_its_callers_waiting() {
    let desktop = Desktop::start(DesktopOptions::default()).unwrap();
    store(&desktop, "rig-test", "ada");
    desktop.keyring().pause().unwrap();
    let mut caller = desktop
        .command("secret-tool")
        .args(["lookup", "service", "rig-test"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let early =
        wait::until("an answer", Duration::from_millis(500), || Ok(caller.try_wait().unwrap().map(|_| ())));
    assert!(early.is_err());
    desktop.keyring().resume().unwrap();
    assert!(caller.wait().unwrap().success());
}

#[test]
fn a_desktop_may_start_locked_or_without_a_keyring() {
    let locked =
        Desktop::start(DesktopOptions { keyring: KeyringStart::Locked, ..DesktopOptions::default() })
            .unwrap();
    assert!(locked.keyring().items("rig-test").unwrap().is_empty());
    let absent =
        Desktop::start(DesktopOptions { keyring: KeyringStart::Absent, ..DesktopOptions::default() })
            .unwrap();
    assert!(absent.keyring().items("rig-test").is_err());
}

fn store(desktop: &Desktop, service: &str, account: &str) {
    let mut command = desktop.command("secret-tool");
    command.args(["store", "--label", "of the rig", "service", service, "account", account]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    write!(child.stdin.take().unwrap(), "secret of {account}").unwrap();
    assert!(child.wait().unwrap().success());
}

fn lookup(desktop: &Desktop) -> Option<String> {
    let output = desktop.command("secret-tool").args(["lookup", "service", "rig-test"]).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}
