//! A session bus with nothing on it but what the desktop puts there.

use std::{fs, thread, time::Duration};

use zbus::blocking::{Connection, connection};

use crate::{
    Error, Result,
    environment::Environment,
    service::{Service, piped},
};

/// Limit for one call, so that a stopped service cannot stop the test.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// No service folders: nothing is started by being called, so an absent keyring stays absent.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=@socket@</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Starts the bus; its address is the second value.
pub(crate) fn start(environment: &Environment) -> Result<(Service, String)> {
    let path = environment.root.join("bus.conf");
    let socket = environment.runtime().join("bus");
    let configuration = CONFIGURATION.replace("@socket@", &socket.to_string_lossy());
    fs::write(&path, configuration).map_err(Error::file("write", &path))?;
    let mut command = environment.command("dbus-daemon");
    command.arg("--config-file").arg(&path).args(["--nofork", "--print-address=1"]);
    let mut daemon = Service::start("dbus", piped(command), &environment.logs())?;
    let address = daemon.announce(|line| line.starts_with("unix:").then(|| line.trim().to_owned()))?;
    Ok((daemon, address))
}

/// Connects to the bus and asks something there.
///
/// On a thread of its own: depending on the features that other packages switch on, a blocking call
/// inside an asynchronous task panics.
pub(crate) fn ask<T: Send>(
    address: &str,
    doing: &str,
    question: impl FnOnce(&Connection) -> zbus::Result<T> + Send,
) -> Result<T> {
    let answer = thread::scope(|scope| {
        let asker = scope.spawn(|| {
            let bus = connection::Builder::address(address)?.method_timeout(CALL_LIMIT).build()?;
            question(&bus)
        });
        asker.join().unwrap_or_else(|_| Err(zbus::Error::Failure("the call panicked".into())))
    });
    answer.map_err(Error::bus(doing))
}
