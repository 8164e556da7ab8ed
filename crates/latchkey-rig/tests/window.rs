//! A window under WebDriver, shown with the web view's own small browser in place of the app.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{path::PathBuf, time::Duration};

use latchkey_rig::{App, AppWindow, ColourScheme, Desktop, DesktopOptions, Result, Target, process};
use serde_json::json;
use support::{page, serve};

#[tokio::test]
async fn a_window_is_read_filled_and_clicked() -> Result<()> {
    let desktop = Desktop::start(DesktopOptions::default())?;
    let window = open(&desktop, ColourScheme::Light).await?;
    let page = window.page();

    assert_eq!(page.title().await?, "Greeting");
    page.fill(Target::Field("Your name"), "Ada").await?;
    page.click(Target::Button("Greet")).await?;
    assert_eq!(page.wait_for_text("output", "Hello").await?, "Hello, Ada");
    assert_eq!(page.attribute("output", "data-state").await?.as_deref(), Some("done"));
    page.click("#hide").await?;
    page.wait_gone("output").await?;
    assert_eq!(page.count("button").await?, 2);
    assert_eq!(page.execute("return arguments[0] + 1", vec![json!(1)]).await?, json!(2));

    let late = page.with_patience(Duration::from_millis(300)).wait_for("#absent").await;
    assert!(late.unwrap_err().to_string().contains("#absent"));
    let shot = desktop.home().join("window.png");
    page.screenshot(&shot).await?;
    assert!(shot.metadata().unwrap().len() > 1_000);
    window.close().await
}

#[tokio::test]
async fn a_window_takes_a_size_and_the_colours_of_the_desktop() -> Result<()> {
    let desktop = Desktop::start(DesktopOptions::default())?;
    let window = open(&desktop, ColourScheme::Dark).await?;
    let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
    assert_eq!(window.page().execute(dark, vec![]).await?, json!(true));
    window.resize(500, 400).await?;
    let width = window.page().execute("return innerWidth", vec![]).await?;
    assert_eq!(width, json!(500));
    window.close().await
}

#[tokio::test]
async fn the_process_behind_the_window_is_known() -> Result<()> {
    let desktop = Desktop::start(DesktopOptions::default())?;
    let window = open(&desktop, ColourScheme::Light).await?;
    let pid = window.pid();
    assert!(process::command_line(pid)[0].ends_with("MiniBrowser"));
    assert_eq!(process::environment(pid).get("RIG_TEST").map(String::as_str), Some("yes"));
    let family = process::descendants(pid);
    assert!(!family.is_empty(), "the web view has processes of its own");
    assert!(process::memory(&family) > 1_000_000);
    window.kill()?;
    assert!(!process::is_alive(pid));

    let again = open(&desktop, ColourScheme::Light).await?;
    assert_eq!(again.page().title().await?, "Greeting");
    again.close().await
}

#[tokio::test]
async fn an_app_that_does_not_start_says_why() {
    let desktop = Desktop::start(DesktopOptions::default()).unwrap();
    let missing = AppWindow::open(&desktop, &App::new("/no/such/program")).await;
    assert!(missing.unwrap_err().to_string().contains("/no/such/program"));
}

async fn open(desktop: &Desktop, scheme: ColourScheme) -> Result<AppWindow> {
    let app = App::new(small_browser()).argument("--automation").variable("RIG_TEST", "yes").colours(scheme);
    let window = AppWindow::open(desktop, &app).await?;
    let origin = serve(site);
    window.page().client().goto(&origin).await.unwrap();
    Ok(window)
}

fn site(_path: &str) -> String {
    page(
        "Greeting",
        "<label for=name>Your name</label><input id=name>
         <button onclick=\"greet()\">Greet</button>
         <button id=hide onclick=\"document.querySelector('output').hidden = true\">Hide</button>
         <output></output>
         <script>
           function greet() {
             const out = document.querySelector('output')
             setTimeout(() => { out.textContent = `Hello, ${document.querySelector('#name').value}`
                                out.dataset.state = 'done' }, 200)
           }
         </script>",
    )
}

/// The browser that comes with the web view's library.
fn small_browser() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut found = folders.map(|folder| folder.path().join("webkit2gtk-4.1/MiniBrowser"));
    found.find(|path| path.is_file()).expect("MiniBrowser of libwebkit2gtk-4.1-0")
}
