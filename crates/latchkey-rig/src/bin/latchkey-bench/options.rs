//! The command line of the benchmark.

use std::{path::PathBuf, time::Duration};

use latchkey_rig::Display;

use crate::Outcome;

const USAGE: &str = "usage: latchkey-bench [--starts <n>] [--rests <n>] [--seconds <n>] [--display <name>] \
                     [--data <folder>] <app> <bare window>";

/// What to compare, and how long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// How often each is started to first paint.
    pub(crate) starts: usize,
    /// How often each is left alone to be weighed.
    pub(crate) rests: usize,
    /// How long it is left alone, once with the window open and once with it hidden.
    pub(crate) span: Duration,
    /// Where the windows open.
    pub(crate) display: Display,
    /// Where `one` and `many` are, the app's data with one connection and with many.
    pub(crate) data: Option<PathBuf>,
    /// The app.
    pub(crate) app: PathBuf,
    /// The floor.
    pub(crate) bare: PathBuf,
}

impl Options {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let (mut starts, mut rests, mut seconds) = (15, 3, 60);
        let mut display = Display::Private { width: 1280, height: 900 };
        let (mut paths, mut data) = (Vec::new(), None);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(USAGE);
            match word.as_str() {
                "--starts" => starts = value()?.parse()?,
                "--rests" => rests = value()?.parse()?,
                "--seconds" => seconds = value()?.parse()?,
                "--display" => display = Display::Existing(value()?),
                "--data" => data = Some(PathBuf::from(value()?)),
                path if !path.starts_with("--") => paths.push(PathBuf::from(path)),
                _ => return Err(USAGE.into()),
            }
        }
        let [app, bare] = paths.try_into().map_err(|_| USAGE)?;
        if starts == 0 || rests == 0 || seconds == 0 {
            return Err("the numbers must be greater than zero".into());
        }
        Ok(Self { starts, rests, span: Duration::from_secs(seconds), display, data, app, bare })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn numbers_and_paths_are_read() {
        let options = parse("--starts 3 app --display :7 bare").unwrap();
        assert_eq!((options.starts, options.app, options.bare), (3, "app".into(), "bare".into()));
        assert_eq!(options.display, Display::Existing(":7".into()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["app", "a b c", "--starts x a b", "--starts 0 a b", "--what a b"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
