//! Discord, played by the sandbox: what the person allows, who they are, and a farewell that ends all.

use latchkey_sandbox::{Client, DiscordMood, Endpoint};

use crate::stage::{HEALTHY, Stage};

/// What passed by and is still shown.
const MESSAGES: &str = r#"section[aria-label="Messages"]"#;
const FILE: &str = include_str!("../../providers/discord.toml");

/// The built-in file with the sandbox in Discord's place.
fn install(stage: &Stage) {
    std::fs::write(stage.providers_dir().join("discord.toml"), played(stage)).unwrap();
}

fn played(stage: &Stage) -> String {
    let origin = stage.sandbox.origin();
    FILE.replace("https://cdn.discordapp.com", &format!("{origin}/discord/cdn"))
        .replace("https://discord.com/oauth2", &format!("{origin}/discord/oauth2"))
        .replace("https://discord.com/api", &format!("{origin}/discord/api"))
}

/// Beside it a second registration of the same application, as a person's own file has it.
fn install_second(stage: &Stage) {
    let file = played(stage).replace("id = \"discord\"", "id = \"discord-two\"");
    std::fs::write(stage.providers_dir().join("two.toml"), file).unwrap();
    let mut client = Client::public(Client::DESKTOP);
    client.redirect_uris.push("dev.latchkey.app:/oauth/discord-two".into());
    stage.control().add_client(client);
}

fn on(provider: &str, selector: &str) -> String {
    format!(r#"[data-provider="{provider}"] {selector}"#)
}

async fn set_up(stage: &Stage, provider: &str) {
    let page = stage.page();
    page.click(&*on(provider, r#"[data-action="set-up"]"#)).await.unwrap();
    page.fill(&*on(provider, "input:not([readonly])"), "sandbox-desktop").await.unwrap();
    page.click(&*on(provider, r#"[data-action="save-client"]"#)).await.unwrap();
    // Cards change places as they are set up: nothing is clicked before it has its own.
    page.wait_for(&*on(provider, r#"[data-action="sign-in"]"#)).await.unwrap();
    page.wait_gone(&*on(provider, r#"[data-action="save-client"]"#)).await.unwrap();
}

/// A window in which Discord is set up.
async fn ready() -> Stage {
    let mut stage = Stage::closed().await;
    install(&stage);
    stage.open().await;
    set_up(&stage, "discord").await;
    stage
}

async fn connect(stage: &Stage, provider: &str, account: &str, accounts: usize) {
    stage.page().click(&*on(provider, r#"[data-action="sign-in"]"#)).await.unwrap();
    stage.page().wait_for(&*on(provider, "[data-stage]")).await.unwrap();
    stage.agree(account).await;
    let nth = format!("[data-connection]:nth-of-type({accounts})[data-severity=\"healthy\"]");
    stage.page().wait_for(&*nth).await.unwrap();
}

/// The same with a connection of Ada's.
async fn connected() -> Stage {
    let stage = ready().await;
    connect(&stage, "discord", "ada", 1).await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_to_discord_for_what_they_allow_and_leaves_without_a_trace() {
    let stage = ready().await;
    let page = stage.page();
    page.click(&*on("discord", "summary")).await.unwrap();
    page.click(&*on("discord", r#"[data-purpose="email"]"#)).await.unwrap();
    connect(&stage, "discord", "ada", 1).await;
    let asked = stage.control().requests_to(Endpoint::Authorize);
    assert_eq!(asked[0].query.value("scope"), Some("identify guilds email"));
    assert_eq!(page.text("[data-field=account]").await.unwrap(), "Ada Lovelace");

    page.click(r#"[data-connection] [data-action="disconnect"]"#).await.unwrap();
    page.click(r#"[data-action="confirm-disconnect"]"#).await.unwrap();
    page.wait_gone("[data-connection]").await.unwrap();
    assert!(!stage.control().requests_to(Endpoint::Revoke).is_empty());
    assert!(stage.control().grants().iter().all(|grant| grant.revoked.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_declines_at_discord_reads_its_words_and_nothing_is_stored() {
    let stage = ready().await;
    stage.page().click(&*on("discord", r#"[data-action="sign-in"]"#)).await.unwrap();
    stage.consent().await.page.click("#decline").await.unwrap();
    stage.page().wait_for(r#"[data-ending="declined"]"#).await.unwrap();
    let card = stage.page().text(&*on("discord", "")).await.unwrap();
    assert!(card.contains("Discord did not give access") && card.contains("denied the request"), "{card}");
    assert_eq!(stage.page().count("[data-connection]").await.unwrap(), 0);
    assert_eq!(stage.control().requests_to(Endpoint::Token).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_on_reconnect_is_named_and_the_one_there_was_is_kept() {
    let stage = connected().await;
    let page = stage.page();
    page.click(r#"[data-connection] [data-action="reconnect"]"#).await.unwrap();
    stage.agree("ben").await;
    page.wait_for(r#"[data-ending="different-account"]"#).await.unwrap();
    let said = page.text("[data-connection]").await.unwrap();
    assert!(said.contains("You signed in as ben#0042") && said.contains("belongs to Ada Lovelace"), "{said}");
    page.click(r#"[data-connection] [data-action="dismiss"]"#).await.unwrap();
    page.wait_for(HEALTHY).await.unwrap();
    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    page.wait_for_text(MESSAGES, "Ada Lovelace works").await.unwrap();
    assert_eq!(page.count("[data-connection]").await.unwrap(), 1);
    let grants = stage.control().grants();
    assert!(grants[0].revoked.is_none(), "hers stands");
    assert!(grants[1].revoked.is_some(), "what nobody wanted was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_at_discord_the_card_says_so_and_reconnect_heals_it() {
    let stage = connected().await;
    let page = stage.page();
    let id = page.attribute("[data-connection]", "data-connection").await.unwrap();
    stage.control().revoke(Some("ada"));
    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    page.wait_for(r#"[data-connection][data-severity="attention"]"#).await.unwrap();
    let said = page.text("[data-connection]").await.unwrap();
    assert!(said.contains("Discord no longer accepts this sign-in"), "{said}");
    page.click(r#"[data-connection] [data-action="reconnect"]"#).await.unwrap();
    stage.agree("ada").await;
    page.wait_for(HEALTHY).await.unwrap();
    assert_eq!(page.attribute("[data-connection]", "data-connection").await.unwrap(), id);
    assert_eq!(page.count("[data-connection]").await.unwrap(), 1, "no second card beside the one it heals");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_discord_ends_every_sign_in_of_the_account_and_their_cards_say_so() {
    let mut stage = Stage::closed().await;
    install(&stage);
    install_second(&stage);
    stage.open().await;
    stage.page().fill("input[type=search]", "Discord").await.unwrap();
    set_up(&stage, "discord").await;
    set_up(&stage, "discord-two").await;
    connect(&stage, "discord", "ada", 1).await;
    connect(&stage, "discord-two", "ada", 2).await;
    connect(&stage, "discord-two", "ben", 3).await;
    let page = stage.page();
    page.click(r#"[data-connection]:nth-of-type(1) [data-action="disconnect"]"#).await.unwrap();
    page.click(r#"[data-action="confirm-disconnect"]"#).await.unwrap();
    let told = r#"[data-connection]:nth-of-type(1)[data-severity="attention"]"#;
    let said = page.wait_for_text(told, "ends all sign-ins of an account together").await.unwrap();
    assert!(said.contains("Ada Lovelace"), "{said}");
    let other = page.text(r#"[data-connection]:nth-of-type(2)[data-severity="healthy"]"#).await.unwrap();
    assert!(other.contains("ben#0042"), "another account goes on: {other}");
    assert_eq!(stage.control().requests_to(Endpoint::Refresh).len(), 0, "nobody had to find out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_discord_asks_for_is_shown_and_nothing_is_asked_before_its_end() {
    let stage = connected().await;
    let page = stage.page();
    stage.control().change_settings(|settings| settings.discord.mood = DiscordMood::LimitedShared);
    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    page.wait_for_text("[data-connection]", "Discord asks us to wait until").await.unwrap();
    let asked = stage.control().requests_to(Endpoint::Userinfo).len();
    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    page.wait_for_text(MESSAGES, "asks to be left alone").await.unwrap();
    assert_eq!(stage.control().requests_to(Endpoint::Userinfo).len(), asked);
    assert_eq!(
        page.attribute("[data-connection]", "data-health").await.unwrap().as_deref(),
        Some("connected")
    );
}
