//! One of the two programs that are compared, and one run of it.

use std::{
    collections::BTreeMap,
    fmt::{Display, Formatter},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use latchkey_rig::{
    Desktop, Screen,
    process::{self, Signal},
    wait,
};
use x11rb::protocol::xproto::Window;

use crate::Outcome;

/// What happens after the first paint is no rest yet.
const SETTLE: Duration = Duration::from_secs(5);
const END_LIMIT: Duration = Duration::from_secs(10);

/// A program to measure.
pub(crate) struct Subject {
    binary: PathBuf,
    data: Option<PathBuf>,
}

/// A running program with its window painted.
pub(crate) struct Run {
    child: Child,
    window: Window,
    start: Duration,
}

/// Figures of a program that is left alone.
pub(crate) struct Rest {
    /// Memory in MiB over all processes, window open.
    pub(crate) open: f64,
    /// The same with the window hidden.
    pub(crate) hidden: f64,
    /// Wakeups a minute of the program's own process, window open.
    pub(crate) wakeups_open: f64,
    /// The same with the window hidden.
    pub(crate) wakeups_hidden: f64,
    /// Wakeups a minute of all processes, window hidden.
    pub(crate) wakeups_family: f64,
}

impl Subject {
    /// The program with this path.
    pub(crate) fn new(binary: &Path) -> Self {
        Self { binary: binary.to_owned(), data: None }
    }

    /// The same with data of its own.
    pub(crate) fn with_data(binary: &Path, data: PathBuf) -> Self {
        Self { binary: binary.to_owned(), data: Some(data) }
    }

    /// The file name, for people, and that of its data.
    pub(crate) fn name(&self) -> String {
        let names = [Some(&self.binary), self.data.as_ref()].into_iter().flatten();
        let names = names.map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Starts the program and waits for its first paint.
    pub(crate) fn start(&self, desktop: &Desktop, screen: &Screen) -> Outcome<Run> {
        let mut command = desktop.command(&self.binary);
        command.envs(self.data.as_ref().map(|data| ("XDG_DATA_HOME", data)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (painted, start) = wait::timed(|| -> Outcome<(Child, Window)> {
            let child = command.spawn()?;
            let window = screen.first_paint(child.id())?;
            Ok((child, window))
        });
        let (child, window) = painted.map_err(|error| format!("{}: {error}", self.name()))?;
        Ok(Run { child, window, start })
    }
}

impl Run {
    /// From the start of the process to the first paint.
    pub(crate) fn milliseconds(&self) -> f64 {
        self.start.as_secs_f64() * 1_000.0
    }

    /// Leaves the program alone with its window open, then with its window hidden.
    pub(crate) async fn rest(&self, screen: &Screen, span: Duration) -> Outcome<Rest> {
        wait::elapse(SETTLE).await;
        let (own_open, _) = self.wakeups(span).await;
        let open = self.memory();
        screen.hide(self.window)?;
        wait::elapse(SETTLE).await;
        let (own_hidden, family) = self.wakeups(span).await;
        Ok(Rest {
            open,
            hidden: self.memory(),
            wakeups_open: own_open,
            wakeups_hidden: own_hidden,
            wakeups_family: family,
        })
    }

    /// Ends the program and everything it started.
    pub(crate) fn end(mut self) -> Outcome<()> {
        let family = self.family();
        // Killed, not asked: an app that lives on in the tray would have to be asked in its own way.
        self.child.kill()?;
        self.child.wait()?;
        wait::until("the program's helpers to end", END_LIMIT, || {
            let left: Vec<_> = family.iter().filter(|pid| process::is_alive(**pid)).collect();
            for pid in &left {
                // It may end at this moment.
                let _ = process::signal(**pid, Signal::KILL);
            }
            Ok(left.is_empty().then_some(()))
        })?;
        Ok(())
    }

    /// Wakeups a minute over `span`: of the own process, and of all processes.
    async fn wakeups(&self, span: Duration) -> (f64, f64) {
        let before = self.sleeps();
        wait::elapse(span).await;
        let after = self.sleeps();
        let own = self.child.id();
        let rate = |of: &dyn Fn(u32) -> bool| {
            let woken = after
                .iter()
                .filter(|(pid, _)| of(**pid))
                .map(|(pid, after)| before.get(pid).map_or(0, |before| process::woken(before, after)));
            count(woken.sum()) * 60.0 / span.as_secs_f64()
        };
        (rate(&|pid| pid == own), rate(&|_| true))
    }

    fn sleeps(&self) -> BTreeMap<u32, BTreeMap<u32, u64>> {
        self.family().into_iter().map(|pid| (pid, process::sleeps(pid))).collect()
    }

    fn memory(&self) -> f64 {
        count(process::memory(&self.family()) / 1024) / 1024.0
    }

    fn family(&self) -> Vec<u32> {
        let mut family = process::descendants(self.child.id());
        family.push(self.child.id());
        family
    }
}

impl Display for Rest {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:.0} MiB open, {:.0} MiB hidden; wakeups a minute: {:.0} open, {:.0} hidden, {:.0} with helpers",
            self.open, self.hidden, self.wakeups_open, self.wakeups_hidden, self.wakeups_family
        )
    }
}

/// A count as a number that can be divided; counts here are far below where precision ends.
fn count(value: u64) -> f64 {
    u32::try_from(value).map_or(f64::INFINITY, f64::from)
}
