//! What the engine costs, measured beside what the same machine does without it, in one run.
//!
//! `cargo bench -p latchkey-engine --bench speed -- [--callers <n>] [--commits <n>] [--connections <n>]
//! [--starts <n>] [--seconds <n>]`
//!
//! `-- --leave <folder>` leaves the data of one connection and of a thousand there, for the bench of the window.
//!
//! The ratio counts, not the milliseconds. It ends with a failure when an aim is missed.

mod callers;
mod folder;
mod host;
mod idling;
mod keychain;
mod lending;
mod options;
mod report;
mod saving;
mod stopwatch;
mod starting;
mod world;

use std::{
    error::Error,
    io::{Write, stderr, stdout},
    process::ExitCode,
};

use options::Options;
use report::Row;

/// So many connections are many.
const MANY: usize = 1_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.as_slice() {
        [host, folder] if host == host::WORD => host::run(folder.as_ref()).await.map(|()| true),
        [leave, below, ..] if leave == "--leave" => folder::leave(MANY, below.as_ref()).await.map(|()| true),
        _ => bench(words).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(stderr().lock(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every aim is met.
async fn bench(words: Vec<String>) -> Outcome<bool> {
    let options = Options::parse(words.into_iter())?;
    tell("engine, one connection: callers, lends, saves")?;
    let mut rows = callers::measure(options.callers).await?;
    rows.extend(lending::measure().await?);
    rows.extend(saving::measure(options.commits).await?);
    tell(&format!("engine, {} connections: starts, rest", options.connections))?;
    let folders = folder::Folders::make(options.connections).await?;
    rows.extend(starting::measure(&folders, options.starts).await?);
    rows.extend(idling::measure(&folders, options.seconds).await?);
    tell(&report::table(&rows))?;
    Ok(rows.iter().all(Row::is_met))
}

fn tell(text: &str) -> Outcome<()> {
    Ok(writeln!(stdout().lock(), "{text}")?)
}
