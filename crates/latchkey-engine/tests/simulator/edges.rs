//! What a simulated process reaches: a disk that fails and lies, locks that die with it, a keychain that
//! takes its time.

use std::io;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use latchkey_engine::{Disk, DiskFault, DiskMood, Edges, Pause, Rotation, Rotations, Settling};
use latchkey_protocol::ConnectionId;

use crate::network::Wire;
use crate::world::{Incarnation, World};

/// The edges of one incarnation.
pub(crate) fn of(incarnation: &Arc<Incarnation>) -> Edges {
    let own = || Arc::new(Own(incarnation.clone()));
    Edges::simulated(own(), Arc::new(Wire(incarnation.clone())), own(), own())
}

struct Own(Arc<Incarnation>);

impl Pause for Own {
    fn pause(&self, place: &'static str) -> BoxFuture<'static, ()> {
        let incarnation = self.0.clone();
        async move { incarnation.point(place).await }.boxed()
    }
}

impl Disk for Own {
    fn database(&self) -> Arc<Mutex<rusqlite::Connection>> {
        self.0.world.database.clone()
    }

    fn mood(&self) -> DiskMood {
        let now = self.0.world.now();
        let chance = self.0.world.plan.disk_faults;
        let mut state = self.0.world.state();
        if !state.trouble {
            return DiskMood::Willing;
        }
        if state.rng.per_mille(chance / 5) {
            state.disk_bad_until = now + state.rng.range(100, 20_000);
        }
        if now >= state.disk_bad_until && !state.rng.per_mille(chance) {
            return DiskMood::Willing;
        }
        state.tally.disk_faults += 1;
        if state.rng.per_mille(250) {
            state.disk_lied = true;
            DiskMood::Lying(DiskFault::Full)
        } else {
            DiskMood::Failing(DiskFault::Full)
        }
    }
}

impl Rotations for Own {
    fn take(&self, id: &ConnectionId) -> BoxFuture<'static, io::Result<Option<Box<dyn Rotation>>>> {
        let (incarnation, name) = (self.0.clone(), id.to_string());
        async move {
            let Some(lock) = lock(&incarnation, name.clone()).await else { return Ok(None) };
            Ok(Some(Box::new(Held { name, lock }) as Box<dyn Rotation>))
        }
        .boxed()
    }

    fn take_settling(&self, id: &ConnectionId) -> BoxFuture<'static, io::Result<Option<Settling>>> {
        let (incarnation, name) = (self.0.clone(), format!("{id}.settling"));
        async move { Ok(lock(&incarnation, name).await.map(|lock| Box::new(lock) as Settling)) }.boxed()
    }

    fn forget(&self, id: &ConnectionId) -> BoxFuture<'static, ()> {
        let (incarnation, name) = (self.0.clone(), id.to_string());
        async move {
            incarnation.point("before a lock file is removed").await;
            incarnation.world.state().spills.remove(&name);
        }
        .boxed()
    }
}

async fn lock(incarnation: &Arc<Incarnation>, name: String) -> Option<Lock> {
    incarnation.point("before a lock").await;
    let mut state = incarnation.world.state();
    if state.locks.contains_key(&name) {
        return None;
    }
    state.locks.insert(name.clone(), incarnation.number);
    drop(state);
    Some(Lock { incarnation: incarnation.clone(), name })
}

/// An operating-system lock: free when it is dropped or its process dies.
struct Lock {
    incarnation: Arc<Incarnation>,
    name: String,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.incarnation.world.state();
        if state.locks.get(&self.name) == Some(&self.incarnation.number) {
            state.locks.remove(&self.name);
        }
    }
}

struct Held {
    name: String,
    lock: Lock,
}

impl Held {
    fn world(&self) -> &World {
        &self.lock.incarnation.world
    }
}

impl Rotation for Held {
    fn spilled(&mut self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        async {
            self.lock.incarnation.point("before a spill slot is read").await;
            let spilled = self.world().state().spills.get(&self.name).cloned();
            Ok(spilled.filter(|bytes| !bytes.is_empty()))
        }
        .boxed()
    }

    fn spill(&mut self, bytes: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        async move {
            self.lock.incarnation.point("before a spill slot is written").await;
            {
                let chaotic = !self.world().plan.strict();
                let mut state = self.world().state();
                if chaotic && state.trouble && state.rng.per_mille(50) {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                state.spills.insert(self.name.clone(), bytes);
            }
            self.lock.incarnation.point("after a spill slot was written").await;
            Ok(())
        }
        .boxed()
    }
}
