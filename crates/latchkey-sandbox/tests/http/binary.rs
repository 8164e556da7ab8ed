//! The sandbox as a process of its own.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::http;

#[tokio::test]
async fn the_process_says_where_it_is_and_answers_there() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_latchkey-sandbox"))
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let origin = line.strip_prefix("sandbox ").unwrap();
    assert!(origin.starts_with("http://127.0.0.1:"));
    let settings = http().get(format!("{origin}/_control/settings")).send().await.unwrap();
    assert_eq!(settings.status(), 200);
    process.kill().await.unwrap();
}

#[tokio::test]
async fn nonsense_arguments_are_refused() {
    let status = Command::new(env!("CARGO_BIN_EXE_latchkey-sandbox"))
        .arg("--verbose")
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(!status.success());
}
