//! Many callers on one token that has run out: how often is the provider asked?

use std::sync::Arc;

use latchkey_engine::{ManualClock, MemoryKeychain};
use latchkey_protocol::{ConnectionId, Timestamp};
use latchkey_sandbox::Endpoint;
use secrecy::ExposeSecret as _;

use crate::Outcome;
use crate::report::{Aim, Row};
use crate::stopwatch::Stopwatch;
use crate::world::World;

/// Seconds that access lives.
const LIFE: u64 = 3600;

/// Counts the requests for one caller, and then for all `callers`.
pub(crate) async fn measure(callers: usize) -> Outcome<Vec<Row>> {
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_248_000_000)));
    let world = World::connected(clock.clone(), |_| MemoryKeychain::default().factory(), LIFE).await?;
    let (one, one_took) = run_out(&world, &clock, 1).await?;
    let (all, all_took) = run_out(&world, &clock, callers).await?;
    let beside = "one caller";
    Ok(vec![
        Row {
            what: "token requests for all callers",
            engine: all,
            beside,
            floor: one,
            aim: Aim::Exactly(1.0),
        },
        Row {
            what: "  until the last has it, ms",
            engine: all_took,
            beside,
            floor: one_took,
            aim: Aim::None,
        },
    ])
}

/// Requests and milliseconds until every caller has the token.
async fn run_out(world: &World, clock: &ManualClock, callers: usize) -> Outcome<(f64, f64)> {
    world.at_rest().await?;
    let before = world.sandbox.requests_to(Endpoint::Refresh).len();
    clock.advance(i64::try_from(LIFE)? * 1000);
    let engine = Arc::new(&world.engine);
    let watch = Stopwatch::start();
    let lent = futures_util::future::join_all((0..callers).map(|_| lend(&engine, &world.id))).await;
    let took = watch.milliseconds();
    let mut tokens = lent.into_iter().collect::<Result<Vec<_>, _>>()?;
    tokens.dedup();
    if tokens.len() != 1 {
        return Err(format!("{} different tokens were lent", tokens.len()).into());
    }
    let asked = world.sandbox.requests_to(Endpoint::Refresh).len() - before;
    Ok((f64::from(u32::try_from(asked)?), took))
}

async fn lend(
    engine: &latchkey_engine::Engine,
    id: &ConnectionId,
) -> Result<String, latchkey_protocol::Problem> {
    Ok(engine.lend(id, 1).await?.token.expose_secret().to_owned())
}
