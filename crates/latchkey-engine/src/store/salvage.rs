//! What can still be read of a damaged database, row by row, into a new one.
//!
//! A header that was overwritten is replaced by one that fits the file; a table whose pages are broken in
//! the middle is read from both ends; and what is left of an index names the connections that are lost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection as Database, OpenFlags, Row, params_from_iter};

/// The tables in the order in which their rows may be inserted.
const TABLES: [&str; 13] = [
    "settings",
    "registrations",
    "connections",
    "pictures",
    "token_sets",
    "intents",
    "sign_ins",
    "incidents",
    "history",
    "health_changes",
    "api_waits",
    "discord_people",
    "choices",
];
/// Bytes of a page, SQLite's default, which nothing here changes.
const PAGE: usize = 4096;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Salvaged {
    /// Connections that were read.
    pub(crate) connections: usize,
    /// Lost ones, by provider and account as far as anything names them.
    pub(crate) lost: Vec<String>,
    /// Lost ones of which only traces are left.
    pub(crate) unnamed: usize,
}

/// Copies whatever can be read of the database at `damaged` into `new`. The damaged file is not touched.
pub(super) fn salvage(damaged: &Path, new: &Database) -> Salvaged {
    let copy = Copy::of(damaged);
    let mut lost = BTreeSet::new();
    if let Some(old) = copy.as_ref().ok().and_then(Copy::open) {
        for table in TABLES {
            copy_table(&old, new, table);
        }
        lost = lost_names(&old, new);
    }
    let unnamed = count(new, "SELECT count(DISTINCT id) FROM salvaged_traces").saturating_sub(lost.len());
    let _ = new.execute("DROP TABLE IF EXISTS salvaged_traces", []);
    Salvaged {
        connections: count(new, "SELECT count(*) FROM connections"),
        lost: lost.into_iter().collect(),
        unnamed,
    }
}

/// A copy to work on, removed when dropped.
struct Copy(PathBuf);

impl Copy {
    fn of(damaged: &Path) -> std::io::Result<Self> {
        let copy = Self(with_ending(damaged, ".salvage"));
        std::fs::copy(damaged, &copy.0)?;
        let log = with_ending(damaged, "-wal");
        if log.exists() {
            std::fs::copy(log, with_ending(&copy.0, "-wal"))?;
        }
        Ok(copy)
    }

    /// Opens it as it is, else with a header that fits.
    fn open(&self) -> Option<Database> {
        self.try_open().or_else(|| {
            let mut bytes = std::fs::read(&self.0).ok()?;
            let pages = u32::try_from(bytes.len() / PAGE).ok().filter(|pages| *pages > 0)?;
            bytes.get_mut(..100)?.copy_from_slice(&header(pages));
            std::fs::write(&self.0, bytes).ok()?;
            self.try_open()
        })
    }

    fn try_open(&self) -> Option<Database> {
        let database = Database::open_with_flags(&self.0, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
        database.pragma_update(None, "cell_size_check", "ON").ok()?;
        let tables: i64 =
            database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).ok()?;
        (tables > 0).then_some(database)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(with_ending(&self.0, ending));
        }
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The header of a database of so many pages (sqlite.org/fileformat.html, 1.3).
fn header(pages: u32) -> [u8; 100] {
    let mut header = [0; 100];
    header[..16].copy_from_slice(b"SQLite format 3\0");
    // Page size; journal, no log; no reserved space; fractions that are fixed.
    header[16..24].copy_from_slice(&[0x10, 0x00, 1, 1, 0, 64, 32, 32]);
    for (at, value) in [(24, 1), (28, pages), (40, 1), (44, 4), (56, 1), (60, 1), (92, 1), (96, 3_050_000)] {
        header[at..at + 4].copy_from_slice(&u32::to_be_bytes(value));
    }
    header
}

/// Inserts every row that can be read and that the new table takes. Reading stops at a broken page, so it is
/// done from either end.
fn copy_table(old: &Database, new: &Database, table: &str) {
    for order in ["ASC", "DESC"] {
        let sql = format!("SELECT * FROM {table} NOT INDEXED ORDER BY rowid {order}");
        let Ok(mut statement) = old.prepare(&sql) else { return };
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {table} ({}) VALUES ({marks})", columns.join(", "));
        let Ok(mut rows) = statement.query([]) else { return };
        let mut whole = true;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    // These have no key that keeps a line from being inserted twice.
                    if order == "ASC" || !["history", "health_changes"].contains(&table) {
                        insert_row(new, &insert, table, row, columns.len());
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        if whole {
            return;
        }
    }
}

/// A row that does not fit is a loss of its own; one that belongs to a lost connection is a trace of it.
fn insert_row(new: &Database, insert: &str, table: &str, row: &Row<'_>, columns: usize) {
    let values: Result<Vec<Value>, _> = (0..columns).map(|column| row.get(column)).collect();
    let Ok(values) = values else { return };
    let inserted = new.execute(insert, params_from_iter(&values));
    let of_connection = ["pictures", "token_sets", "intents", "history", "health_changes"].contains(&table);
    if let (Err(_), true, Some(Value::Text(id))) = (inserted, of_connection, values.first()) {
        let traces = "CREATE TABLE IF NOT EXISTS salvaged_traces (id TEXT)";
        let _ = new
            .execute(traces, [])
            .and_then(|_| new.execute("INSERT INTO salvaged_traces VALUES (?1)", [id]));
    }
}

/// Accounts that the index of the damaged table still knows and the new table does not.
fn lost_names(old: &Database, new: &Database) -> BTreeSet<String> {
    let known = pairs(new, "SELECT provider, account_key FROM connections");
    let index = "SELECT provider, account_key FROM connections INDEXED BY sqlite_autoindex_connections_2 \
                 WHERE provider > ''";
    pairs(old, index).difference(&known).cloned().collect()
}

fn pairs(database: &Database, sql: &str) -> BTreeSet<String> {
    let Ok(mut statement) = database.prepare(sql) else { return BTreeSet::new() };
    let read = |row: &Row<'_>| Ok(format!("{} · {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let Ok(rows) = statement.query_map([], read) else { return BTreeSet::new() };
    rows.map_while(Result::ok).filter_map(|name| crate::text::displayable(&name)).collect()
}

fn count(database: &Database, sql: &str) -> usize {
    let counted = database.query_row(sql, [], |row| row.get::<_, i64>(0));
    counted.ok().and_then(|counted| usize::try_from(counted).ok()).unwrap_or(0)
}
