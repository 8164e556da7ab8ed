//! Discord, played by the sandbox: what the person allows, who they are, and a farewell that ends all.

use latchkey_sandbox::Endpoint;

use crate::stage::{HEALTHY, Stage};

const CARD: &str = r#"[data-provider="discord"]"#;

/// The built-in file with the sandbox in Discord's place.
fn install(stage: &Stage) {
    let origin = stage.sandbox.origin();
    let file = include_str!("../../providers/discord.toml")
        .replace("https://cdn.discordapp.com", &format!("{origin}/discord/cdn"))
        .replace("https://discord.com/oauth2", &format!("{origin}/discord/oauth2"))
        .replace("https://discord.com/api", &format!("{origin}/discord/api"));
    std::fs::write(stage.providers_dir().join("discord.toml"), file).unwrap();
}

fn on(selector: &str) -> String {
    format!("{CARD} {selector}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_to_discord_for_what_they_allow_and_leaves_without_a_trace() {
    let mut stage = Stage::closed().await;
    install(&stage);
    stage.open().await;
    let page = stage.page();
    page.click(&*on(r#"[data-action="set-up"]"#)).await.unwrap();
    page.fill(&*on("input:not([readonly])"), "sandbox-desktop").await.unwrap();
    page.click(&*on(r#"[data-action="save-client"]"#)).await.unwrap();
    page.click(&*on("summary")).await.unwrap();
    page.click(&*on(r#"[data-purpose="email"]"#)).await.unwrap();
    page.click(&*on(r#"[data-action="sign-in"]"#)).await.unwrap();
    stage.agree("ada").await;
    page.wait_for(HEALTHY).await.unwrap();
    let asked = stage.control().requests_to(Endpoint::Authorize);
    assert_eq!(asked[0].query.value("scope"), Some("identify guilds email"));
    assert_eq!(page.text("[data-field=account]").await.unwrap(), "Ada Lovelace");

    page.click(r#"[data-connection] [data-action="disconnect"]"#).await.unwrap();
    page.click(r#"[data-action="confirm-disconnect"]"#).await.unwrap();
    page.wait_gone("[data-connection]").await.unwrap();
    assert!(!stage.control().requests_to(Endpoint::Revoke).is_empty());
    assert!(stage.control().grants().iter().all(|grant| grant.revoked.is_some()));
}
