//! The simulator: whole worlds with a seed. One thread, paused time, the real engine and the real database;
//! everything the engine touches fails, lies and dies as the seed says.
//!
//! `LATCHKEY_SEEDS` says how many (2,000 without it), `LATCHKEY_FIRST_SEED` where to begin. A seed that
//! failed is run again, alone, with `LATCHKEY_FIRST_SEED=<it> LATCHKEY_SEEDS=1`. `LATCHKEY_BUGS` names the
//! planted bugs to look for, with commas between; without it all are.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a campaign says what it has done")]

mod checks;
mod edges;
mod ending;
mod life;
mod network;
mod plan;
mod provider;
mod rng;
mod world;

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use latchkey_engine::{Planted, plant};
use world::{Tally, World};

/// A folder in which nothing is written.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// What became of a world.
struct Verdict {
    violations: Vec<String>,
    hash: u64,
    tally: Tally,
}

fn simulate(seed: u64) -> Verdict {
    if std::env::var_os("LATCHKEY_NAME_SEEDS").is_some() {
        println!("seed {seed}");
    }
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(seed);
        life::live(&world).await;
        let hash = world.hash();
        let state = world.state();
        Verdict { violations: state.violations.clone(), hash, tally: state.tally }
    })
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs the seeds on both cores; `judge` looks at each and says whether to go on.
fn run(first: u64, count: u64, planted: Option<Planted>, judge: impl Fn(u64, &Verdict) -> bool + Sync) {
    let next = AtomicU64::new(first);
    let stop = AtomicBool::new(false);
    let workers = if std::env::var_os(SHARE).is_some() { 1 } else { cores() };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                plant(planted);
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || stop.load(Ordering::Relaxed) {
                        break;
                    }
                    if !judge(seed, &simulate(seed)) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

/// Says to a process that the seeds it is given are its own to run.
const SHARE: &str = "LATCHKEY_SHARE";

#[test]
fn no_sign_in_is_lost_that_could_be_kept() {
    let (first, count) = (number("LATCHKEY_FIRST_SEED", 0), number("LATCHKEY_SEEDS", 2_000));
    let cores = cores();
    if cores > 1 && count > 1_000 && std::env::var_os(SHARE).is_none() {
        in_processes(first, count, cores);
    } else {
        in_threads(first, count);
    }
}

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| u64::try_from(cores.get()).unwrap())
}

/// A process for each core: worlds in one process wait for each other at the locks of `SQLite` and of the allocator.
fn in_processes(first: u64, count: u64, cores: u64) {
    let share = count.div_ceil(cores);
    // Asked of the compiler: a name that no test has would run nothing and pass.
    let path = std::any::type_name_of_val(&no_sign_in_is_lost_that_could_be_kept);
    let name = path.rsplit("::").next().unwrap();
    let start = |core: u64| {
        let before = core * share;
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        process.args([name, "--exact", "--nocapture"]);
        process.env(SHARE, "1").env("LATCHKEY_FIRST_SEED", (first + before).to_string());
        process.env("LATCHKEY_SEEDS", share.min(count.saturating_sub(before)).to_string());
        process.spawn().unwrap()
    };
    let mut processes: Vec<_> = (0..cores).map(start).collect();
    let failed =
        processes.iter_mut().filter_map(|process| Some(process.wait().unwrap()).filter(|end| !end.success()));
    assert_eq!(failed.count(), 0, "of {count} seeds from {first} some failed: they are named above");
}

fn in_threads(first: u64, count: u64) {
    let failures = std::sync::Mutex::new(Vec::new());
    let sum = std::sync::Mutex::new(Tally::default());
    run(first, count, None, |seed, verdict| {
        sum.lock().unwrap().add(&verdict.tally);
        // Every fiftieth runs twice: a seed that cannot be replayed explains nothing.
        if seed % 50 == 0 && simulate(seed).hash != verdict.hash {
            tell(&mut failures.lock().unwrap(), format!("seed {seed} ran differently the second time"));
        }
        if !verdict.violations.is_empty() {
            let shown = verdict.violations.iter().take(5).cloned().collect::<Vec<_>>().join("\n    ");
            tell(&mut failures.lock().unwrap(), format!("seed {seed} (kind {}):\n    {shown}", seed % 12));
        }
        if seed > first && (seed - first).is_multiple_of(10_000) {
            println!("{} seeds, {} failures", seed - first, failures.lock().unwrap().len());
        }
        failures.lock().unwrap().len() < 20
    });
    println!("{count} seeds from {first}: {:?}", sum.lock().unwrap());
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Notes a failure and says it at once: a campaign that is stopped has told what it saw.
fn tell(failures: &mut Vec<String>, failure: String) {
    println!("{failure}");
    failures.push(failure);
}

/// Whether the world of this seed is in order without the bug: else it is something else that was caught.
fn is_clean_without(bug: Planted, seed: u64) -> bool {
    plant(None);
    let verdict = simulate(seed);
    plant(Some(bug));
    verdict.violations.is_empty()
}

/// Where the first seed is that catches a planted bug.
fn first_catch(bug: Planted, most: u64) -> Option<u64> {
    let found = AtomicU64::new(u64::MAX);
    run(0, most, Some(bug), |seed, verdict| {
        let caught = !verdict.violations.is_empty() && is_clean_without(bug, seed);
        if caught {
            found.fetch_min(seed, Ordering::Relaxed);
        }
        !caught
    });
    Some(found.into_inner()).filter(|seed| *seed != u64::MAX)
}

#[test]
fn every_planted_bug_is_caught() {
    let most = number("LATCHKEY_SEEDS", 2_000).max(20_000);
    let mut missed = Vec::new();
    let named = std::env::var("LATCHKEY_BUGS").unwrap_or_default();
    let wanted = |bug: &&Planted| named.is_empty() || named.split(',').any(|name| name == format!("{bug:?}"));
    for bug in Planted::ALL.iter().filter(wanted) {
        match first_catch(*bug, most) {
            Some(seed) => println!("{bug:?}: seed {seed}"),
            None => missed.push(format!("{bug:?}")),
        }
    }
    assert!(missed.is_empty(), "within {most} seeds nobody noticed: {}", missed.join(", "));
}
