//! The watcher of sleep and network, on a private bus with a logind and a NetworkManager of our own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::waits::PATIENCE;
use latchkey_engine::{SurroundingsChange, watch_system_on};
use tokio::sync::mpsc;
use zbus::Connection;
use zbus::connection::Builder;

/// A bus for this test alone.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("dbus-daemon, which script/setup --test installs: {error}"));
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned() }
    }

    fn guest(&self) -> Builder<'_> {
        Builder::address(self.address.as_str()).unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

struct NetworkManager {
    state: u32,
}

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
impl NetworkManager {
    #[zbus(name = "state")]
    fn state(&self) -> u32 {
        self.state
    }
}

async fn network_manager(bus: &Bus, state: u32) -> Connection {
    let path = "/org/freedesktop/NetworkManager";
    let guest = bus.guest().serve_at(path, NetworkManager { state }).unwrap();
    guest.name("org.freedesktop.NetworkManager").unwrap().build().await.unwrap()
}

async fn logind(bus: &Bus) -> Connection {
    bus.guest().name("org.freedesktop.login1").unwrap().build().await.unwrap()
}

async fn prepare_for_sleep(logind: &Connection, starting: bool) {
    let (path, interface) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
    logind.emit_signal(None::<&str>, path, interface, "PrepareForSleep", &starting).await.unwrap();
}

async fn state_changed(network: &Connection, state: u32) {
    let (path, interface) = ("/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager");
    network.emit_signal(None::<&str>, path, interface, "StateChanged", &state).await.unwrap();
}

/// Watches the bus; the changes arrive at the other end.
async fn watch(bus: &Bus) -> mpsc::UnboundedReceiver<SurroundingsChange> {
    let guest = bus.guest().build().await.unwrap();
    let (tell, changes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        watch_system_on(&guest, move |change| tell.send(change).unwrap_or_default()).await
    });
    changes
}

async fn next(changes: &mut mpsc::UnboundedReceiver<SurroundingsChange>) -> Option<SurroundingsChange> {
    tokio::time::timeout(PATIENCE, changes.recv()).await.unwrap()
}

#[tokio::test]
async fn sleep_and_network_are_reported_as_the_system_tells_them() {
    let bus = Bus::start();
    let (logind, network) = (logind(&bus).await, network_manager(&bus, 70).await);
    let mut changes = watch(&bus).await;
    assert_eq!(next(&mut changes).await, Some(SurroundingsChange::NetworkUp), "as it is at the start");
    prepare_for_sleep(&logind, true).await;
    prepare_for_sleep(&logind, false).await;
    assert_eq!(next(&mut changes).await, Some(SurroundingsChange::Woke));
    for (state, change) in [(20, SurroundingsChange::NetworkDown), (70, SurroundingsChange::NetworkUp)] {
        state_changed(&network, state).await;
        assert_eq!(next(&mut changes).await, Some(change));
    }
}

#[tokio::test]
async fn a_stranger_on_the_bus_who_calls_itself_logind_is_not_believed() {
    let bus = Bus::start();
    let network = network_manager(&bus, 70).await;
    let _logind = logind(&bus).await;
    let mut changes = watch(&bus).await;
    assert_eq!(next(&mut changes).await, Some(SurroundingsChange::NetworkUp));
    let stranger = bus.guest().build().await.unwrap();
    prepare_for_sleep(&stranger, false).await;
    state_changed(&network, 20).await;
    assert_eq!(next(&mut changes).await, Some(SurroundingsChange::NetworkDown), "and nothing before it");
}

#[tokio::test]
async fn without_a_network_manager_sleep_is_still_noticed() {
    let bus = Bus::start();
    let logind = logind(&bus).await;
    let mut changes = watch(&bus).await;
    // Until the watcher listens nobody hears the signal, so it is given until it is heard.
    let heard = async {
        loop {
            prepare_for_sleep(&logind, false).await;
            if let Ok(change) =
                tokio::time::timeout(std::time::Duration::from_millis(50), changes.recv()).await
            {
                return change;
            }
        }
    };
    let heard = tokio::time::timeout(PATIENCE, heard).await.unwrap();
    assert_eq!(heard, Some(SurroundingsChange::Woke));
}
