//! Settings that matter: client ids and the installation id. None is a secret.

use latchkey_protocol::ProviderId;
use rusqlite::{OptionalExtension, params};

use super::{RowError, Store, StoreError};

impl Store {
    /// The saved client id of a provider.
    pub(crate) async fn client_id(&self, provider: &ProviderId) -> Result<Option<String>, StoreError> {
        self.setting(format!("client-id/{provider}")).await
    }

    /// Saves or, with `None`, removes the client id of a provider.
    pub(crate) async fn save_client_id(
        &self,
        provider: &ProviderId,
        client_id: Option<String>,
    ) -> Result<(), StoreError> {
        let key = format!("client-id/{provider}");
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<(), RowError> {
            match client_id {
                Some(value) => transaction.execute(
                    "INSERT INTO settings (key, value) VALUES (?1, ?2)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    params![key, value],
                )?,
                None => transaction.execute("DELETE FROM settings WHERE key = ?1", [key])?,
            };
            Ok(())
        };
        self.disk.write(write).await
    }

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
            transaction.execute(
                "INSERT INTO settings (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                params![key, minutes.to_string()],
            )?;
            Ok(())
        };
        self.disk.write(write).await
    }

    /// The id of this installation: `fresh` when it has none yet.
    pub(crate) async fn installation_id(&self, fresh: String) -> Result<String, StoreError> {
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<String, RowError> {
            transaction.execute(
                "INSERT INTO settings (key, value) VALUES ('installation-id', ?1) ON CONFLICT (key) DO NOTHING",
                [fresh],
            )?;
            let id = "SELECT value FROM settings WHERE key = 'installation-id'";
            Ok(transaction.query_row(id, [], |row| row.get(0))?)
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
