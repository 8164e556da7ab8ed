//! A database that cannot be read is set aside, never overwritten, and what can be read of it goes on.

use std::path::{Path, PathBuf};

use rusqlite::Connection as Database;

use super::salvage::{Salvaged, salvage};
use super::{StoreError, failing, schema};

/// What was found damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The file as a whole.
    File {
        /// The copy that was set aside.
        kept_at: PathBuf,
        /// What SQLite says.
        what: String,
        /// What could be read of it.
        salvaged: Salvaged,
    },
    /// The file is empty or gone, although this folder has been in use.
    Emptied {
        /// What was set aside, where there was anything.
        kept_at: Option<PathBuf>,
    },
    /// The database was older than the keychain knew.
    RolledBack {
        /// Connections of which the keychain had something newer.
        adopted: usize,
        /// Connections of which it is not known whether what the database holds was used since.
        doubtful: Vec<String>,
    },
    /// One row of a connection. It stays where it is.
    Row {
        /// Which connection, as far as that can be read.
        name: String,
        /// The column that no version wrote.
        what: String,
    },
}

/// Opens `path`. When the file is no database, or fails SQLite's own check, it is renamed and a new one is
/// begun with whatever can be read of it. `used` says that this folder has had a database before.
pub(super) fn open_or_set_aside(path: &Path, used: bool) -> Result<(Database, Option<Damage>), StoreError> {
    if let Some(damage) = set_aside_emptied(path, used)? {
        return Ok((open_checked(path)?, Some(damage)));
    }
    match open_checked(path) {
        Ok(database) => Ok((database, None)),
        Err(StoreError::Database { source, .. }) if is_damage(&source) => {
            let kept_at = set_aside(path)?;
            let database = open_checked(path)?;
            let salvaged = salvage(&kept_at, &database);
            Ok((database, Some(Damage::File { kept_at, what: source.to_string(), salvaged })))
        }
        Err(error) => Err(error),
    }
}

/// SQLite takes an empty file for a new database and erases the log beside it. Both are kept.
fn set_aside_emptied(path: &Path, used: bool) -> Result<Option<Damage>, StoreError> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let has_log = length(&with_ending(path, "-wal")) > 0;
    if length(path) > 0 || !(used || has_log) {
        return Ok(None);
    }
    let anything = path.exists() || has_log;
    let kept_at = if anything { Some(set_aside(path)?) } else { None };
    Ok(Some(Damage::Emptied { kept_at }))
}

fn open_checked(path: &Path) -> Result<Database, StoreError> {
    let database = failing(path, Database::open(path))?;
    let verdict: String = failing(path, database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
    if verdict != "ok" {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return failing(path, Err(rusqlite::Error::SqliteFailure(code, Some(verdict))));
    }
    schema::prepare(path, database)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// Renames the file and its log to the first free `latchkey.db.damaged-N`, so that they still belong together.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let named = |n: u32| with_ending(path, &format!(".damaged-{n}"));
    let free = (1..1000).find(|n| !named(*n).exists() && !with_ending(&named(*n), "-wal").exists());
    let kept_at = named(free.unwrap_or(1000));
    for ending in ["", "-wal", "-shm"] {
        let from = with_ending(path, ending);
        if from.exists() {
            let io = |error: std::io::Error| StoreError::Unreadable {
                path: path.to_owned(),
                what: error.to_string(),
            };
            std::fs::rename(&from, with_ending(&kept_at, ending)).map_err(io)?;
        }
    }
    Ok(kept_at)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_database_is_kept_and_named() {
        for content in [&b"this is no database, however one looks at it"[..], &[0xff; 5000]] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("latchkey.db");
            std::fs::write(&path, content).unwrap();
            let (_, damage) = open_or_set_aside(&path, false).unwrap();
            let Some(Damage::File { kept_at, salvaged, .. }) = damage else { panic!("{damage:?}") };
            assert_eq!(std::fs::read(&kept_at).unwrap(), content);
            assert_eq!(salvaged, Salvaged::default());
            let (_, again) = open_or_set_aside(&path, true).unwrap();
            assert_eq!(again, None);
            let left = std::fs::read_dir(folder.path()).unwrap();
            assert!(left.flatten().all(|file| !file.file_name().to_string_lossy().contains("salvage")));
        }
    }

    #[test]
    fn an_empty_or_missing_file_is_a_new_database_where_there_was_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(open_or_set_aside(&path, false).unwrap().1, None);
    }

    #[test]
    fn an_empty_or_missing_file_where_there_was_one_is_told_and_its_log_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db");
        assert_eq!(open_or_set_aside(&path, true).unwrap().1, Some(Damage::Emptied { kept_at: None }));
        for used in [true, false] {
            for ending in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(with_ending(&path, ending));
            }
            std::fs::write(&path, b"").unwrap();
            std::fs::write(with_ending(&path, "-wal"), b"a log").unwrap();
            let (_, damage) = open_or_set_aside(&path, used).unwrap();
            let Some(Damage::Emptied { kept_at: Some(kept_at) }) = damage else { panic!("{damage:?}") };
            assert_eq!(std::fs::read(with_ending(&kept_at, "-wal")).unwrap(), b"a log");
        }
    }
}
