//! Spotify, played by the sandbox: no client id at first, six months at most, words in plain text.

use latchkey_sandbox::{Endpoint, Standing};

use crate::stage::{HEALTHY, Stage};

const CARD: &str = r#"[data-provider="spotify"]"#;

/// The built-in file with the sandbox in Spotify's place.
fn install(stage: &Stage) {
    let origin = stage.sandbox.origin();
    let file = include_str!("../../providers/spotify.toml")
        .replace("https://accounts.spotify.com/authorize", &format!("{origin}/spotify/authorize"))
        .replace("https://accounts.spotify.com/api/token", &format!("{origin}/spotify/api/token"))
        .replace("https://api.spotify.com/v1", &format!("{origin}/spotify/v1"));
    std::fs::write(stage.providers_dir().join("spotify.toml"), file).unwrap();
}

fn on(selector: &str) -> String {
    format!("{CARD} {selector}")
}

async fn set_up(stage: &Stage) {
    let page = stage.page();
    page.click(&*on(r#"[data-action="set-up"]"#)).await.unwrap();
    let card = page.text(CARD).await.unwrap();
    assert!(card.contains("needs your own client id"), "{card}");
    let fields = "return [...document.querySelectorAll('input[readonly]')].map((field) => field.value)";
    let shown = page.execute(fields, vec![]).await.unwrap();
    assert!(
        shown.to_string().contains("dev.latchkey.app:/oauth/spotify"),
        "the redirect URI to register: {shown}"
    );
    page.fill(&*on("input:not([readonly])"), "sandbox-desktop").await.unwrap();
    page.click(&*on(r#"[data-action="save-client"]"#)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_client_id_is_a_friendly_card_that_leads_to_a_sign_in() {
    let stage = connected().await;
    let card = stage.page().text("[data-connection]").await.unwrap();
    assert!(card.contains("until"), "the grant clock is shown: {card}");

    stage.page().click(r#"[data-connection] [data-action="disconnect"]"#).await.unwrap();
    stage.page().click(r#"[data-action="confirm-disconnect"]"#).await.unwrap();
    stage.page().wait_gone("[data-connection]").await.unwrap();
    let farewell = stage.page().wait_for_text("[role=status]", "spotify.com/account/apps").await;
    assert!(farewell.is_ok(), "it says where access is removed");
    assert_eq!(stage.control().requests_to(Endpoint::Revoke).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_not_on_the_allowlist_reads_what_spotify_says() {
    let mut stage = Stage::closed().await;
    install(&stage);
    stage.control().change_settings(|settings| settings.spotify.standing = Standing::NotAllowlisted);
    stage.open().await;
    set_up(&stage).await;
    stage.page().click(&*on(r#"[data-action="sign-in"]"#)).await.unwrap();
    stage.agree("ada").await;
    stage.page().wait_for(r#"[data-ending="failed"]"#).await.unwrap();
    let card = stage.page().text(CARD).await.unwrap();
    assert!(card.contains("User not registered in the Developer Dashboard"), "{card}");
    assert_eq!(stage.page().count("[data-connection]").await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnosis_shows_each_step_with_what_was_played_and_its_report_is_copied() {
    let stage = connected().await;
    let page = stage.page();
    page.click("[data-connection] summary").await.unwrap();
    page.click(r#"[data-connection] [data-action="diagnose"]"#).await.unwrap();
    page.wait_for(r#"[data-connection] [data-step="sample"][data-outcome="passed"]"#).await.unwrap();
    let card = page.text("[data-connection]").await.unwrap();
    assert!(card.contains("50 recent plays") && card.contains("Loopback"), "{card}");
    page.click(r#"[data-connection] [data-action="copy-diagnosis"]"#).await.unwrap();
    page.wait_for_text(r#"[data-action="copy-diagnosis"]"#, "Copied").await.unwrap();
    assert_eq!(stage.refusals(), [""; 0]);
}

/// A window with a connection of Ada's.
async fn connected() -> Stage {
    let mut stage = Stage::closed().await;
    install(&stage);
    stage.open().await;
    set_up(&stage).await;
    stage.page().click(&*on(r#"[data-action="sign-in"]"#)).await.unwrap();
    stage.agree("ada").await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declines_at_spotify_reads_so_and_nothing_is_stored() {
    let mut stage = Stage::closed().await;
    install(&stage);
    stage.open().await;
    set_up(&stage).await;
    stage.page().click(&*on(r#"[data-action="sign-in"]"#)).await.unwrap();
    stage.consent().await.page.click("#decline").await.unwrap();
    stage.page().wait_for(r#"[data-ending="declined"]"#).await.unwrap();
    assert_eq!(stage.page().count("[data-connection]").await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_at_spotify_the_card_says_so_and_only_the_same_account_heals_it() {
    let stage = connected().await;
    let page = stage.page();
    stage.control().revoke(Some("ada"));
    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    page.wait_for(r#"[data-connection][data-severity="attention"]"#).await.unwrap();
    page.click(r#"[data-connection] [data-action="reconnect"]"#).await.unwrap();
    stage.agree("ben").await;
    page.wait_for(r#"[data-ending="different-account"]"#).await.unwrap();
    let said = page.text("[data-connection]").await.unwrap();
    assert!(said.contains("belongs to Ada Lovelace"), "{said}");
    page.click(r#"[data-connection] [data-action="try-again"]"#).await.unwrap();
    stage.agree("ada").await;
    page.wait_for(HEALTHY).await.unwrap();
    assert_eq!(page.count("[data-connection]").await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_five_hours_is_shown_with_its_end_and_kept() {
    let mut stage = connected().await;
    let waits = Standing::RateLimited { retry_after_seconds: 18_000 };
    stage.control().change_settings(|settings| settings.spotify.standing = waits);
    stage.page().click("[data-connection] summary").await.unwrap();
    stage.page().click(r#"[data-connection] [data-action="diagnose"]"#).await.unwrap();
    stage.page().wait_for_text("[data-connection]", "asks us to wait until").await.unwrap();
    let asked = stage.control().requests_to(Endpoint::Userinfo).len();
    stage.kill();
    stage.open().await;
    stage.page().wait_for_text("[data-connection]", "asks us to wait until").await.unwrap();
    stage.page().click("[data-connection] summary").await.unwrap();
    stage.page().click(r#"[data-connection] [data-action="diagnose"]"#).await.unwrap();
    stage.page().wait_for(r#"[data-connection] [data-step="sample"]"#).await.unwrap();
    assert_eq!(
        stage.control().requests_to(Endpoint::Userinfo).len(),
        asked,
        "nothing is asked before its time"
    );
}
