//! A person's own choices in the window: what a connection is called, and in which browser it signs in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use latchkey_rig::{Target, wait};
use latchkey_sandbox::Endpoint;
use serde_json::json;

use crate::stage::{HEALTHY, PATIENCE, SIGN_IN, Stage, WAITING};

const WORK: &str = "work-browser.desktop";
const STANDARD: &str = "rig-browser.desktop";

/// A second browser beside the standard one: it writes down how it was called, and shows the page in that one.
struct WorkBrowser {
    entry: PathBuf,
    calls: PathBuf,
}

impl WorkBrowser {
    fn install(stage: &Stage) -> Self {
        let applications = stage.desktop.data_dir().join("applications");
        let standard = fs::read_to_string(applications.join(STANDARD)).unwrap();
        let program =
            standard.lines().find_map(|line| line.strip_prefix("Exec=")?.strip_suffix(" %u")).unwrap();
        let (script, calls) = (stage.desktop.home().join("work-browser"), stage.desktop.home().join("calls"));
        let text = format!("#!/bin/sh\necho \"$# $*\" >>'{}'\nexec '{program}' \"$@\"\n", calls.display());
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        let entry = applications.join(WORK);
        let text = format!(
            "[Desktop Entry]\nType=Application\nName=Browser for work\nExec={} %u\n\
             MimeType=x-scheme-handler/http;x-scheme-handler/https;\n",
            script.display()
        );
        fs::write(&entry, text).unwrap();
        Self { entry, calls }
    }

    /// How it was called so far, one line each.
    fn calls(&self) -> Vec<String> {
        fs::read_to_string(&self.calls).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn wait_for_calls(&self, count: usize) {
        let what = format!("{count} calls of the browser for work");
        wait::until(&what, PATIENCE, || Ok((self.calls().len() == count).then_some(()))).unwrap();
    }
}

fn of(account: &str, selector: &str) -> String {
    let nth = if account == "ada" { 1 } else { 2 };
    format!("[data-connection]:nth-of-type({nth}) {selector}")
}

async fn rename(stage: &Stage, account: &str, alias: &str) {
    let page = stage.page();
    page.click(&*of(account, r#"[data-action="rename"]"#)).await.unwrap();
    page.fill(Target::Field("Your own name for this connection"), alias).await.unwrap();
    page.click(&*of(account, r#"[data-action="save-alias"]"#)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_get_names_of_their_own_which_stay() {
    let mut stage = Stage::new().await;
    stage.sign_in("ada").await;
    stage.page().click(SIGN_IN).await.unwrap();
    stage.agree("ben").await;
    stage.page().wait_for(&*of("ben", "summary")).await.unwrap();
    stage.page().click(&*of("ada", "summary")).await.unwrap();
    stage.page().click(&*of("ben", "summary")).await.unwrap();
    rename(&stage, "ada", " work ").await;
    stage.page().wait_for_text(&*of("ada", "h3 [data-field=alias]"), "work").await.unwrap();
    assert_eq!(stage.page().text(&*of("ada", "[data-field=account]")).await.unwrap(), "Ada Lovelace");
    rename(&stage, "ben", "WORK").await;
    let fault = stage.page().wait_for_text(&*of("ben", "[role=alert]"), "is called “WORK”").await.unwrap();
    assert!(fault.contains("Ada Lovelace") && fault.contains("Choose another"), "{fault}");
    stage.page().click(&*of("ben", r#"[data-action="cancel-rename"]"#)).await.unwrap();
    assert_eq!(stage.page().count(&*of("ben", "[data-field=alias]")).await.unwrap(), 0);
    stage.kill();
    stage.open().await;
    assert_eq!(stage.page().text(&*of("ada", "[data-field=alias]")).await.unwrap(), "work");
    stage.page().click(&*of("ada", "summary")).await.unwrap();
    rename(&stage, "ada", " ").await;
    stage.page().wait_gone(&*of("ada", "[data-field=alias]")).await.unwrap();
}

/// A window with a connection of Ada's that signs in with the browser for work.
async fn with_a_browser_for_work() -> (Stage, WorkBrowser) {
    let mut stage = Stage::closed().await;
    let work = WorkBrowser::install(&stage);
    stage.open().await;
    stage.sign_in("ada").await;
    assert_eq!(work.calls(), [""; 0], "a first sign-in opens in the standard browser");
    stage.page().click(&*of("ada", "summary")).await.unwrap();
    stage.page().wait_for("[data-field=browser]").await.unwrap();
    let choose = "const select = document.querySelector('[data-field=browser]'); \
                  select.value = arguments[0]; select.dispatchEvent(new Event('change', { bubbles: true })); \
                  return [...select.options].map((option) => option.textContent)";
    let offered = stage.page().execute(choose, vec![json!(WORK)]).await.unwrap();
    // Whatever this computer has is offered too.
    for name in ["Standard browser", "Browser", "Browser for work"] {
        assert!(offered.as_array().unwrap().contains(&json!(name)), "{offered}");
    }
    stage.page().wait_for(&*format!("[data-field=browser][data-chosen=\"{WORK}\"]")).await.unwrap();
    (stage, work)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_opens_in_the_browser_that_was_chosen_and_another_one_can_be_picked() {
    let (mut stage, work) = with_a_browser_for_work().await;
    stage.kill();
    stage.open().await;
    stage.page().click(&*of("ada", r#"[data-action="reconnect"]"#)).await.unwrap();
    work.wait_for_calls(1);
    stage.agree("ada").await;
    stage.page().wait_gone("[data-stage]").await.unwrap();
    stage.page().wait_for(HEALTHY).await.unwrap();
    let calls = work.calls();
    assert!(calls[0].starts_with(&format!("1 {}/authorize?", stage.sandbox.origin())), "{}", calls[0]);
    assert!(calls[0].contains("&state="), "the whole address, in one argument and through no shell");
    let log = format!("{}{}", stage.window().stdout(), stage.window().stderr());
    assert!(!log.contains("state="), "the address is in the log");

    stage.page().click(&*of("ada", r#"[data-action="reconnect"]"#)).await.unwrap();
    work.wait_for_calls(2);
    stage.consent().await;
    stage.page().click("[data-open-in] summary").await.unwrap();
    stage.page().click(&*format!(r#"[data-browser="{STANDARD}"] button"#)).await.unwrap();
    stage.consent().await;
    assert_eq!(work.calls().len(), 2, "for this once it is the other one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_browser_that_is_gone_gives_way_to_the_standard_one_which_the_card_says() {
    let (mut stage, work) = with_a_browser_for_work().await;
    stage.kill();
    fs::remove_file(&work.entry).unwrap();
    stage.open().await;
    stage.page().click(&*of("ada", r#"[data-action="reconnect"]"#)).await.unwrap();
    stage.page().wait_for(WAITING).await.unwrap();
    stage.page().wait_for_text("[data-browser-missing]", "opened in the standard one").await.unwrap();
    stage.agree("ada").await;
    stage.page().wait_gone("[data-stage]").await.unwrap();
    assert_eq!(stage.requests(Endpoint::Token, 2).await.len(), 2);
    assert_eq!(work.calls(), [""; 0]);
    stage.page().click(&*of("ada", "summary")).await.unwrap();
    stage.page().wait_for_text("[data-browser-gone]", "not installed").await.unwrap();
}
