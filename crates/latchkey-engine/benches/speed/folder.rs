//! Two folders that engines are started on: one connection, and many.
//!
//! The one is signed in at the sandbox. The many are its rows and its keychain item again and again, under other
//! ids: a start reads all of that and opens none of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use latchkey_engine::SystemClock;
use rusqlite::{Connection, Transaction};
use tempfile::TempDir;

use crate::Outcome;
use crate::keychain::Files;
use crate::stopwatch::pass;
use crate::world::{World, folder};

/// Tables with rows of a connection, and the column that names it.
const TABLES: [(&str, &str); 4] = [
    ("connections", "id"),
    ("pictures", "connection"),
    ("history", "connection"),
    ("health_changes", "connection"),
];
/// What the app calls its folder among those of other programs.
const DATA_FOLDER: &str = "dev.latchkey.desktop";
/// Seconds that access lives: nothing is due while anybody looks.
const LIFE: u64 = 86_400;
/// How often it is looked whether the database is closed, and what is waited between.
const TRIES: u32 = 1_000;
const AGAIN: Duration = Duration::from_millis(10);

/// Both folders, and the provider that their connections belong to.
pub(crate) struct Folders {
    pub(crate) one: TempDir,
    pub(crate) many: TempDir,
    pub(crate) origin: String,
    /// How many are many.
    pub(crate) connections: usize,
}

impl Folders {
    /// Signs in once and copies.
    pub(crate) async fn make(connections: usize) -> Outcome<Self> {
        let world =
            World::connected(Arc::new(SystemClock), |folder| Files::below(folder).factory(), LIFE).await?;
        let World { engine, sandbox, id, folder: signed_in, .. } = world;
        drop(engine);
        closed(signed_in.path()).await?;
        let (one, many) = (folder()?, folder()?);
        copy(signed_in.path(), one.path())?;
        copy(signed_in.path(), many.path())?;
        multiply(many.path(), id.as_str(), connections)?;
        Ok(Self { one, many, origin: sandbox.origin(), connections })
    }
}

/// Leaves the data of one connection and of many in `below`, each as a person's data folder has it.
pub(crate) async fn leave(connections: usize, below: &Path) -> Outcome<()> {
    let folders = Folders::make(connections).await?;
    for (name, folder) in [("one", &folders.one), ("many", &folders.many)] {
        let data = below.join(name).join(DATA_FOLDER);
        std::fs::create_dir_all(&data)?;
        copy(&folder.path().join("data"), &data)?;
    }
    Ok(())
}

/// Returns once the last task of the engine has let go of its database, whose log goes away with that.
async fn closed(folder: &Path) -> Outcome<()> {
    for _ in 0..TRIES {
        if !folder.join("data/latchkey.db-wal").exists() {
            return Ok(());
        }
        pass(AGAIN).await;
    }
    Err("the engine does not close its database".into())
}

/// Copies a folder with the folders in it.
fn copy(from: &Path, to: &Path) -> Outcome<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&to)?;
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Makes the one connection of a folder so many.
fn multiply(folder: &Path, id: &str, connections: usize) -> Outcome<()> {
    let mut database = Connection::open(folder.join("data/latchkey.db"))?;
    let transaction = database.transaction()?;
    let items: Vec<_> = std::fs::read_dir(folder.join("keychain"))?.collect::<Result<_, _>>()?;
    let item = items.iter().find(|item| item.file_name().to_string_lossy().ends_with(id));
    let item = item.ok_or("the keychain has no set")?.path();
    for number in 1..connections {
        let other = format!("c-{number:020}");
        for (table, column) in TABLES {
            copy_rows(&transaction, table, column, (id, &other))?;
        }
        let name = item.to_string_lossy().replace(id, &other);
        std::fs::copy(&item, name)?;
    }
    Ok(transaction.commit()?)
}

/// Adds the rows of one connection under the id of another, whose account is another too.
fn copy_rows(
    transaction: &Transaction<'_>,
    table: &str,
    id_column: &str,
    (from, to): (&str, &str),
) -> Outcome<()> {
    let mut columns = transaction.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
    let columns = columns.query_map([table], |row| row.get::<_, String>(0))?;
    let values = columns.map(|column| {
        column.map(|column| match column.as_str() {
            name if name == id_column => "?2".to_owned(),
            "account_key" => "account_key || ?2".to_owned(),
            _ => column,
        })
    });
    let values = values.collect::<Result<Vec<_>, _>>()?.join(", ");
    let sql = format!("INSERT INTO {table} SELECT {values} FROM {table} WHERE {id_column} = ?1");
    transaction.prepare_cached(&sql)?.execute([from, to])?;
    Ok(())
}
