//! Signing in to a server of one's own, in the window: a password, and a code with a second method.

use latchkey_rig::{PocketBase, Target};
use serde_json::json;

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
