//! Settings that matter: the installation id, where the installation key is kept. None is a
//! secret: a key that is kept here is sealed under a passphrase.

use latchkey_protocol::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{RowError, Store, StoreError, installation};

const KEY_PLACE: &str = "key-place";
const KEY_SINCE: &str = "key-since";
const SAVED_SETS: &str = "saved-sets";
const SAVE: &str = "INSERT INTO settings (key, value) VALUES (?1, ?2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value";

impl Store {
    /// By how many minutes this computer was ahead of the provider at each host.
    pub(crate) async fn clock_offsets(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let read = |transaction: &rusqlite::Transaction<'_>| -> Result<Vec<(String, i64)>, RowError> {
            let sql = "SELECT substr(key, 14), CAST(value AS INTEGER) FROM settings
                 WHERE key LIKE 'clock-offset/%' ORDER BY key";
            let mut statement = transaction.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        self.disk.write(read).await
    }

    /// Remembers by how many minutes this computer is ahead of the provider at `host`.
    pub(crate) async fn keep_clock_offset(&self, host: &str, minutes: i64) -> Result<(), StoreError> {
        let key = format!("clock-offset/{host}");
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<(), RowError> {
            transaction.execute(SAVE, params![key, minutes.to_string()])?;
            Ok(())
        };
        self.disk.write(write).await
    }

    /// The id of this installation: that of the file beside the database where the database has none, and
    /// `fresh` where neither has.
    pub(crate) async fn installation_id(&self, fresh: String) -> Result<String, StoreError> {
        let fresh = self.folder().and_then(installation::read).unwrap_or(fresh);
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<String, RowError> {
            transaction.execute(
                "INSERT INTO settings (key, value) VALUES ('installation-id', ?1) ON CONFLICT (key) DO NOTHING",
                [fresh],
            )?;
            let id = "SELECT value FROM settings WHERE key = 'installation-id'";
            Ok(transaction.query_row(id, [], |row| row.get(0))?)
        };
        let id = self.disk.write(write).await?;
        if let Some(folder) = self.folder() {
            installation::write(folder, &id);
        }
        Ok(id)
    }

    /// Where the installation key is kept, as the vault wrote it.
    pub(crate) async fn key_place(&self) -> Result<Option<String>, StoreError> {
        self.setting(KEY_PLACE.to_owned()).await
    }

    /// Saves where the installation key is kept.
    pub(crate) async fn save_key_place(&self, place: String) -> Result<(), StoreError> {
        self.save_setting(KEY_PLACE, place).await
    }

    /// When the installation key was made, or found in use for the first time.
    pub(crate) async fn key_since(&self) -> Result<Option<Timestamp>, StoreError> {
        let text = self.setting(KEY_SINCE.to_owned()).await?;
        Ok(text.and_then(|text| text.parse().ok()).map(Timestamp))
    }

    /// Saves when the installation key was made.
    pub(crate) async fn save_key_since(&self, at: Timestamp) -> Result<(), StoreError> {
        self.save_setting(KEY_SINCE, at.0.to_string()).await
    }

    /// How many token sets were ever saved here.
    pub(crate) async fn count(&self) -> Result<i64, StoreError> {
        let text = self.setting(SAVED_SETS.to_owned()).await?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Counts on from `known`, where that is more.
    pub(crate) async fn raise_count(&self, known: i64) -> Result<(), StoreError> {
        let known = known.max(self.count().await?);
        self.save_setting(SAVED_SETS, known.to_string()).await
    }

    async fn save_setting(&self, key: &'static str, value: String) -> Result<(), StoreError> {
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<(), RowError> {
            transaction.execute(SAVE, params![key, value])?;
            Ok(())
        };
        self.disk.write(write).await
    }

    async fn setting(&self, key: String) -> Result<Option<String>, StoreError> {
        let read = move |transaction: &rusqlite::Transaction<'_>| -> Result<Option<String>, RowError> {
            let value = "SELECT value FROM settings WHERE key = ?1";
            Ok(transaction.query_row(value, [key], |row| row.get(0)).optional()?)
        };
        self.disk.write(read).await
    }
}
