//! All envelopes at rest in the database, for whoever moves or rewraps them.

use latchkey_envelope::Envelope;
use latchkey_protocol::{ConnectionId, RestingPlace};
use rusqlite::{Transaction, params};

use super::connections::expect_version;
use super::{RowError, Store, StoreError};

/// A row with an envelope.
#[derive(Debug, Clone)]
pub(crate) struct SealedRow {
    table: Table,
    key: String,
    pub(crate) envelope: Envelope,
}

#[derive(Debug, Clone, Copy)]
enum Table {
    TokenSets,
    SignIns,
    Registrations,
}

impl Store {
    /// Every envelope of the file.
    pub(crate) async fn sealed_rows(&self) -> Result<Vec<SealedRow>, StoreError> {
        let read = |transaction: &Transaction<'_>| -> Result<Vec<SealedRow>, RowError> {
            let mut all = rows(transaction, Table::TokenSets, "SELECT connection, envelope FROM token_sets")?;
            all.extend(rows(transaction, Table::SignIns, "SELECT id, envelope FROM sign_ins")?);
            let sealed = "SELECT id, envelope FROM registrations WHERE envelope IS NOT NULL";
            all.extend(rows(transaction, Table::Registrations, sealed)?);
            Ok(all)
        };
        self.disk.write(read).await
    }

    /// Puts another envelope in the place of that of `row`. Nothing is written where another one is there by
    /// then.
    pub(crate) async fn replace_envelope(&self, row: SealedRow, new: Envelope) -> Result<(), StoreError> {
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            let sql = match row.table {
                Table::TokenSets => {
                    "UPDATE token_sets SET envelope = ?2 WHERE connection = ?1 AND envelope = ?3"
                }
                Table::SignIns => "UPDATE sign_ins SET envelope = ?2 WHERE id = ?1 AND envelope = ?3",
                Table::Registrations => {
                    "UPDATE registrations SET envelope = ?2 WHERE id = ?1 AND envelope = ?3"
                }
            };
            transaction.execute(sql, params![row.key, new.as_bytes(), row.envelope.as_bytes()])?;
            Ok(())
        };
        self.disk.write(write).await
    }

    /// The set that rests in the keychain rests here from now on.
    pub(crate) async fn bring_home(
        &self,
        id: &ConnectionId,
        (epoch, generation): (i64, i64),
        envelope: Envelope,
    ) -> Result<(), StoreError> {
        let key = id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &key, epoch, generation)?;
            transaction.execute(
                "INSERT INTO token_sets (connection, epoch, generation, envelope) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (connection) DO UPDATE SET
                     epoch = excluded.epoch, generation = excluded.generation, envelope = excluded.envelope",
                params![key.as_str(), epoch, generation, envelope.as_bytes()],
            )?;
            let resting = serde_json::to_string(&RestingPlace::Sealed).unwrap_or_default();
            let update = "UPDATE connections SET resting = ?2 WHERE id = ?1";
            transaction.execute(update, params![key.as_str(), resting])?;
            Ok(())
        };
        self.shelf(id).write(write).await
    }
}

fn rows(transaction: &Transaction<'_>, table: Table, sql: &str) -> Result<Vec<SealedRow>, RowError> {
    let mut statement = transaction.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(SealedRow { table, key: row.get(0)?, envelope: Envelope::from_bytes(row.get(1)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
