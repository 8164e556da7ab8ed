//! What a newcomer does: open, sign in, agree, see it healthy, check, reconnect, disconnect.

use latchkey_rig::wait;
use latchkey_sandbox::Endpoint;

use crate::stage::{HEALTHY, PATIENCE, SIGN_IN, Stage, WAITING};

#[tokio::test(flavor = "multi_thread")]
async fn one_click_and_one_consent_make_a_healthy_card_and_disconnect_leaves_nothing() {
    let stage = Stage::new().await;
    let page = stage.page();
    assert_eq!(stage.items(), Vec::<String>::new());

    stage.sign_in("ada").await;
    assert_eq!(page.text(r#"[data-connection] [data-field="account"]"#).await.unwrap(), "Ada Lovelace");
    let id = page.attribute("[data-connection]", "data-connection").await.unwrap().unwrap();
    stage.wait_for_items(2);
    assert!(stage.items().iter().any(|item| item.ends_with(&id)), "{:?}", stage.items());
    page.wait_for(r#"[data-resting="keychain"]"#).await.unwrap();

    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    stage.requests(Endpoint::Userinfo, 2).await;
    page.wait_for(HEALTHY).await.unwrap();

    page.click(r#"[data-connection] [data-action="reconnect"]"#).await.unwrap();
    stage.agree("ada").await;
    stage.requests(Endpoint::Token, 2).await;
    page.wait_gone("[data-stage]").await.unwrap();
    page.wait_for(HEALTHY).await.unwrap();
    assert_eq!(page.attribute("[data-connection]", "data-connection").await.unwrap().unwrap(), id);

    page.click(r#"[data-connection] [data-action="disconnect"]"#).await.unwrap();
    let dialog = page.text("dialog[open]").await.unwrap();
    assert!(
        dialog.contains("remove access") && dialog.contains("erases"),
        "it says what it will do: {dialog}"
    );
    page.click(r#"[data-action="confirm-disconnect"]"#).await.unwrap();
    page.wait_gone("[data-connection]").await.unwrap();
    stage.wait_for_items(1);
    assert!(stage.items()[0].ends_with("installation-key"));
    let hints = stage.control().requests_to(Endpoint::Revoke);
    assert_eq!(hints[0].form.value("token_type_hint"), Some("refresh_token"));
    assert_eq!(stage.control().grants().last().unwrap().live_access_tokens, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_in_the_browser_is_said_on_the_card_and_stores_nothing() {
    let stage = Stage::new().await;
    stage.page().click(SIGN_IN).await.unwrap();
    stage.consent().await.page.click("#decline").await.unwrap();
    stage.page().wait_for(r#"[data-ending="declined"]"#).await.unwrap();
    assert_eq!(stage.page().count("[data-connection]").await.unwrap(), 0);
    assert!(!stage.items().iter().any(|item| !item.ends_with("installation-key")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_waits_can_be_cancelled_and_its_link_is_dead_afterwards() {
    let stage = Stage::new().await;
    let page = stage.page();
    page.click(SIGN_IN).await.unwrap();
    let tab = stage.consent().await;
    page.click(&*format!(r#"{WAITING} [data-action="cancel"]"#)).await.unwrap();
    page.wait_gone(WAITING).await.unwrap();
    tab.page.click("#agree").await.unwrap();
    stage.requests(Endpoint::Decision, 1).await;
    page.wait_for(SIGN_IN).await.unwrap();
    assert_eq!(stage.control().requests_to(Endpoint::Token).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_can_be_copied_and_is_never_in_the_page() {
    let stage = Stage::new().await;
    let page = stage.page();
    page.click(SIGN_IN).await.unwrap();
    page.click(&*format!(r#"{WAITING} [data-action="copy-link"]"#)).await.unwrap();
    let request = stage.requests(Endpoint::Authorize, 1).await.remove(0);
    let nonce = request.query.value("state").unwrap();
    let copied = wait::until("the clipboard to hold the link", PATIENCE, || Ok(clipboard(&stage))).unwrap();
    assert!(copied.starts_with(&stage.sandbox.origin()) && copied.contains(nonce));
    assert!(!page.source().await.unwrap().contains(nonce));
}

/// What another program would paste.
fn clipboard(stage: &Stage) -> Option<String> {
    let asked = stage.desktop.command("xclip").args(["-o", "-selection", "clipboard"]).output().unwrap();
    let text = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn access_renews_by_itself_while_the_window_shows_it_healthy() {
    let stage = Stage::new().await;
    stage.control().change_settings(|settings| settings.access_token_life_seconds = 4);
    stage.sign_in("ada").await;
    stage.requests(Endpoint::Refresh, 3).await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    assert_eq!(stage.refusals(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_shown_in_the_window_and_typed_on_a_page_connects_without_a_way_back() {
    let stage = Stage::new().await;
    let page = stage.page();
    page.click(SIGN_IN).await.unwrap();
    page.click(r#"[data-action="use-code"]"#).await.unwrap();
    let code = page.text(r#"[data-field="user-code"]"#).await.unwrap();
    page.click(r#"[data-action="open-again"]"#).await.unwrap();
    let tab = stage.tab(&format!("device?user_code={code}")).await;
    tab.page.click("#account-ada").await.unwrap();
    tab.page.click("#agree").await.unwrap();
    page.wait_for(HEALTHY).await.unwrap();
    stage.wait_for_items(2);
    assert_eq!(stage.refusals().iter().filter(|why| !why.contains("has not answered yet")).count(), 0);
}
