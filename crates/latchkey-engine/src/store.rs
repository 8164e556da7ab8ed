//! The database: everything that outlives the process, secrets only as envelopes.
//!
//! SQLite with a write-ahead log and full synchronisation: a committed token set survives the power cord
//! (3 ms at the median). `secure_delete` overwrites what is erased. One connection, one writer, on
//! blocking threads.
//!
//! A connection that is to be kept in memory only has its rows in a second database that lives in memory,
//! with the same tables and the same code.

mod api_waits;
mod choices;
mod connections;
mod envelopes;
mod installation;
mod damage;
mod health_changes;
mod incidents;
mod log;
mod people;
mod registrations;
mod salvage;
mod schema;
mod settings;
mod sign_ins;
mod token_sets;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use latchkey_protocol::{ConnectionId, Keep};
use rusqlite::{Connection as Database, Transaction, TransactionBehavior, ffi};

use crate::edges::{Disk, DiskFault, DiskMood};
pub(crate) use api_waits::ApiWait;
pub(crate) use choices::Renaming;
pub(crate) use damage::Damage;
pub(crate) use incidents::{KnownIncident, LastNotices};
pub(crate) use registrations::Registered;
pub(crate) use salvage::Salvaged;
pub(crate) use sign_ins::SealedSignIn;
pub(crate) use token_sets::Intent;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no: a full disk, a read-only file, an I/O error.
    #[error("the database at {path} failed: {source}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file was written by a later version; it is left as it is.
    #[error("the database at {0} was written by a later version of Latchkey and is left as it is")]
    Newer(PathBuf),
    /// A row holds what no row can hold.
    #[error("the database at {path} holds something unreadable in {what}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Where.
        what: String,
    },
    /// The connection has changed meanwhile; nothing was written.
    #[error("the connection has changed meanwhile")]
    Superseded,
    /// The blocking thread is gone: the process is ending.
    #[error("Latchkey is shutting down")]
    Closing,
}

#[derive(Clone)]
struct Shelf {
    path: PathBuf,
    database: Arc<Mutex<Database>>,
    bench: Bench,
    /// Since the log was emptied.
    transactions: Arc<AtomicU32>,
}

/// Where the work on a database is done.
#[derive(Clone)]
enum Bench {
    /// On a blocking thread.
    Thread,
    /// On a simulated disk.
    Simulated(Arc<dyn Disk>),
    /// At once: a database in memory, in a world of one thread.
    AtOnce,
}

/// Both databases. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    disk: Shelf,
    memory: Shelf,
}

impl Store {
    /// Opens `latchkey.db` in `data_dir`, brings its tables up to date, and says what was damaged.
    pub(crate) fn open(data_dir: &Path) -> Result<(Self, Option<Damage>), StoreError> {
        let path = data_dir.join("latchkey.db");
        let used = installation::exists(data_dir);
        let (database, damage) = damage::open_or_set_aside(&path, used)?;
        let memory = PathBuf::from(":memory:");
        let memory = Shelf::new(memory, schema::in_memory()?);
        let store = Self { disk: Shelf::new(path, database), memory };
        Ok((store, damage))
    }

    /// The database of a simulated disk.
    pub(crate) fn simulated(disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let path = PathBuf::from("simulated");
        let fresh = |database| schema::prepare(&path, database);
        let database = disk.database();
        {
            let mut shared = database.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = std::mem::replace(&mut *shared, failing(&path, Database::open_in_memory())?);
            *shared = fresh(taken)?;
        }
        let memory = Shelf { bench: Bench::AtOnce, ..Shelf::new(path.clone(), schema::in_memory()?) };
        let shelf = Shelf { path, database, bench: Bench::Simulated(disk), transactions: Arc::default() };
        Ok(Self { disk: shelf, memory })
    }

    /// The folder of the database; none in a simulation.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self.disk.bench {
            Bench::Thread => self.disk.path.parent(),
            Bench::Simulated(_) | Bench::AtOnce => None,
        }
    }

    /// What is said of a value that no version wrote.
    pub(crate) fn unreadable(&self, what: &str) -> StoreError {
        StoreError::Unreadable { path: self.disk.path.clone(), what: what.to_owned() }
    }

    /// Where the rows of a connection are.
    fn shelf(&self, id: &ConnectionId) -> &Shelf {
        if is_in_memory(id) { &self.memory } else { &self.disk }
    }
}

/// Whether the rows of a connection are in memory.
fn is_in_memory(id: &ConnectionId) -> bool {
    id.as_str().starts_with(prefix(Keep::Memory))
}

/// How the id of a connection begins that is kept in this way.
pub(crate) fn prefix(keep: Keep) -> &'static str {
    match keep {
        Keep::Keychain => "c-",
        Keep::Memory => "m-",
    }
}

impl Shelf {
    fn new(path: PathBuf, database: Database) -> Self {
        let database = Arc::new(Mutex::new(database));
        Self { path, database, bench: Bench::Thread, transactions: Arc::default() }
    }

    /// Runs `work` in one transaction on a blocking thread. It is committed when `work` returns `Ok`, and
    /// durable when this returns.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, RowError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.bench {
            Bench::Thread => {
                let own = self.clone();
                let run = move || own.transact(DiskMood::Willing, work);
                tokio::task::spawn_blocking(run).await.unwrap_or(Err(StoreError::Closing))
            }
            Bench::Simulated(disk) => {
                // The name of the closure says which transaction it is.
                let place = std::any::type_name_of_val(&work);
                disk.pause(place).await;
                let done = self.transact(disk.mood(), work);
                disk.pause(place).await;
                done
            }
            Bench::AtOnce => self.transact(DiskMood::Willing, work),
        }
    }

    fn transact<T>(
        &self,
        mood: DiskMood,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, RowError>,
    ) -> Result<T, StoreError> {
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let done = (|| {
            let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            match mood {
                DiskMood::Willing => transaction.commit()?,
                DiskMood::Failing(fault) => return Err(refusal(fault).into()),
                DiskMood::Lying(fault) => {
                    transaction.commit()?;
                    return Err(refusal(fault).into());
                }
            }
            Ok(value)
        })();
        done.map_err(|error: RowError| error.at(&self.path))
    }
}

/// What SQLite says of a fault of the disk.
fn refusal(fault: DiskFault) -> rusqlite::Error {
    let code = match fault {
        DiskFault::Full => ffi::SQLITE_FULL,
        DiskFault::InputOutput => ffi::SQLITE_IOERR_WRITE,
        DiskFault::ReadOnly => ffi::SQLITE_READONLY,
    };
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

/// A failure inside a transaction, before the file is named.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("unreadable {0}")]
    Unreadable(String),
    #[error("superseded")]
    Superseded,
}

impl RowError {
    fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Sqlite(source) => StoreError::Database { path, source },
            Self::Unreadable(what) => StoreError::Unreadable { path, what },
            Self::Superseded => StoreError::Superseded,
        }
    }
}

fn failing<T>(path: &Path, result: rusqlite::Result<T>) -> Result<T, StoreError> {
    result.map_err(|source| StoreError::Database { path: path.to_owned(), source })
}
