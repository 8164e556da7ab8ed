//! Two engines with nothing to do, side by side: many connections, and one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use crate::Outcome;
use crate::folder::Folders;
use crate::host::Host;
use crate::report::{Aim, Row};
use crate::stopwatch::pass;

/// What happens after a start, or after a question, is no rest yet.
const SETTLE: Duration = Duration::from_secs(3);
/// Between two looks at the threads, some of which end.
const LOOK: Duration = Duration::from_secs(1);
/// The longest sleep of the scheduler, in seconds.
const LONGEST_SLEEP: f64 = 41.0;
/// Wake-ups a minute that many connections may add.
const MORE: f64 = 2.0;

/// An engine at rest.
struct Resting {
    host: Host,
    counts: (f64, f64),
    /// Wake-ups of each thread, at the beginning and when it was last seen.
    first: BTreeMap<OsString, f64>,
    last: BTreeMap<OsString, f64>,
}

/// What happened while nothing was due.
struct Rest {
    looks: f64,
    calls: f64,
    wakeups: f64,
}

impl Resting {
    fn begin(mut host: Host) -> Outcome<Self> {
        let counts = host.counts()?;
        Ok(Self { host, counts, first: BTreeMap::new(), last: BTreeMap::new() })
    }

    fn look(&mut self) -> Outcome<()> {
        let threads = self.host.wakeups()?;
        if self.first.is_empty() {
            self.first.clone_from(&threads);
        }
        self.last.extend(threads);
        Ok(())
    }

    fn end(mut self) -> Outcome<Rest> {
        let (looks, calls) = self.host.counts()?;
        let wakeups = self.last.values().sum::<f64>() - self.first.values().sum::<f64>();
        Ok(Rest { looks: looks - self.counts.0, calls: calls - self.counts.1, wakeups })
    }
}

/// Leaves both alone for so many `seconds`.
pub(crate) async fn measure(folders: &Folders, seconds: u32) -> Outcome<Vec<Row>> {
    let one = Host::start(folders.one.path(), &folders.origin, 1)?;
    let many = Host::start(folders.many.path(), &folders.origin, folders.connections)?;
    pass(SETTLE).await;
    let (mut one, mut many) = (Resting::begin(one)?, Resting::begin(many)?);
    pass(SETTLE).await;
    for _ in 0..=seconds {
        one.look()?;
        many.look()?;
        pass(LOOK).await;
    }
    let (one, many) = (one.end()?, many.end()?);
    let looks = ((f64::from(seconds) + SETTLE.as_secs_f64()) / LONGEST_SLEEP).floor() + 1.0;
    let more = MORE * (f64::from(seconds) / 60.0).ceil();
    let row = |what, of: fn(&Rest) -> f64, aim| Row {
        what,
        engine: of(&many),
        beside: "one connection",
        floor: of(&one),
        aim,
    };
    Ok(vec![
        row("looks of the scheduler at rest", |rest| rest.looks, Aim::AtMost(looks)),
        row("wake-ups at rest", |rest| rest.wakeups, Aim::Excess(more)),
        row("keychain calls at rest", |rest| rest.calls, Aim::Exactly(0.0)),
    ])
}
