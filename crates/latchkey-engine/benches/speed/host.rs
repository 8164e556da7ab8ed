//! The engine as a process of its own, so that a start is the first of its process and its wake-ups are its own.
//!
//! This program starts itself with [`WORD`] and a folder. The engine then tells how long its start took, and each
//! line on its standard input is answered with what has happened since.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use latchkey_engine::{Boot, Clock, Engine, Sleep, SystemClock};
use latchkey_protocol::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::keychain::Files;
use crate::stopwatch::Stopwatch;
use crate::world::options;
use crate::{Outcome, tell};

/// The first argument of an engine.
pub(crate) const WORD: &str = "engine-on";

const ORIGIN: &str = "LATCHKEY_SANDBOX_URL";

/// The system's clock, and how often somebody went to sleep by it: an idle engine's one sleeper is its scheduler.
struct Looks(watch::Sender<u32>);

impl Clock for Looks {
    fn boot(&self) -> Boot {
        SystemClock.boot()
    }

    fn wall(&self) -> Timestamp {
        SystemClock.wall()
    }

    fn suspended_ms(&self) -> i64 {
        SystemClock.suspended_ms()
    }

    fn sleep_until(&self, deadline: Boot) -> Sleep<'_> {
        self.0.send_modify(|looks| *looks += 1);
        SystemClock.sleep_until(deadline)
    }
}

/// Is the engine, until standard input is closed.
pub(crate) async fn run(folder: &Path) -> Outcome<()> {
    let looks = Arc::new(Looks(watch::Sender::default()));
    let keychain = Files::below(folder);
    let options = options(folder, looks.clone(), keychain.factory(), std::env::var(ORIGIN)?);
    let watch = Stopwatch::start();
    let engine = Engine::start(options).await?;
    let started = watch.milliseconds();
    looks.0.subscribe().wait_for(|looks| *looks > 0).await?;
    let looked = watch.milliseconds();
    let connections = engine.overview().connections.len();
    tell(&json!({ "started": started, "looked": looked, "connections": connections }).to_string())?;
    let (lines, mut asked) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| lines.send(line))
    });
    while asked.recv().await.is_some() {
        tell(&json!({ "looks": *looks.0.borrow(), "calls": keychain.calls() }).to_string())?;
        stdout().flush()?;
    }
    Ok(())
}

/// A running engine, seen from outside.
pub(crate) struct Host {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Milliseconds from the call until the engine had started.
    pub(crate) started: f64,
    /// Milliseconds until its scheduler had looked at everything once.
    pub(crate) looked: f64,
}

impl Host {
    /// Starts one on a folder of `connections`.
    pub(crate) fn start(folder: &Path, origin: &str, connections: usize) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(WORD).arg(folder).env(ORIGIN, origin).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let questions = process.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut host = Self { process, questions, answers, started: 0.0, looked: 0.0 };
        let answer = host.answer()?;
        if answer["connections"] != connections {
            return Err(format!("the engine has not {connections} connections: {answer}").into());
        }
        (host.started, host.looked) = (number(&answer, "started")?, number(&answer, "looked")?);
        Ok(host)
    }

    /// How often its scheduler has looked, and how often its keychain was asked.
    pub(crate) fn counts(&mut self) -> Outcome<(f64, f64)> {
        writeln!(self.questions)?;
        let answer = self.answer()?;
        Ok((number(&answer, "looks")?, number(&answer, "calls")?))
    }

    /// How often each of its threads has gone to sleep so far, each time to be woken once.
    pub(crate) fn wakeups(&self) -> Outcome<BTreeMap<OsString, f64>> {
        let mut all = BTreeMap::new();
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let thread = thread?;
            // One that has just ended has no status.
            let Ok(status) = std::fs::read_to_string(thread.path().join("status")) else { continue };
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            let count = line.ok_or("the system does not count wake-ups")?.trim().parse()?;
            all.insert(thread.file_name(), count);
        }
        Ok(all)
    }

    fn answer(&mut self) -> Outcome<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn number(answer: &Value, name: &str) -> Outcome<f64> {
    Ok(answer[name].as_f64().ok_or_else(|| format!("no {name} in {answer}"))?)
}
