//! A computer without any Secret Service: sign-ins are kept under a passphrase, and the window says so.

use latchkey_rig::{KeyringStart, Target};

use crate::stage::{HEALTHY, SIGN_IN, Stage};

const WORDS: &str = "planted horse battery staple";

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_service_a_passphrase_keeps_the_sign_in_and_the_window_says_where_it_is() {
    let mut stage = Stage::with_keyring(KeyringStart::Absent).await;
    stage.open().await;
    let page = stage.page();
    page.click(SIGN_IN).await.unwrap();
    page.click(r#"dialog[open] [data-action="protect"]"#).await.unwrap();
    page.fill(Target::Field("New passphrase"), WORDS).await.unwrap();
    page.fill(Target::Field("The same again"), WORDS).await.unwrap();
    page.click(r#"[data-action="confirm-protect"]"#).await.unwrap();
    page.wait_for(r#"[data-protection="passphrase"]"#).await.unwrap();

    stage.sign_in("ada").await;
    let where_it_is = page.text(r#"[data-protection="passphrase"]"#).await.unwrap();
    assert!(where_it_is.contains("sealed on this computer under your passphrase"), "{where_it_is}");
    page.wait_for(r#"[data-resting="sealed"]"#).await.unwrap();

    assert_eq!(files_with(&stage, WORDS), Vec::<String>::new(), "a passphrase is written nowhere");

    stage.kill();
    stage.open().await;
    let page = stage.page();
    page.wait_for(r#"[data-vault="passphrase-needed"]"#).await.unwrap();
    page.fill(Target::Field("Passphrase"), WORDS).await.unwrap();
    page.click(r#"[data-action="unlock"]"#).await.unwrap();
    page.wait_gone(r#"[data-vault="passphrase-needed"]"#).await.unwrap();
    page.wait_for(HEALTHY).await.unwrap();
    page.click(r#"[data-connection] [data-action="check"]"#).await.unwrap();
    page.wait_for(HEALTHY).await.unwrap();
    assert_eq!(stage.refusals(), Vec::<String>::new());
}

fn files_with(stage: &Stage, words: &str) -> Vec<String> {
    let files = std::fs::read_dir(stage.data_dir()).unwrap().flatten();
    let files = files.filter(|file| file.path().is_file());
    let holds = |bytes: Vec<u8>| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    let found = files.filter(|file| holds(std::fs::read(file.path()).unwrap()));
    found.map(|file| file.path().display().to_string()).collect()
}
