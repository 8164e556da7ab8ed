//! The whole way of a sign-in without the app: default browser, consent, redirect, deep link, handler.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command, time::Duration};

use latchkey_rig::{Desktop, DesktopOptions, Result, process, wait};
use support::{page, serve};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_redirect_to_the_scheme_reaches_its_handler() -> Result<()> {
    let origin = serve(site);
    let desktop = Desktop::start(DesktopOptions::default())?;
    desktop.allow_scheme(&origin, "dev.latchkey.app")?;
    let links = install_handler(&desktop);

    open(&desktop, &format!("{origin}/consent"));
    let browser = desktop.browser().await?;
    let tab = browser.tab("/consent").await?;
    assert_eq!(tab.title().await?, "Consent");
    tab.fill("#name", "Ada").await?;
    let shot = desktop.home().join("consent.png");
    desktop.screenshot(&shot)?;
    assert!(fs::metadata(&shot).unwrap().len() > 5_000, "the browser's window is on the display");
    tab.click("#agree").await?;

    let link = wait::until("the deep link", LIMIT, || Ok(lines(&links).pop()))?;
    assert_eq!(link, "dev.latchkey.app:/oauth/x?code=abc&state=xyz");
    Ok(())
}

#[tokio::test]
async fn a_browser_that_runs_gets_a_new_tab_and_one_that_ended_starts_again() -> Result<()> {
    let origin = serve(site);
    let desktop = Desktop::start(DesktopOptions::default())?;
    desktop.allow_scheme(&origin, "dev.latchkey.app")?;
    let links = install_handler(&desktop);

    open(&desktop, &format!("{origin}/consent?first"));
    desktop.browser().await?.tab("?first").await?.click("#agree").await?;
    wait::until("the first link", LIMIT, || Ok((lines(&links).len() == 1).then_some(())))?;

    open(&desktop, &format!("{origin}/consent?second"));
    desktop.browser().await?.tab("?second").await?.click("#agree").await?;
    wait::until("the second link", LIMIT, || Ok((lines(&links).len() == 2).then_some(())))?;

    end_browser(&desktop);
    open(&desktop, &format!("{origin}/consent?third"));
    desktop.browser().await?.tab("?third").await?.click("#agree").await?;
    wait::until("the third link", LIMIT, || Ok((lines(&links).len() == 3).then_some(())))?;
    Ok(())
}

#[tokio::test]
async fn the_browser_goes_away_with_the_desktop() -> Result<()> {
    let origin = serve(site);
    let desktop = Desktop::start(DesktopOptions::default())?;
    open(&desktop, &format!("{origin}/consent"));
    desktop.browser().await?.tab("/consent").await?;
    let inside = desktop.processes();
    let lines: Vec<String> = inside.iter().map(|pid| process::command_line(*pid).join(" ")).collect();
    assert!(lines.iter().any(|line| line.contains("--type=renderer")), "{lines:#?}");

    drop(desktop);

    let left: Vec<_> = inside.into_iter().filter(|pid| process::is_alive(*pid)).collect();
    assert!(left.is_empty(), "{left:?}");
    Ok(())
}

fn site(path: &str) -> String {
    match path {
        "/agree" => found("dev.latchkey.app:/oauth/x?code=abc&state=xyz"),
        _ => page(
            "Consent",
            "<form method=post action=/agree><label for=name>Name</label><input id=name><button id=agree>Agree</button></form>",
        ),
    }
}

/// A redirect.
fn found(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// Registers a handler of the scheme that writes each link into a file.
fn install_handler(desktop: &Desktop) -> PathBuf {
    let script = desktop.home().join("handler");
    let links = desktop.home().join("links");
    fs::write(&script, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >>'{}'\n", links.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Handler\nExec={} %u\nMimeType=x-scheme-handler/dev.latchkey.app;\n",
        script.display()
    );
    fs::write(desktop.data_dir().join("applications/handler.desktop"), entry).unwrap();
    run(desktop.command("xdg-mime").args([
        "default",
        "handler.desktop",
        "x-scheme-handler/dev.latchkey.app",
    ]));
    links
}

fn open(desktop: &Desktop, url: &str) {
    run(desktop.command("xdg-open").arg(url));
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success());
}

fn end_browser(desktop: &Desktop) {
    let inside = desktop.processes();
    let browsers: Vec<_> = inside.into_iter().filter(|pid| is_browser(*pid)).collect();
    for pid in &browsers {
        // The first to go may take others with it.
        let _ = process::signal(*pid, process::Signal::KILL);
    }
    wait::until("the browser to end", LIMIT, || {
        Ok(browsers.iter().all(|pid| !process::is_alive(*pid)).then_some(()))
    })
    .unwrap();
}

fn is_browser(pid: u32) -> bool {
    process::command_line(pid).iter().any(|word| word.starts_with("--user-data-dir="))
}

fn lines(path: &PathBuf) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
