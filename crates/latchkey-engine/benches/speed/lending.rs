//! A token that is at hand, beside the least that reading it can cost: the same bytes out of a map behind a lock.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};

use latchkey_engine::{MemoryKeychain, SystemClock};
use latchkey_protocol::ConnectionId;
use secrecy::{ExposeSecret as _, SecretString};

use crate::Outcome;
use crate::report::{Aim, Row, median};
use crate::stopwatch::Stopwatch;
use crate::world::World;

const ROUNDS: usize = 200;
const READS: u32 = 5_000;

/// What a cache would be that knows nothing of life, renewal or standing.
struct Map(Mutex<HashMap<ConnectionId, SecretString>>);

impl Map {
    #[expect(clippy::unused_async, reason = "called as the engine is called")]
    async fn read(&self, id: &ConnectionId) -> Option<SecretString> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

/// Lends and reads in turns, on one thread.
pub(crate) async fn measure() -> Outcome<Vec<Row>> {
    let world =
        World::connected(Arc::new(SystemClock), |_| MemoryKeychain::default().factory(), 3600).await?;
    let token = world.engine.lend(&world.id, 1).await?.token;
    let bytes = SecretString::from(token.expose_secret());
    let map = Map(Mutex::new(HashMap::from([(world.id.clone(), bytes)])));
    let (mut lends, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for _ in 0..READS {
            black_box(world.engine.lend(black_box(&world.id), 1).await?);
        }
        lends.push(watch.milliseconds() * 1e6 / f64::from(READS));
        let watch = Stopwatch::start();
        for _ in 0..READS {
            black_box(map.read(black_box(&world.id)).await.ok_or("the map is empty")?);
        }
        reads.push(watch.milliseconds() * 1e6 / f64::from(READS));
    }
    let (engine, floor) = (median(&lends), median(&reads));
    let what = "a token at hand is lent, ns";
    Ok(vec![Row { what, engine, beside: "map behind a lock", floor, aim: Aim::Ratio(3.0) }])
}
