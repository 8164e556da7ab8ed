//! The command line of the benchmark.

use crate::Outcome;

const USAGE: &str =
    "usage: speed [--callers <n>] [--commits <n>] [--connections <n>] [--starts <n>] [--seconds <n>]";

/// How much of everything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Callers at once on one token that has run out.
    pub(crate) callers: usize,
    /// Renewed sets that are saved.
    pub(crate) commits: usize,
    /// Connections of the full engine.
    pub(crate) connections: usize,
    /// How often each engine is started.
    pub(crate) starts: usize,
    /// For how many seconds both are left alone.
    pub(crate) seconds: u32,
}

impl Options {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let (mut callers, mut commits, mut connections, mut starts, mut seconds) =
            (10_000, 2_000, crate::MANY, 15, 60);
        while let Some(word) = words.next() {
            let number = match word.as_str() {
                "--callers" => &mut callers,
                "--commits" => &mut commits,
                "--connections" => &mut connections,
                "--starts" => &mut starts,
                "--seconds" => &mut seconds,
                // Cargo says this to everything it runs as a benchmark.
                "--bench" => continue,
                _ => return Err(USAGE.into()),
            };
            *number = words.next().ok_or(USAGE)?.parse()?;
        }
        if [callers, commits, connections, starts, seconds].contains(&0) {
            return Err("the numbers must be greater than zero".into());
        }
        let seconds = u32::try_from(seconds)?;
        Ok(Self { callers, commits, connections, starts, seconds })
    }
}
