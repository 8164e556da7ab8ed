//! One process of the engine (`examples/host.rs`), and how it is asked and killed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use serde_json::Value;

use crate::waits::PATIENCE;

/// Ignores the signal of a file that may not grow, which passes through `exec`, and becomes the host.
const BECOME: &str = "trap '' XFSZ; exec \"$0\" \"$@\"";

/// What does so.
pub(crate) const SHELL: &str = "sh";

/// What builds the host; a test of the whole package does so by itself.
const BUILD: &str = "cargo build -p latchkey-engine --example host";

/// A running host.
pub(crate) struct Host {
    process: Child,
    commands: ChildStdin,
    answers: Receiver<(u64, Value)>,
    /// Read while another one was waited for.
    seen: Vec<(u64, Value)>,
    last: u64,
}

/// Whether a data folder has one owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// As in the product.
    One,
    /// Several processes share it.
    None,
}

/// Where cargo puts the example, beside this test.
fn program() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/host");
    assert!(path.exists(), "the host is missing: {BUILD}");
    path
}

/// As the host hashes what it lends.
pub(crate) fn hashed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Host {
    /// Starts one on a folder. It may be killed before it is ready.
    pub(crate) fn spawn(folder: &Path, sandbox: &str, owner: Owner) -> Self {
        let options: &[&str] = match owner {
            Owner::One => &[],
            Owner::None => &["--without-owner"],
        };
        Self::spawn_with(folder, sandbox, options)
    }

    fn spawn_with(folder: &Path, sandbox: &str, options: &[&str]) -> Self {
        Self::spawn_as(Command::new(SHELL), folder, sandbox, options)
    }

    fn spawn_as(mut command: Command, folder: &Path, sandbox: &str, options: &[&str]) -> Self {
        command.args(["-c", BECOME]).arg(program()).arg(folder).args(options);
        command.env("LATCHKEY_SANDBOX_URL", sandbox).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let commands = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            // A line that a kill cut short is none.
            let told = lines.map_while(Result::ok).filter_map(|line| {
                let (number, answer) = line.split_once(' ')?;
                Some((number.parse().ok()?, serde_json::from_str(answer).ok()?))
            });
            told.into_iter().try_for_each(|answer| sender.send(answer))
        });
        Self { process, commands, answers, seen: Vec::new(), last: 0 }
    }

    /// The same, ready.
    pub(crate) fn start(folder: &Path, sandbox: &str, owner: Owner) -> Self {
        Self::spawn(folder, sandbox, owner).ready()
    }

    /// Starts one where no file may grow beyond `limit` bytes.
    pub(crate) fn start_limited(folder: &Path, sandbox: &str, limit: u64) -> Self {
        Self::spawn_with(folder, sandbox, &["--limit", &limit.to_string()]).ready()
    }

    /// Starts one that reaches everything beyond this computer through a proxy.
    pub(crate) fn start_behind(folder: &Path, sandbox: &str, proxy: &str) -> Self {
        let variables = [("HTTPS_PROXY", proxy), ("https_proxy", proxy), ("NO_PROXY", ""), ("no_proxy", "")];
        let mut command = Command::new(SHELL);
        command.envs(variables);
        Self::spawn_as(command, folder, sandbox, &[]).ready()
    }

    /// Starts one on a desktop, with the keychain of that desktop. `shell` is a command of its [`SHELL`].
    #[cfg(target_os = "linux")]
    pub(crate) fn start_on(shell: Command, folder: &Path, sandbox: &str) -> Self {
        Self::spawn_as(shell, folder, sandbox, &["--system-keychain"]).ready()
    }

    /// Waits for its first word, which says from what it was built: `cargo test --test` leaves an old one.
    fn ready(mut self) -> Self {
        let built_from = self.answer(0)["ready"].as_u64();
        let source = hashed(include_str!("../../examples/host.rs"));
        assert_eq!(built_from, Some(source), "an old host: {BUILD}");
        self
    }

    /// Sends a command; its number names its answer.
    pub(crate) fn send(&mut self, command: &str) -> u64 {
        self.last += 1;
        writeln!(self.commands, "{} {command}", self.last).unwrap();
        self.last
    }

    /// The next answer to a command.
    pub(crate) fn answer(&mut self, number: u64) -> Value {
        loop {
            if let Some(at) = self.seen.iter().position(|(of, _)| *of == number) {
                return self.seen.remove(at).1;
            }
            match self.answers.recv_timeout(PATIENCE) {
                Ok(answer) => self.seen.push(answer),
                Err(RecvTimeoutError::Timeout) => panic!("command {number}: no answer"),
                Err(RecvTimeoutError::Disconnected) => panic!("command {number}: the host has ended"),
            }
        }
    }

    pub(crate) fn ask(&mut self, command: &str) -> Value {
        let number = self.send(command);
        self.answer(number)
    }

    /// The end of a lend, whether or not it had to wait.
    pub(crate) fn lent(&mut self, number: u64) -> Vec<Value> {
        loop {
            let answer = self.answer(number);
            if let Some(lent) = answer["lent"].as_array() {
                return lent.clone();
            }
            assert!(answer["waiting"].is_u64(), "{answer}");
        }
    }

    /// One caller.
    pub(crate) fn lend(&mut self) -> Value {
        let number = self.send("lend 0 1");
        self.lent(number).remove(0)
    }

    /// SIGKILL; what it had told before.
    pub(crate) fn kill(&mut self) -> Vec<Value> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let later = self.answers.iter();
        self.seen.drain(..).chain(later).map(|(_, answer)| answer).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
