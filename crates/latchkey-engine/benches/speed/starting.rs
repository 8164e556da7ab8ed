//! A start with many connections beside one with a single one.

use std::path::Path;
use std::time::Duration;

use crate::Outcome;
use crate::folder::Folders;
use crate::host::Host;
use crate::report::{Aim, Row, median};
use crate::stopwatch::pass;

/// After this nothing of a start is still under way.
const SETTLE: Duration = Duration::from_millis(300);
/// Keychain calls that a start may cost.
const CALLS: f64 = 3.0;

#[derive(Default)]
struct Figures {
    started: Vec<f64>,
    looked: Vec<f64>,
    calls: f64,
}

/// Starts both `starts` times, in turns.
pub(crate) async fn measure(folders: &Folders, starts: usize) -> Outcome<Vec<Row>> {
    let (mut one, mut many) = (Figures::default(), Figures::default());
    // The first start of each fills caches and is not counted.
    for _ in 0..=starts {
        start(folders.one.path(), &folders.origin, 1, &mut one).await?;
        start(folders.many.path(), &folders.origin, folders.connections, &mut many).await?;
    }
    let row = |what, of: fn(&Figures) -> f64, aim| Row {
        what,
        engine: of(&many),
        beside: "one connection",
        floor: of(&one),
        aim,
    };
    Ok(vec![
        // Judged where a person meets it: latchkey-bench compares the starts of the app.
        row("start with many connections, ms", |figures| median(&figures.started[1..]), Aim::None),
        row("  until all were looked at once, ms", |figures| median(&figures.looked[1..]), Aim::None),
        row("  keychain calls", |figures| figures.calls, Aim::AtMost(CALLS)),
    ])
}

async fn start(folder: &Path, origin: &str, connections: usize, figures: &mut Figures) -> Outcome<()> {
    let mut host = Host::start(folder, origin, connections)?;
    figures.started.push(host.started);
    figures.looked.push(host.looked);
    pass(SETTLE).await;
    figures.calls = figures.calls.max(host.counts()?.1);
    Ok(())
}
