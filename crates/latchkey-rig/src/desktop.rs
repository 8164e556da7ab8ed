//! The private desktop: comes up in one call, and goes away without leaving a process or a file.

use std::{
    collections::BTreeSet,
    env,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio, id},
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    Browser, Error, Keyring, Result, bus, display, environment::Environment, look, process, profile,
    service::Service, wait,
};

/// Ends everything when the owner is killed and cannot: the pipe to the keeper's stdin closes with the owner.
///
/// Arguments: the folder to remove, the line of the environment and the word of the command line that tell
/// whose process it is.
const KEEPER: &str = r#"cat >/dev/null
for round in 1 2; do
  for found in $(grep -lszFx -e "$2" /proc/[0-9]*/environ; grep -lszF -e "$3" /proc/[0-9]*/cmdline); do
    found=${found#/proc/}
    found=${found%%/*}
    [ "$found" = "$$" ] || kill -KILL "$found" 2>/dev/null
  done
done
rm -rf -- "$1""#;
const SWEEP_LIMIT: Duration = Duration::from_secs(5);

/// Which display the desktop shows itself on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Display {
    /// A virtual one of this size, visible to nobody else.
    Private {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// One that exists, named as in `DISPLAY`.
    Existing(String),
}

/// In which state the keyring is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyringStart {
    /// Ready, as after a graphical login.
    Unlocked,
    /// Running, but its password has not been given.
    Locked,
    /// No Secret Service at all.
    Absent,
}

/// What kind of desktop to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesktopOptions {
    /// The display.
    pub display: Display,
    /// The keyring.
    pub keyring: KeyringStart,
    /// The home folder to use and to keep; a fresh one that is removed at the end when `None`.
    pub home: Option<PathBuf>,
}

impl Default for DesktopOptions {
    fn default() -> Self {
        Self {
            display: Display::Private { width: 1280, height: 900 },
            keyring: KeyringStart::Unlocked,
            home: None,
        }
    }
}

/// A running private desktop. Dropping it ends every process that was started inside.
#[derive(Debug)]
pub struct Desktop {
    keyring: Keyring,
    environment: Environment,
    // Held for their `Drop`, in this order.
    _bus: Service,
    _display: Option<Service>,
    _keeper: Service,
    _folder: TempDir,
}

impl Desktop {
    /// Starts display, bus and keyring and makes the rig's browser the default one.
    pub fn start(options: DesktopOptions) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("latchkey-rig-").tempdir();
        let folder = folder.map_err(Error::io("create the desktop's folder"))?;
        let mut environment = Environment {
            root: folder.path().to_owned(),
            home: options.home.unwrap_or_else(|| folder.path().join("home")),
            display: None,
            authority: None,
            bus: None,
        };
        create_folders(&environment)?;
        let keeper = keeper(&environment)?;
        let (display, name) = match options.display {
            Display::Private { width, height } => {
                let (server, name) = display::start(&environment, width, height)?;
                (Some(server), name)
            }
            Display::Existing(name) => {
                environment.authority = env::var_os("XAUTHORITY");
                (None, name)
            }
        };
        environment.display = Some(name);
        let (bus, address) = bus::start(&environment)?;
        environment.bus = Some(address.clone());
        let keyring = Keyring::absent(environment.clone(), address);
        let desktop =
            Self { keyring, environment, _bus: bus, _display: display, _keeper: keeper, _folder: folder };
        desktop.furnish(options.keyring)?;
        Ok(desktop)
    }

    fn furnish(&self, keyring: KeyringStart) -> Result<()> {
        match keyring {
            KeyringStart::Unlocked => self.keyring.restart()?,
            KeyringStart::Locked => {
                self.keyring.restart()?;
                self.keyring.lock()?;
            }
            KeyringStart::Absent => {}
        }
        look::install(&self.environment)?;
        profile::install(&self.environment)
    }

    /// A command that runs inside the desktop and sees nothing of the outer one.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        self.environment.command(program)
    }

    /// The private `HOME`.
    pub fn home(&self) -> &Path {
        &self.environment.home
    }

    /// Where programs keep their data: `~/.local/share`.
    pub fn data_dir(&self) -> PathBuf {
        self.home().join(".local/share")
    }

    /// Where programs keep their settings: `~/.config`.
    pub fn config_dir(&self) -> PathBuf {
        self.home().join(".config")
    }

    /// The private `XDG_RUNTIME_DIR`, mode 0700.
    pub fn runtime_dir(&self) -> PathBuf {
        self.environment.runtime()
    }

    /// The display's name, as in `DISPLAY`.
    pub fn display(&self) -> &str {
        self.environment.display.as_deref().unwrap_or_default()
    }

    /// The session bus's address.
    pub fn bus_address(&self) -> &str {
        self.environment.bus.as_deref().unwrap_or_default()
    }

    /// The keyring, to be looked into, locked, stopped and so on.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Lets pages of `origin` (scheme, host, port) open links of `scheme` without a question.
    ///
    /// Must be said before the browser starts.
    pub fn allow_scheme(&self, origin: &str, scheme: &str) -> Result<()> {
        profile::allow_scheme(&self.environment, origin, scheme)
    }

    /// Waits until something has opened the default browser, and takes hold of it.
    pub async fn browser(&self) -> Result<Browser> {
        Browser::attach(&self.environment).await
    }

    /// Saves what the whole display shows as a PNG file.
    pub fn screenshot(&self, path: impl AsRef<Path>) -> Result<()> {
        display::screenshot(&self.environment, path.as_ref())
    }

    /// Ids of all processes that were started inside the desktop and live.
    pub fn processes(&self) -> Vec<u32> {
        let (mark, browser) = (self.environment.mark(), profile::word(&self.environment));
        let all = process::all().into_iter().filter(|pid| *pid != id());
        // A browser wipes its environment and rewrites its command line, in one word.
        let belongs = |pid: &u32| {
            let words = process::command_line(*pid);
            process::has_variable(*pid, &mark) || words.iter().any(|word| word.contains(&browser))
        };
        let mut inside: Vec<u32> = all.filter(belongs).collect();
        let helpers: Vec<u32> = inside.iter().flat_map(|pid| process::descendants(*pid)).collect();
        inside.extend(helpers);
        inside.sort_unstable();
        inside.dedup();
        inside.retain(|pid| process::is_alive(*pid));
        inside
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // A process may fork while it is killed, and one whose parent is gone cannot be found again: so the
        // look is repeated, and whoever was seen is waited for.
        let mut seen = BTreeSet::new();
        let _ = wait::until("the desktop to be empty", SWEEP_LIMIT, || {
            seen.extend(self.processes());
            seen.retain(|pid| process::is_alive(*pid));
            for pid in &seen {
                let _ = process::signal(*pid, Signal::KILL);
            }
            Ok(seen.is_empty().then_some(()))
        });
    }
}

fn create_folders(environment: &Environment) -> Result<()> {
    for folder in [
        environment.home.clone(),
        environment.home.join(".config"),
        environment.home.join(".local/share/applications"),
        environment.runtime(),
        environment.logs(),
        environment.scripts(),
        environment.temporary(),
    ] {
        fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    }
    let runtime = environment.runtime();
    fs::set_permissions(&runtime, Permissions::from_mode(0o700)).map_err(Error::file("protect", &runtime))
}

fn keeper(environment: &Environment) -> Result<Service> {
    let mut command = Command::new("sh");
    command.args(["-c", KEEPER, "keeper"]).arg(&environment.root);
    command.arg(environment.mark()).arg(profile::word(environment));
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    Service::start("keeper", command, &environment.logs())
}
