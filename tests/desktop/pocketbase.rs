//! Signing in to a server of one's own, in the window: a password, and a code with a second method.

use std::path::Path;

use latchkey_rig::{OidcProvider, PocketBase, Target};
use serde_json::json;

use crate::oidc::agree;
use crate::stage::{HEALTHY, Stage};

const SIGN_IN: &str = r#"[data-provider="pocketbase"] [data-action="sign-in"]"#;
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "planted correct horse";

fn server() -> PocketBase {
    let servers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers");
    let server = PocketBase::start(servers.as_ref()).unwrap();
    server.add_user(EMAIL, PASSWORD, true).unwrap();
    server
}

async fn enter(stage: &Stage, server: &PocketBase) {
    let page = stage.page();
    page.click(SIGN_IN).await.unwrap();
    page.fill(Target::Field("Server"), &server.origin()).await.unwrap();
    page.click(r#"[data-prompt="enter-server"] [data-action="answer"]"#).await.unwrap();
}

async fn type_password(stage: &Stage, password: &str) {
    let page = stage.page();
    page.fill(Target::Field("Email"), EMAIL).await.unwrap();
    page.fill(Target::Field("Password"), password).await.unwrap();
    page.click(r#"[data-prompt="enter-password"] [data-action="answer"]"#).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_typed_in_the_window_connects_and_is_in_no_log_and_no_file() {
    let (server, stage) = (server(), Stage::new().await);
    enter(&stage, &server).await;
    type_password(&stage, "planted wrong words").await;
    let said = stage.page().text(r#"[data-prompt="enter-password"] [role="alert"]"#).await.unwrap();
    assert!(said.contains("Failed to authenticate"), "{said}");
    type_password(&stage, PASSWORD).await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    stage.page().wait_for(r#"[data-resting="memory"]"#).await.unwrap();
    let log = format!("{}{}", stage.window().stdout(), stage.window().stderr());
    assert!(log.contains("signed in"), "the log says something: {log}");
    for words in [PASSWORD, "planted wrong words"] {
        assert!(!log.contains(words), "a password is in the log");
        let files = std::fs::read_dir(stage.data_dir()).unwrap().flatten().map(|entry| entry.path());
        for path in files.filter(|path| path.is_file()) {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(words.len()).any(|window| window == words.as_bytes());
            assert!(!found, "a password is in {}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_and_then_a_password_connect_where_the_server_wants_both() {
    let (server, stage) = (server(), Stage::new().await);
    server.change_users(&json!({"otp": {"enabled": true}, "mfa": {"enabled": true}})).unwrap();
    enter(&stage, &server).await;
    let page = stage.page();
    page.click(r#"[data-action="method-one-time-code"]"#).await.unwrap();
    page.fill(Target::Field("Email"), EMAIL).await.unwrap();
    page.click(r#"[data-prompt="enter-address"] [data-action="answer"]"#).await.unwrap();
    let mail = server.mail("code").unwrap();
    page.fill(Target::Field("Code"), mail["code"].as_str().unwrap()).await.unwrap();
    page.click(r#"[data-prompt="enter-one-time-code"] [data-action="answer"]"#).await.unwrap();
    page.wait_for(r#"[data-prompt="enter-password"]"#).await.unwrap();
    type_password(&stage, PASSWORD).await;
    page.wait_for(HEALTHY).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_counts_as_half_a_sign_in_for_ten_seconds_and_then_the_window_says_so() {
    let (server, stage) = (server(), Stage::new().await);
    let both = json!({"otp": {"enabled": true}, "mfa": {"enabled": true, "duration": 10}});
    server.change_users(&both).unwrap();
    enter(&stage, &server).await;
    let page = stage.page();
    page.click(r#"[data-action="method-password"]"#).await.unwrap();
    type_password(&stage, PASSWORD).await;
    page.wait_gone(r#"[data-prompt="enter-password"]"#).await.unwrap();
    page.wait_for(r#"[data-ending="expired"]"#).await.unwrap();
    assert_eq!(page.count("[data-connection]").await.unwrap(), 0, "half a sign-in is none");
    page.click(r#"[data-ending="expired"] [data-action="dismiss"]"#).await.unwrap();

    server.change_users(&json!({"mfa": {"enabled": true, "duration": 600}})).unwrap();
    enter(&stage, &server).await;
    page.click(r#"[data-action="method-password"]"#).await.unwrap();
    type_password(&stage, PASSWORD).await;
    // The form before it has a field of this name as well.
    page.wait_for(r#"[data-prompt="enter-address"]"#).await.unwrap();
    page.fill(Target::Field("Email"), EMAIL).await.unwrap();
    page.click(r#"[data-prompt="enter-address"] [data-action="answer"]"#).await.unwrap();
    let mail = server.mail("code").unwrap();
    type_code(&stage, mail["code"].as_str().unwrap()).await;
    page.wait_for(HEALTHY).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_mail_signs_in_once_and_a_used_one_is_refused_at_its_field() {
    let (server, stage) = (server(), Stage::new().await);
    server.change_users(&json!({"otp": {"enabled": true}, "passwordAuth": {"enabled": false}})).unwrap();
    let code = ask_for_a_code(&stage, &server).await;
    type_code(&stage, &code).await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    let fresh = ask_for_a_code(&stage, &server).await;
    type_code(&stage, &code).await;
    stage.page().wait_for(r#"[data-prompt="enter-one-time-code"] [role="alert"]"#).await.unwrap();
    type_code(&stage, &fresh).await;
    stage.page().wait_gone("[data-prompt]").await.unwrap();
    assert_eq!(
        stage.page().count("[data-connection]").await.unwrap(),
        1,
        "the same account is no second one"
    );
}

async fn type_code(stage: &Stage, code: &str) {
    stage.page().fill(Target::Field("Code"), code).await.unwrap();
    stage.page().click(r#"[data-prompt="enter-one-time-code"] [data-action="answer"]"#).await.unwrap();
}

async fn ask_for_a_code(stage: &Stage, server: &PocketBase) -> String {
    enter(stage, server).await;
    let page = stage.page();
    page.fill(Target::Field("Email"), EMAIL).await.unwrap();
    page.click(r#"[data-prompt="enter-address"] [data-action="answer"]"#).await.unwrap();
    page.wait_for(r#"[data-prompt="enter-one-time-code"]"#).await.unwrap();
    server.mail("code").unwrap()["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_acts_in_another_name_in_memory_only_and_under_a_banner() {
    let (server, stage) = (server(), Stage::new().await);
    let ada = server.add_user("grace@example.com", PASSWORD, true).unwrap();
    let page = stage.page();
    page.click(SIGN_IN).await.unwrap();
    page.fill(Target::Field("Server"), &server.origin()).await.unwrap();
    page.fill(Target::Field("Collection"), "_superusers").await.unwrap();
    page.click(r#"[data-prompt="enter-server"] [data-action="answer"]"#).await.unwrap();
    let (identity, password) = server.superuser();
    page.fill(Target::Field("Email"), identity).await.unwrap();
    page.fill(Target::Field("Password"), password).await.unwrap();
    page.click(r#"[data-prompt="enter-password"] [data-action="answer"]"#).await.unwrap();
    page.wait_for(HEALTHY).await.unwrap();
    page.click("[data-connection] summary").await.unwrap();
    page.fill(Target::Field("Id of the account"), &ada).await.unwrap();
    page.click(r#"[data-action="impersonate"]"#).await.unwrap();
    let banner = page.text("[data-impersonated]").await.unwrap();
    assert!(
        banner.contains("acts in the name of grace") && banner.contains("cannot be prolonged"),
        "{banner}"
    );
    assert_eq!(stage.items(), Vec::<String>::new(), "a superuser's session is in no keychain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_limits_requests_is_waited_for_with_the_time_in_sight() {
    let (server, stage) = (server(), Stage::new().await);
    let rule = json!({"label": "*:auth", "audience": "", "duration": 10, "maxRequests": 2});
    enter(&stage, &server).await;
    stage.page().wait_for(r#"[data-prompt="enter-password"]"#).await.unwrap();
    server.change_settings(&json!({"rateLimits": {"enabled": true, "rules": [rule]}})).unwrap();
    for _ in 0..3 {
        type_password(&stage, "planted wrong words").await;
    }
    stage.page().wait_for(r#"[data-prompt="enter-password"] [role="timer"]"#).await.unwrap();
    let said = stage.page().text(r#"[data-prompt="enter-password"] [role="alert"]"#).await.unwrap();
    assert!(said.contains("wait"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_in_the_browser_signs_in_at_a_server_of_ones_own() {
    let (server, stage) = (server(), Stage::new().await);
    let servers = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers"));
    let mut node = stage.desktop.command("node");
    // PocketBase does not use what ends within ten seconds.
    node.env("ACCESS_TOKEN_LIFE", "600");
    let upstream = OidcProvider::start(node, servers).unwrap();
    let issuer = upstream.issuer();
    let provider = json!({
        "name": "oidc", "displayName": "Third Party", "clientId": "pocketbase", "pkce": true,
        "clientSecret": "the secret between two servers", "authURL": format!("{issuer}/auth"),
        "tokenURL": format!("{issuer}/token"), "userInfoURL": format!("{issuer}/me"),
    });
    server.change_users(&json!({"oauth2": {"enabled": true, "providers": [provider]}})).unwrap();
    enter(&stage, &server).await;
    stage.page().click(Target::Button("With Third Party, in the browser")).await.unwrap();
    let _tab = agree(&stage, "grace").await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    assert_eq!(stage.page().count("[data-connection]").await.unwrap(), 1);
}
