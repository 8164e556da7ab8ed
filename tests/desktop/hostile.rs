//! Links that anybody on this computer may send, through the real second process.

use latchkey_rig::wait;

use crate::stage::{HEALTHY, PATIENCE, SIGN_IN, Stage, WAITING};

/// Ten of the attack list, and what each tries.
fn hostile(state: &str) -> Vec<Vec<String>> {
    let link = |query: &str| format!("dev.latchkey.app:/oauth/sandbox?{query}");
    let one = |link: String| vec![link];
    vec![
        one(link("code=stolen&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        one(link("code=stolen")),
        one(link("error=access_denied")),
        one(link(&format!("code=a&code=b&state={state}"))),
        one(link(&format!("code=a&state={state}&state=b"))),
        one(link(&format!("code=a&state={state}#fragment"))),
        one(link(&format!("code=a&state={state}&access_token=x"))),
        one(format!("dev.latchkey.app://oauth/sandbox?code=a&state={state}")),
        one(format!("dev.latchkey.app:/oauth/%2e%2e/sandbox?code=a&state={state}")),
        one(link(&format!("code=a%0d%0aX:y&state={state}"))),
        one(link(&format!("code={}&state={state}", "x".repeat(9000)))),
        vec![link(&format!("code=a&state={state}")), "--remote-debugging-port=9222".into()],
        vec!["--something".into(), link(&format!("code=a&state={state}"))],
        one("/etc/passwd".into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_link_raises_no_window_sends_nothing_and_stops_nothing() {
    let stage = Stage::new().await;
    stage.page().click(SIGN_IN).await.unwrap();
    let tab = stage.consent().await;
    assert!(
        wait::until("the browser in front", PATIENCE, || Ok((!app_is_in_front(&stage)).then_some(true)))
            .unwrap()
    );
    let nonce = stage.control().issued().states.last().unwrap().clone();
    let before = stage.control().requests().len();

    for arguments in hostile(&nonce) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert!(stage.second_process(&arguments).success(), "{arguments:?}");
    }

    assert_eq!(stage.control().requests().len(), before, "nothing was sent");
    assert!(!app_is_in_front(&stage), "no window was raised");
    assert_eq!(stage.page().count(WAITING).await.unwrap(), 1, "the sign-in still waits");
    let log = stage.window().stderr();
    assert!(!log.contains("stolen") && !log.contains(&nonce), "nothing of a link is logged: {log}");

    // The true answer still works, and does raise the window: the checks above can fail.
    tab.page.click("#agree").await.unwrap();
    stage.page().wait_for(HEALTHY).await.unwrap();
    wait::until("the window in front", PATIENCE, || Ok(app_is_in_front(&stage).then_some(()))).unwrap();
}

/// Whether the app's window is above the browser's. The display has no window manager, so the order of the
/// root window's children is the order on the screen, topmost first.
fn app_is_in_front(stage: &Stage) -> bool {
    let listed = stage.desktop.command("xwininfo").args(["-root", "-children"]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let place =
        |class: &str| listed.lines().position(|line| line.contains(class) && !line.contains(" 10x10+"));
    match (place("(\"latchkey-desktop\""), place("(\"chromium")) {
        (Some(app), Some(browser)) => app < browser,
        (app, _) => app.is_some(),
    }
}
