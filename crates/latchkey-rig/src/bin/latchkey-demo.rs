//! The demo on a machine without a display: one sign-in from the empty window to the healthy card.
//!
//! `latchkey-demo <app> <sandbox> <folder>`: walks through once with a real window and a real browser, and
//! leaves a picture of each step in the folder.

use std::{
    error::Error,
    fs,
    io::{Write, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use latchkey_rig::{App, AppWindow, Browser, Desktop, DesktopOptions, wait};

const USAGE: &str = "usage: latchkey-demo <app> <sandbox> <folder>";
const SCHEME: &str = "dev.latchkey.app";
const START_LIMIT: Duration = Duration::from_secs(20);
const CARD: &str = r#"[data-provider="sandbox"]"#;
const SIGN_IN: &str = r#"[data-provider="sandbox"] [data-action="sign-in"]"#;
const CONNECTED: &str = r#"[data-connection][data-health="connected"]"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match demo().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(stderr().lock(), "The demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demo() -> Result<(), Box<dyn Error>> {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [app, sandbox, folder] = words.as_slice() else {
        return Err(USAGE.into());
    };
    tokio::select! {
        done = walk(app, sandbox, folder) => done,
        stopped = tokio::signal::ctrl_c() => Err(stopped.err().map_or("stopped".into(), Into::into)),
    }
}

/// The walk. Whatever fails names its step; leaving drops the desktop and everything in it.
async fn walk(app: &Path, sandbox: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let desktop = Desktop::start(DesktopOptions::default())?;
    let provider = start_sandbox(&desktop, sandbox)?;
    desktop.allow_scheme(&provider, SCHEME)?;
    let album = Album { desktop: &desktop, folder };

    let app = App::new(app).variable("LATCHKEY_SANDBOX_URL", &provider);
    let window = AppWindow::open(&desktop, &app).await?;
    window.page().wait_for(CARD).await?;
    window.page().painted().await?;
    album.keep("01-window", "the window, nothing connected")?;

    window.page().click(SIGN_IN).await?;
    let browser = consent(&desktop, &provider, &album).await?;
    if let Err(error) = window.page().wait_for(CONNECTED).await {
        album.keep("03-failed", "what was seen when the step failed")?;
        return Err(format!("the card did not become healthy: {error}\n{}", window.stderr()).into());
    }
    browser.close_tab().await?;
    window.page().painted().await?;
    album.keep("03-connected", "the deep link has arrived, the connection is healthy")?;
    window.close().await?;
    writeln!(stdout().lock(), "The demo went through.")?;
    Ok(())
}

/// Agrees in the browser as a person would.
async fn consent(desktop: &Desktop, provider: &str, album: &Album<'_>) -> Result<Browser, Box<dyn Error>> {
    let browser = desktop.browser().await?;
    let page = browser.tab(provider).await?;
    page.wait_for("#agree").await?;
    if page.count("#account-ada").await? > 0 {
        page.click("#account-ada").await?;
    }
    page.painted().await?;
    album.keep("02-consent", "the provider asks in the real browser")?;
    page.click("#agree").await?;
    Ok(browser)
}

/// Starts the sandbox provider inside the desktop and reads its address from its first line.
fn start_sandbox(desktop: &Desktop, binary: &Path) -> Result<String, Box<dyn Error>> {
    let named = |error| format!("{}: {error}", binary.display());
    let log = desktop.home().join("sandbox.log");
    let mut command = desktop.command(binary.canonicalize().map_err(named)?);
    let mut provider = command.stdout(fs::File::create(&log)?).spawn().map_err(named)?;
    let address = wait::until("the sandbox provider to name its address", START_LIMIT, || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let line = text.split_once('\n').map_or("", |(first, _)| first);
        if let Some(address) = line.strip_prefix("sandbox ") {
            return Ok(Some(Some(address.trim().to_owned())));
        }
        Ok(matches!(provider.try_wait(), Ok(Some(_))).then_some(None))
    })?;
    address.ok_or_else(|| "the sandbox provider ended at once".into())
}

/// The pictures of the walk.
struct Album<'a> {
    desktop: &'a Desktop,
    folder: &'a Path,
}

impl Album<'_> {
    /// Keeps what the display shows and says where.
    fn keep(&self, name: &str, caption: &str) -> Result<(), Box<dyn Error>> {
        let path = self.folder.join(format!("{name}.png"));
        self.desktop.screenshot(&path)?;
        writeln!(stdout().lock(), "{}  {caption}", path.display())?;
        Ok(())
    }
}
