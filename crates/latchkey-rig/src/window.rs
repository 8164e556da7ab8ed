//! The app's own window under WebDriver, and the process behind it.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use fantoccini::Client;
use rustix::process::Signal;
use serde_json::json;

use crate::{Desktop, Error, Page, Result, driver::Driver, process, wait};

const RESIZE_LIMIT: Duration = Duration::from_secs(5);
const END_LIMIT: Duration = Duration::from_secs(10);

/// Numbers the logs of apps that were opened one after the other.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Light or dark, as a person sets it for the whole desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourScheme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// What to start, and how.
#[derive(Debug, Clone)]
pub struct App {
    binary: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(OsString, OsString)>,
}

impl App {
    /// The program with this path.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self { binary: binary.into(), arguments: Vec::new(), variables: Vec::new() }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable; the browser that the app opens, and second instances, inherit it.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Chooses light or dark.
    #[must_use]
    pub fn colours(self, scheme: ColourScheme) -> Self {
        let theme = match scheme {
            ColourScheme::Light => "Adwaita",
            ColourScheme::Dark => "Adwaita:dark",
        };
        self.variable("GTK_THEME", theme)
    }

    fn apply(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}

/// An open window of the app.
#[derive(Debug)]
pub struct AppWindow {
    page: Page,
    pid: u32,
    stdout: PathBuf,
    stderr: PathBuf,
    // Held for its `Drop`.
    _driver: Driver,
}

impl AppWindow {
    /// Starts the app in the desktop and takes hold of its window.
    pub async fn open(desktop: &Desktop, app: &App) -> Result<Self> {
        let wrapper = Wrapper::write(desktop, &app.binary)?;
        let driver = Driver::web_view(desktop.environment(), |command| app.apply(command))?;
        let client = match driver.session(wrapper.capabilities(&app.arguments)).await {
            Ok(client) => client,
            Err(error) => {
                return Err(Error::failed("the app", format!("{error}\n{}", read(&wrapper.stderr))));
            }
        };
        let pid = wrapper.pid()?;
        Ok(Self {
            page: Page::new(client),
            pid,
            stdout: wrapper.stdout,
            stderr: wrapper.stderr,
            _driver: driver,
        })
    }

    /// The page in the window.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The process id of the app.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the app has written to stdout so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// What the app has written to stderr so far.
    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Gives the window another size, and waits until the page has taken it up.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let client = self.client();
        client.set_window_size(width, height).await.map_err(Error::page("resize the window"))?;
        wait::until_ok("the page to take the window's size", RESIZE_LIMIT, async || {
            let (width, _) = client.get_window_size().await.map_err(Error::page("ask for the size"))?;
            let inner = self.page.execute("return innerWidth", vec![]).await?;
            if inner.as_u64() == Some(width) {
                Ok(())
            } else {
                Err(Error::NotYet(format!("the page is {inner} wide in a window of {width}")))
            }
        })
        .await
    }

    /// Ends the app in the middle of whatever it does.
    pub fn kill(self) -> Result<()> {
        process::signal(self.pid, Signal::KILL)?;
        self.ended()
    }

    /// Asks the process to end, as the system does when a session is over.
    pub fn terminate(&self) -> Result<()> {
        process::signal(self.pid, Signal::TERM)
    }

    /// Waits until the app has ended by itself.
    pub fn wait_for_end(self) -> Result<()> {
        self.ended()
    }

    /// Ends the WebDriver session and the app with it.
    pub async fn close(self) -> Result<()> {
        // The driver ends the app, whatever the app does on a closed window; it must not be asked twice.
        let closed = self.client().clone().close().await;
        if process::is_alive(self.pid) {
            // Fails when the app ends at this moment.
            let _ = process::signal(self.pid, Signal::TERM);
        }
        self.ended()?;
        closed.map_err(Error::page("close the window"))
    }

    fn ended(&self) -> Result<()> {
        wait::until("the app to end", END_LIMIT, || Ok((!process::is_alive(self.pid)).then_some(())))
    }

    fn client(&self) -> &Client {
        self.page.client()
    }
}

/// The script between the driver and the app: the driver shows neither the app's id nor its output.
struct Wrapper {
    script: PathBuf,
    pid: PathBuf,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Wrapper {
    fn write(desktop: &Desktop, binary: &Path) -> Result<Self> {
        let environment = desktop.environment();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let log = |kind: &str| environment.logs().join(format!("app-{number}.{kind}"));
        let script = environment.scripts().join(format!("app-{number}"));
        let wrapper = Self { script, pid: log("pid"), stdout: log("stdout"), stderr: log("stderr") };
        let binary = fs::canonicalize(binary).map_err(Error::file("find", binary))?;
        // `exec` keeps the process id.
        let text = format!(
            "#!/bin/sh\necho $$ >'{}'\nexec '{}' \"$@\" >'{}' 2>'{}'\n",
            wrapper.pid.display(),
            binary.display(),
            wrapper.stdout.display(),
            wrapper.stderr.display()
        );
        fs::write(&wrapper.script, text).map_err(Error::file("write", &wrapper.script))?;
        fs::set_permissions(&wrapper.script, Permissions::from_mode(0o755))
            .map_err(Error::file("protect", &wrapper.script))?;
        Ok(wrapper)
    }

    fn capabilities(&self, arguments: &[String]) -> serde_json::Map<String, serde_json::Value> {
        let options = json!({ "binary": self.script, "args": arguments });
        serde_json::Map::from_iter([("webkitgtk:browserOptions".to_owned(), options)])
    }

    fn pid(&self) -> Result<u32> {
        let text = read(&self.pid);
        text.trim().parse().map_err(|_| Error::failed("the app", "was not started by the driver"))
    }
}

/// A log as text; one that does not exist is empty.
fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
