//! Compares the app with the smallest window that the same parts can make.
//!
//! `latchkey-bench [--starts <n>] [--rests <n>] [--seconds <n>] [--display <name>] [--data <folder>] <app> <bare window>`
//!
//! Both are started, looked at from outside and ended by the same code, in shuffled order, so that whatever
//! else the machine does falls on both. The ratio of the medians counts, not the milliseconds.

mod options;
mod report;
mod subject;

use std::{
    error::Error,
    hash::{BuildHasher, RandomState},
    io::{Write, stderr, stdout},
    path::Path,
    process::ExitCode,
};

use latchkey_rig::{Desktop, DesktopOptions, Screen};
use options::Options;
use report::Figures;
use subject::{Rest, Subject};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = tokio::select! {
        done = bench() => done,
        _ = tokio::signal::ctrl_c() => Err("stopped".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(stderr().lock(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn bench() -> Outcome<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let display = options.display.clone();
    let desktop = Desktop::start(DesktopOptions { display, ..DesktopOptions::default() })?;
    let screen = Screen::open(desktop.display())?;
    let subjects = [Subject::new(&options.app), Subject::new(&options.bare)];
    let mut figures = [Figures::default(), Figures::default()];

    // The first start of each fills caches and creates files; it is not counted.
    for subject in &subjects {
        subject.start(&desktop, &screen)?.end()?;
    }
    for turn in shuffled(options.starts) {
        let run = subjects[turn].start(&desktop, &screen)?;
        tell(&format!("start  {:<16} {:.0} ms", subjects[turn].name(), run.milliseconds()))?;
        figures[turn].starts.push(run.milliseconds());
        run.end()?;
    }
    let full = match &options.data {
        Some(data) => full(&options, data, &desktop, &screen)?,
        None => String::new(),
    };
    for turn in shuffled(options.rests) {
        let run = subjects[turn].start(&desktop, &screen)?;
        let rest = run.rest(&screen, options.span).await?;
        run.end()?;
        tell(&format!("rest   {:<16} {rest}", subjects[turn].name()))?;
        figures[turn].keep(&rest);
    }
    let [app, bare] = figures;
    tell(&(report::table(&app, &bare) + &full))
}

/// Starts of the app with one connection and with many, as a line of the table.
fn full(options: &Options, data: &Path, desktop: &Desktop, screen: &Screen) -> Outcome<String> {
    let subjects = ["one", "many"].map(|name| Subject::with_data(&options.app, data.join(name)));
    let mut starts = [Vec::new(), Vec::new()];
    for subject in &subjects {
        subject.start(desktop, screen)?.end()?;
    }
    for turn in shuffled(options.starts) {
        let run = subjects[turn].start(desktop, screen)?;
        tell(&format!("start  {:<16} {:.0} ms", subjects[turn].name(), run.milliseconds()))?;
        starts[turn].push(run.milliseconds());
        run.end()?;
    }
    let [one, many] = starts;
    Ok(report::full(&many, &one))
}

fn tell(text: &str) -> Outcome<()> {
    Ok(writeln!(stdout().lock(), "{text}")?)
}

/// `runs` turns of each of the two subjects, in an order that nobody chose.
fn shuffled(runs: usize) -> Vec<usize> {
    let chance = RandomState::new();
    let mut turns: Vec<usize> = (0..runs * 2).collect();
    turns.sort_by_key(|turn| chance.hash_one(turn));
    turns.into_iter().map(|turn| turn % 2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_subjects_get_the_same_number_of_turns() {
        let turns = shuffled(7);
        assert_eq!(turns.len(), 14);
        assert_eq!(turns.iter().filter(|turn| **turn == 0).count(), 7);
    }
}
