//! The tables, and how a file comes to have them.

use std::path::Path;
use std::sync::OnceLock;

use rusqlite::Connection as Database;
use rusqlite_migration::{M, Migrations};

use super::{StoreError, failing};

const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/001_first.sql")),
    M::up(include_str!("migrations/002_health.sql")),
    M::up(include_str!("migrations/003_clients.sql")),
    M::up(include_str!("migrations/004_providers.sql")).foreign_key_check(),
    M::up(include_str!("migrations/005_choices.sql")),
];

/// Settings of the connection, then migrations, each in a transaction of its own.
pub(super) fn prepare(path: &Path, mut database: Database) -> Result<Database, StoreError> {
    // Before anything is set: a setting such as the journal mode is written into the file.
    let version: isize = failing(path, database.pragma_query_value(None, "user_version", |row| row.get(0)))?;
    if version > MIGRATIONS.len().cast_signed() {
        return Err(StoreError::Newer(path.to_owned()));
    }
    failing(path, configure(&database))?;
    match Migrations::from_slice(MIGRATIONS).to_latest(&mut database) {
        Ok(()) => {
            failing(path, database.pragma_update(None, "foreign_keys", "ON"))?;
            Ok(database)
        }
        Err(rusqlite_migration::Error::RusqliteError { err, .. }) => failing(path, Err(err)),
        Err(error) => Err(StoreError::Unreadable { path: path.to_owned(), what: error.to_string() }),
    }
}

/// A database in memory, with the tables as the migrations leave them: what they say is read once in the life of
/// the process.
pub(super) fn in_memory() -> Result<Database, StoreError> {
    static TABLES: OnceLock<String> = OnceLock::new();
    let path = Path::new(":memory:");
    let database = failing(path, Database::open_in_memory())?;
    if let Some(tables) = TABLES.get() {
        failing(path, configure(&database))?;
        failing(path, database.execute_batch(tables))?;
        return Ok(database);
    }
    let database = prepare(path, database)?;
    let _ = TABLES.set(failing(path, tables(&database))?);
    Ok(database)
}

/// What makes an empty database one with the tables of this one.
fn tables(database: &Database) -> rusqlite::Result<String> {
    let mut statements =
        database.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")?;
    let statements: Vec<String> = statements.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let version = MIGRATIONS.len();
    Ok(format!("{};\nPRAGMA user_version = {version};\nPRAGMA foreign_keys = ON;", statements.join(";\n")))
}

fn configure(database: &Database) -> rusqlite::Result<()> {
    database.busy_timeout(std::time::Duration::from_secs(5))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "secure_delete", "ON")?;
    // A table that another one refers to is rebuilt without erasing what refers to it.
    database.pragma_update(None, "foreign_keys", "OFF")?;
    database.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_valid() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
    }

    #[test]
    fn a_database_in_memory_has_the_tables_of_the_one_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db");
        let on_disk = prepare(&path, Database::open(&path).unwrap()).unwrap();
        for _ in 0..2 {
            let database = in_memory().unwrap();
            assert_eq!(tables(&database).unwrap(), tables(&on_disk).unwrap());
            let pragma =
                |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!((pragma("user_version"), pragma("foreign_keys"), pragma("secure_delete")), (5, 1, 1));
        }
    }

    #[test]
    fn a_file_of_a_later_version_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db");
        let database = Database::open(&path).unwrap();
        database.pragma_update(None, "user_version", 99).unwrap();
        drop(database);
        let before = std::fs::read(&path).unwrap();
        let refused = prepare(&path, Database::open(&path).unwrap());
        assert!(matches!(refused, Err(StoreError::Newer(_))));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
