//! A database that cannot be read is set aside, never overwritten.

use std::path::{Path, PathBuf};

use rusqlite::Connection as Database;

use super::{StoreError, failing, schema};

/// A damaged file was found, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The copy that was set aside.
    pub kept_at: PathBuf,
    /// What SQLite says.
    pub what: String,
}

/// Opens `path`. When the file is no database, or fails SQLite's own check, it is renamed and a new one is
/// begun; connections whose sign-ins rest in the keychain are then connected anew.
pub(super) fn open_or_set_aside(path: &Path) -> Result<(Database, Option<Damage>), StoreError> {
    match open_checked(path) {
        Ok(database) => Ok((database, None)),
        Err(StoreError::Database { source, .. }) if is_damage(&source) => {
            let kept_at = set_aside(path)?;
            let database = open_checked(path)?;
            Ok((database, Some(Damage { kept_at, what: source.to_string() })))
        }
        Err(error) => Err(error),
    }
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

/// Renames the file and its log to the first free `latchkey.db.damaged-N`.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let named = |n: u32, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("{ending}.damaged-{n}"));
        PathBuf::from(name)
    };
    let free = (1..1000).find(|n| !named(*n, "").exists()).unwrap_or(1000);
    for ending in ["", "-wal", "-shm"] {
        let mut from = path.as_os_str().to_owned();
        from.push(ending);
        if Path::new(&from).exists() {
            let io = |error: std::io::Error| StoreError::Unreadable {
                path: path.to_owned(),
                what: error.to_string(),
            };
            std::fs::rename(&from, named(free, ending)).map_err(io)?;
        }
    }
    Ok(named(free, ""))
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
            let (_, damage) = open_or_set_aside(&path).unwrap();
            let damage = damage.unwrap();
            assert_eq!(std::fs::read(&damage.kept_at).unwrap(), content);
            let (_, again) = open_or_set_aside(&path).unwrap();
            assert_eq!(again, None);
        }
    }

    #[test]
    fn an_empty_or_missing_file_is_a_new_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.db");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(open_or_set_aside(&path).unwrap().1, None);
    }
}
