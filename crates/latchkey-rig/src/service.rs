//! A program of the desktop that runs in its own process group and never outlives its owner.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::{Error, Result, process};

/// How much of a log an error quotes.
const LAST_WORDS: usize = 2_000;

/// A running program; killed with its whole process group when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts `command` in a process group of its own; stderr goes to `<logs>/<name>.log`.
    ///
    /// A stdin or stdout that the caller has set stays; by default both are closed.
    pub(crate) fn start(name: &str, mut command: Command, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = fs::File::create(&log).map_err(Error::file("create", &log))?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).stderr(file).spawn().map_err(Error::start(program))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes `text` to the program's stdin and closes it.
    pub(crate) fn feed(&mut self, text: &str) -> Result<()> {
        let Some(mut input) = self.child.stdin.take() else {
            return Err(self.failure("has no stdin"));
        };
        input.write_all(text.as_bytes()).map_err(Error::io(format!("write to {}", self.name)))
    }

    /// Reads lines of the program's stdout until `pick` finds what it looks for.
    pub(crate) fn announce(&mut self, pick: impl Fn(&str) -> Option<String>) -> Result<String> {
        let Some(output) = self.child.stdout.as_mut() else {
            return Err(self.failure("has no stdout"));
        };
        let mut lines = BufReader::new(output).lines();
        let found = lines.by_ref().map_while(io::Result::ok).find_map(|line| pick(&line));
        found.ok_or_else(|| self.failure("ended before it was ready"))
    }

    /// An error when the program has ended, with its last words.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.failure(&format!("ended with {status}"))),
            Err(source) => Err(Error::Io { doing: format!("look at {}", self.name), source }),
        }
    }

    /// Sends a signal to the whole process group.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        process::signal(self.pid(), signal)
    }

    fn failure(&self, detail: &str) -> Error {
        let words = fs::read_to_string(&self.log).unwrap_or_default();
        let start = words.len().saturating_sub(LAST_WORDS);
        let words = words.get(start..).unwrap_or(&words).trim();
        Error::failed(
            &self.name,
            if words.is_empty() { detail.to_owned() } else { format!("{detail}: {words}") },
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // The group may be gone already; there is nobody to tell.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// Closed stdin and piped stdout: what most programs of the desktop are started with.
pub(crate) fn piped(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}
