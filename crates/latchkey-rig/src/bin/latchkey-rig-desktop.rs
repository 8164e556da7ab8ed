//! Runs a program in a private desktop: what `script/run` does on a machine without a display.
//!
//! `latchkey-rig-desktop run -- <program> [arguments]`

use std::{
    error::Error,
    io::{Write, stderr, stdout},
    process::{Command, ExitCode, ExitStatus},
    time::Duration,
};

use latchkey_rig::{
    Desktop, DesktopOptions,
    process::{self, Signal},
    wait,
};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: latchkey-rig-desktop run -- <program> [arguments]";
/// How long a program may take to end after it was asked to.
const FAREWELL: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start().await.unwrap_or_else(|error| {
        // Nobody is left to tell when stderr is closed.
        let _ = writeln!(stderr().lock(), "{error}");
        ExitCode::FAILURE
    })
}

async fn start() -> Result<ExitCode, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some("run"), Some("--"), Some(program)) =
        (words.next().as_deref(), words.next().as_deref(), words.next())
    else {
        return Err(USAGE.into());
    };
    let desktop = Desktop::start(DesktopOptions::default())?;
    tell(&desktop)?;
    let mut command = desktop.command(program);
    command.args(words);
    run(command).await
}

/// Says where the program can be looked at.
fn tell(desktop: &Desktop) -> std::io::Result<()> {
    let display = desktop.display();
    writeln!(
        stdout().lock(),
        "The window opens on the virtual display {display}. To see it:\n  \
         import -display {display} -window root window.png\nCtrl-C ends it."
    )
}

/// Runs the program to its end, or until this one is told to end.
async fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = tokio::process::Command::from(command).spawn()?;
    let pid = child.id().unwrap_or_default();
    tokio::select! {
        status = child.wait() => return Ok(code(status?)),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    // After ctrl-C the terminal has told the program already, and it may be gone.
    let _ = process::signal(pid, Signal::TERM);
    let _ = wait::until("the program to end", FAREWELL, || Ok((!process::is_alive(pid)).then_some(())));
    Ok(ExitCode::from(130))
}

/// The program's own exit code; 1 when a signal ended it.
fn code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
