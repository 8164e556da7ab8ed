//! After whole journeys: no secret in logs, files, environments, arguments or the memory of the web view.

use std::path::{Path, PathBuf};

use latchkey_rig::process;
use latchkey_sandbox::Endpoint;

use crate::stage::{HEALTHY, SIGN_IN, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_outside_the_engine() {
    let stage = Stage::new().await;
    stage.control().change_settings(|settings| settings.access_token_life_seconds = 4);
    stage.sign_in("ada").await;
    stage.requests(Endpoint::Refresh, 2).await;
    stage.page().click(r#"[data-connection] [data-action="reconnect"]"#).await.unwrap();
    stage.agree("ada").await;
    stage.requests(Endpoint::Token, 2).await;
    stage.page().wait_for(HEALTHY).await.unwrap();
    stage.page().click(SIGN_IN).await.unwrap();
    stage.consent().await.page.click("#decline").await.unwrap();
    stage.page().wait_for(r#"[data-ending="declined"]"#).await.unwrap();

    let secrets = secrets(&stage);
    assert!(secrets.len() >= 10, "{}", secrets.len());
    in_logs(&stage, &secrets);
    in_files(&stage.data_dir(), &secrets);
    in_files(&stage.desktop.config_dir().join("dev.latchkey.desktop"), &secrets);
    in_processes(&stage, &secrets);
}

fn secrets(stage: &Stage) -> Vec<String> {
    let issued = stage.control().issued();
    let all =
        [issued.codes, issued.access_tokens, issued.refresh_tokens, issued.states, issued.code_verifiers];
    all.into_iter().flatten().collect()
}

fn in_logs(stage: &Stage, secrets: &[String]) {
    let log = format!("{}{}", stage.window().stdout(), stage.window().stderr());
    assert!(log.contains("signed in"), "the log says something: {log}");
    for secret in secrets {
        assert!(!log.contains(secret.as_str()), "a secret is in the log");
    }
}

fn in_files(folder: &Path, secrets: &[String]) {
    let mut files = Vec::new();
    collect(folder, &mut files);
    for path in files {
        let bytes = std::fs::read(&path).unwrap_or_default();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

fn in_processes(stage: &Stage, secrets: &[String]) {
    let app = stage.window().pid();
    let needles: Vec<&[u8]> = secrets.iter().map(String::as_bytes).collect();
    let mut web_views = 0;
    for pid in std::iter::once(app).chain(process::descendants(app)) {
        let words = process::command_line(pid);
        let variables = process::environment(pid);
        for secret in secrets {
            assert!(
                !words.iter().any(|word| word.contains(secret.as_str())),
                "a secret is an argument of {words:?}"
            );
            assert!(
                !variables.values().any(|value| value.contains(secret.as_str())),
                "a secret is in an environment"
            );
        }
        if words.first().is_some_and(|program| program.contains("WebKit")) {
            let name: &[u8] = b"Ada Lovelace";
            // The web process holds what the card shows: the search finds what is there.
            let found = process::search_memory(pid, &[name]).unwrap();
            web_views += usize::from(!found.is_empty());
            let leaked = process::search_memory(pid, &needles).unwrap();
            assert!(leaked.is_empty(), "{} secrets in the memory of {words:?}", leaked.len());
        }
    }
    assert!(web_views > 0, "no web view was searched");
}
