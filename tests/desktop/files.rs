//! Broken files on disk: the window says which, where and what to do, and the file is kept.

use crate::stage::{SIGN_IN, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn broken_files_are_named_in_the_window_and_kept_and_the_rest_works() {
    let mut stage = Stage::closed().await;
    let provider = stage.providers_dir().join("mine.toml");
    std::fs::write(&provider, "id = \"mine\"\nname = 7\n").unwrap();
    std::fs::create_dir_all(stage.data_dir()).unwrap();
    let (database, settings) = (stage.data_dir().join("latchkey.db"), stage.data_dir().join("settings.json"));
    std::fs::write(&database, "this is no database, however one looks at it").unwrap();
    std::fs::write(&settings, "").unwrap();
    stage.open().await;
    let page = stage.page();
    for (kind, says) in [
        ("provider-file", "mine.toml, line 2"),
        ("database", "latchkey.db.damaged-1"),
        ("settings", "settings.json.damaged"),
    ] {
        let notice = page.text(&*format!(r#"[data-notice="{kind}"]"#)).await.unwrap();
        assert!(notice.contains(says), "{kind}: {notice}");
    }
    assert_eq!(std::fs::read_to_string(&provider).unwrap(), "id = \"mine\"\nname = 7\n");
    let kept = std::fs::read_to_string(stage.data_dir().join("latchkey.db.damaged-1")).unwrap();
    assert_eq!(kept, "this is no database, however one looks at it");
    page.wait_for(SIGN_IN).await.unwrap();
    stage.sign_in("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_later_version_is_left_alone_and_the_window_says_why() {
    let mut stage = Stage::closed().await;
    std::fs::create_dir_all(stage.data_dir()).unwrap();
    let database = stage.data_dir().join("latchkey.db");
    let made = stage
        .desktop
        .command("python3")
        .args([
            "-c",
            "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('PRAGMA user_version = 99')",
        ])
        .arg(&database)
        .status();
    assert!(made.unwrap().success());
    let before = std::fs::read(&database).unwrap();
    stage.open().await;
    let said = stage.page().wait_for_text("body", "later version of Latchkey").await;
    assert!(said.is_ok(), "{}", stage.page().body().await.unwrap());
    assert_eq!(std::fs::read(&database).unwrap(), before);
}
