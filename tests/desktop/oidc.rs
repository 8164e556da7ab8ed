//! The same journey at an authorization server that nobody here wrote: PKCE, rotation, reuse detection.

use std::path::Path;

use latchkey_rig::{OidcProvider, Page, wait};

use crate::stage::{HEALTHY, PATIENCE, SCHEME, Stage, Tab};

const CARD: &str = r#"[data-provider="oidc"]"#;

/// Starts oidc-provider and describes it to Latchkey as a file of the person's own.
fn provider(stage: &Stage) -> OidcProvider {
    let servers = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers"));
    let server = OidcProvider::start(stage.desktop.command("node"), servers).unwrap();
    stage.desktop.allow_scheme(server.issuer(), SCHEME).unwrap();
    std::fs::write(stage.providers_dir().join("oidc.toml"), file(server.issuer())).unwrap();
    server
}

fn file(issuer: &str) -> String {
    format!(
        r#"
        id = "oidc"
        name = "Third Party"
        summary = "An authorization server that nobody here wrote."

        [client]
        id = "latchkey"

        [authorization]
        url = "{issuer}/auth"
        redirects = ["deep-link"]
        scopes = ["openid", "offline_access"]
        issuer = "{issuer}"
        issuer_in_answer = true
        parameters = {{ prompt = "login consent" }}

        [token]
        url = "{issuer}/token"

        [revocation]
        url = "{issuer}/token/revocation"

        [identity]
        url = "{issuer}/me"
        key = ["/sub"]
        name = ["/name"]
        "#
    )
}

/// The browser's part: signs in under a name and consents.
pub(crate) async fn agree(stage: &Stage, name: &str) -> Tab {
    let tab = stage.tab("/interaction/").await;
    tab.page.fill("[name=login]", name).await.unwrap();
    tab.page.fill("[name=password]", "any").await.unwrap();
    tab.page.click("[type=submit]").await.unwrap();
    tab.page.wait_gone("[name=login]").await.unwrap();
    tab.page.click("[type=submit]").await.unwrap();
    tab
}

async fn reconnect(stage: &Stage, page: &Page, name: &str) -> Tab {
    page.click(r#"[data-connection] [data-action="reconnect"]"#).await.unwrap();
    agree(stage, name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_three_refreshes_revocation_there_and_reconnect_heal_the_same_account_only() {
    let mut stage = Stage::closed().await;
    let provider = provider(&stage);
    stage.open().await;
    let page = stage.page();
    page.click(&*format!(r#"{CARD} [data-action="sign-in"]"#)).await.unwrap();
    let tab = agree(&stage, "ada").await;
    page.wait_for(HEALTHY).await.unwrap();
    tab.close().await;

    let three = || Ok((provider.count("refreshes")? >= 3).then_some(()));
    wait::until("three refreshes with rotation", PATIENCE, three).unwrap();
    assert_eq!(provider.count("errors").unwrap(), 0);
    page.wait_for(HEALTHY).await.unwrap();

    provider.revoke_everything().unwrap();
    page.wait_for(r#"[data-connection][data-health="attention"]"#).await.unwrap();
    let card = page.text("[data-connection]").await.unwrap();
    assert!(card.contains("invalid_grant"), "the provider's reason is shown: {card}");
    let errors = provider.count("errors").unwrap();

    let tab = reconnect(&stage, &page, "ben").await;
    page.wait_for(r#"[data-ending="different-account"]"#).await.unwrap();
    tab.close().await;
    let refused = page.text("[data-connection]").await.unwrap();
    assert!(
        refused.contains("ben of oidc-provider") && refused.contains("ada of oidc-provider"),
        "{refused}"
    );
    assert_eq!(provider.count("errors").unwrap(), errors, "a dead grant is not asked for again");

    page.click(r#"[data-ending="different-account"] [data-action="dismiss"]"#).await.unwrap();
    let _tab = reconnect(&stage, &page, "ada").await;
    page.wait_for(HEALTHY).await.unwrap();
    assert_eq!(page.count("[data-connection]").await.unwrap(), 1);
}
