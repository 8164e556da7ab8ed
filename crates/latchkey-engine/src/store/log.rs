//! The write-ahead log, emptied where nobody waits.
//!
//! SQLite moves the log into the database by itself, but within the commit that makes it long. A renewed set that
//! waits to be durable would wait for that as well.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::{Bench, Store, StoreError, failing};

/// Transactions after which the log is emptied: well before SQLite finds it long.
const TRANSACTIONS: u32 = 256;

impl Store {
    /// Moves what the log holds into the database, where there may be much of it.
    pub(crate) async fn empty_log(&self) -> Result<(), StoreError> {
        let on_disk = matches!(self.disk.bench, Bench::Thread);
        if !on_disk || self.disk.transactions.load(Ordering::Relaxed) < TRANSACTIONS {
            return Ok(());
        }
        self.disk.transactions.store(0, Ordering::Relaxed);
        let disk = self.disk.clone();
        let run = move || {
            let database = disk.database.lock().unwrap_or_else(PoisonError::into_inner);
            failing(&disk.path, database.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())))
        };
        tokio::task::spawn_blocking(run).await.unwrap_or(Err(StoreError::Closing))
    }
}
