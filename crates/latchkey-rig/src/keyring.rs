//! The Secret Service of the desktop, and the ways in which it fails people.

use std::{
    collections::{BTreeMap, HashMap},
    process::Stdio,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;
use zbus::{
    blocking::{Connection, Proxy},
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use crate::{Error, Result, bus, environment::Environment, service::Service, wait};

const SERVICE: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const PASSWORD: &str = "rig-password";
const START_LIMIT: Duration = Duration::from_secs(10);

/// One item of the keyring, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringItem {
    /// The name a person sees.
    pub label: String,
    /// What it is found by.
    pub attributes: BTreeMap<String, String>,
    /// Whether it lies in a locked collection.
    pub locked: bool,
}

/// A gnome-keyring daemon of the desktop's own. The bus never starts one by itself.
#[derive(Debug)]
pub struct Keyring {
    environment: Environment,
    bus: String,
    daemon: Mutex<Option<Service>>,
}

impl Keyring {
    pub(crate) fn absent(environment: Environment, bus: String) -> Self {
        Self { environment, bus, daemon: Mutex::new(None) }
    }

    /// Starts the daemon, unlocked; a running one is ended first. The items are those of the last run.
    pub fn restart(&self) -> Result<()> {
        let mut slot = self.slot();
        *slot = None;
        let mut command = self.environment.command("gnome-keyring-daemon");
        command
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let mut daemon = Service::start("keyring", command, &self.environment.logs())?;
        daemon.feed(PASSWORD)?;
        let ready = wait::until("the keyring to be unlocked", START_LIMIT, || {
            daemon.check()?;
            Ok(self.ask("ask for the default collection", is_unlocked).ok().filter(|unlocked| *unlocked))
        });
        *slot = Some(daemon);
        ready.map(drop)
    }

    /// Kills the daemon: from here on there is no Secret Service.
    pub fn stop(&self) {
        *self.slot() = None;
    }

    /// Locks the default collection, as a person or a screen lock does.
    pub fn lock(&self) -> Result<()> {
        self.ask("lock the keyring", |bus| {
            let service = secret_service(bus)?;
            let _: (Vec<OwnedObjectPath>, OwnedObjectPath) =
                service.call("Lock", &(vec![collection(bus)?],))?;
            Ok(())
        })
    }

    /// Unlocks the default collection without a dialog.
    pub fn unlock(&self) -> Result<()> {
        self.ask("unlock the keyring", |bus| {
            let (_, session): (OwnedValue, OwnedObjectPath) =
                secret_service(bus)?.call("OpenSession", &("plain", Value::from("")))?;
            let internal =
                Proxy::new(bus, SERVICE, ROOT, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface")?;
            let password = (session, Vec::<u8>::new(), PASSWORD.as_bytes(), "text/plain");
            internal.call("UnlockWithMasterPassword", &(collection(bus)?, password))
        })
    }

    /// Stops the daemon's clock: calls neither succeed nor fail.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a paused daemon go on.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// The items whose attribute `service` has this value; they are listed in a locked keyring as well.
    pub fn items(&self, service: &str) -> Result<Vec<KeyringItem>> {
        self.search(&[("service", service)])
    }

    /// The items that carry all of `attributes`; all items when there are none.
    pub fn search(&self, attributes: &[(&str, &str)]) -> Result<Vec<KeyringItem>> {
        let wanted: HashMap<&str, &str> = attributes.iter().copied().collect();
        self.ask("search the keyring", |bus| {
            let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
                secret_service(bus)?.call("SearchItems", &(wanted,))?;
            let paths =
                unlocked.iter().map(|path| (path, false)).chain(locked.iter().map(|path| (path, true)));
            paths.map(|(path, locked)| item(bus, path, locked)).collect()
        })
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        match self.slot().as_ref() {
            Some(daemon) => daemon.signal(signal),
            None => Err(Error::failed("keyring", "is not running")),
        }
    }

    fn ask<T: Send>(
        &self,
        doing: &str,
        question: impl FnOnce(&Connection) -> zbus::Result<T> + Send,
    ) -> Result<T> {
        bus::ask(&self.bus, doing, question)
    }

    fn slot(&self) -> MutexGuard<'_, Option<Service>> {
        self.daemon.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secret_service(bus: &Connection) -> zbus::Result<Proxy<'static>> {
    Proxy::new(bus, SERVICE, ROOT, "org.freedesktop.Secret.Service")
}

/// The path of the default collection.
fn collection(bus: &Connection) -> zbus::Result<OwnedObjectPath> {
    secret_service(bus)?.call("ReadAlias", &("default",))
}

fn is_unlocked(bus: &Connection) -> zbus::Result<bool> {
    let path = collection(bus)?;
    if path.as_str() == "/" {
        return Ok(false);
    }
    let locked: bool =
        Proxy::new(bus, SERVICE, path, "org.freedesktop.Secret.Collection")?.get_property("Locked")?;
    Ok(!locked)
}

fn item(bus: &Connection, path: &OwnedObjectPath, locked: bool) -> zbus::Result<KeyringItem> {
    let proxy = Proxy::new(bus, SERVICE, path.clone(), "org.freedesktop.Secret.Item")?;
    let attributes: HashMap<String, String> = proxy.get_property("Attributes")?;
    Ok(KeyringItem {
        label: proxy.get_property("Label")?,
        attributes: attributes.into_iter().collect(),
        locked,
    })
}
