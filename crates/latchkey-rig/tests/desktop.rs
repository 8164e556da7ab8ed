//! The desktop comes up complete, lets nothing of the outer session in, and goes away without a trace.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use latchkey_rig::{Desktop, DesktopOptions, KeyringStart, process, wait};

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn nothing_is_left_when_the_desktop_goes_away() {
    let desktop = Desktop::start(DesktopOptions::default()).unwrap();
    let home = desktop.home().to_owned();
    assert!(desktop.command("xdpyinfo").stdout(Stdio::null()).status().unwrap().success());
    // In a session of its own, as programs are that xdg-open starts.
    desktop.command("setsid").args(["--fork", "sleep", "600"]).status().unwrap();
    wait::until("the sleeper", LIMIT, || {
        let inside = desktop.processes();
        Ok(inside.iter().any(|pid| process::command_line(*pid) == ["sleep", "600"]).then_some(()))
    })
    .unwrap();
    let inside = desktop.processes();
    assert!(inside.len() >= 4, "display, bus, keyring and the sleeper: {inside:?}");

    drop(desktop);

    let left: Vec<_> = inside.into_iter().filter(|pid| process::is_alive(*pid)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!home.exists());
}

#[test]
fn nothing_is_left_when_the_owner_is_killed() {
    let program = env!("CARGO_BIN_EXE_latchkey-rig-desktop");
    let mut owner = Command::new(program)
        .args(["run", "--", "setsid", "--wait", "sleep", "601"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let sleeper = wait::until("the program inside", LIMIT, || {
        let mut inside = process::descendants(owner.id()).into_iter();
        Ok(inside.rfind(|pid| process::command_line(*pid) == ["sleep", "601"]))
    })
    .unwrap();
    let root = process::environment(sleeper).remove("TMPDIR").unwrap();
    let inside = process::descendants(owner.id());

    owner.kill().unwrap();
    owner.wait().unwrap();

    wait::until("the desktop to be cleared away", LIMIT, || {
        let gone = inside.iter().all(|pid| !process::is_alive(*pid)) && !Path::new(&root).exists();
        Ok(gone.then_some(()))
    })
    .unwrap();
}

#[test]
fn the_runtime_folder_belongs_to_its_owner_alone() {
    let desktop = Desktop::start(options(KeyringStart::Absent)).unwrap();
    let mode = desktop.runtime_dir().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(desktop.data_dir().starts_with(desktop.home()));
}

#[test]
fn a_screenshot_shows_the_display() {
    let desktop = Desktop::start(options(KeyringStart::Absent)).unwrap();
    let path = desktop.home().join("shot.png");
    desktop.screenshot(&path).unwrap();
    let size = desktop.command("identify").args(["-format", "%wx%h"]).arg(&path).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&size.stdout), "1280x900");
}

#[test]
fn several_desktops_live_side_by_side() {
    let desktops: Vec<_> = (0..3).map(|_| Desktop::start(options(KeyringStart::Absent)).unwrap()).collect();
    assert_ne!(desktops[0].display(), desktops[1].display());
    assert_ne!(desktops[1].bus_address(), desktops[2].bus_address());
}

fn options(keyring: KeyringStart) -> DesktopOptions {
    DesktopOptions { keyring, ..DesktopOptions::default() }
}
