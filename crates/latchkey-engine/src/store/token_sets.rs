//! Sealed token sets and refresh intents: the two rows on which no sign-in may be lost.
//!
//! An intent is durable before a refresh token is spent; the new set replaces the old one in the same
//! transaction that closes the intent. A process killed anywhere between finds the intent at its next
//! start and knows that an answer may have been lost.

use latchkey_envelope::Envelope;
use latchkey_protocol::{ConnectionId, RestingPlace, SignInId, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::choices::forget_choices;
use super::connections::{Line, add_line, expect_version, make_room, to_json, write_connection, write_line};
use super::{RowError, Store, StoreError};
use crate::connection::Connection;

/// A sealed token set and the place it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct SealedSet {
    pub(crate) epoch: i64,
    pub(crate) generation: i64,
    pub(crate) envelope: Envelope,
}

/// "The refresh token of this generation is about to be spent."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intent {
    /// 1 for the first attempt with this refresh token; a higher one means that an earlier attempt had no
    /// definite end.
    pub(crate) attempt: i64,
}

impl Store {
    /// A sign-in succeeded: the connection, its sealed set and its history in one transaction, which also
    /// erases the row of the `sign_in`, so that it cannot be finished twice. Whatever was under way for an
    /// earlier epoch is void.
    pub(crate) async fn commit_sign_in(
        &self,
        connection: Connection,
        envelope: Envelope,
        sign_in: Option<SignInId>,
        line: Line,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = connection.id.clone();
        let write = move |transaction: &Transaction<'_>| {
            drop_unreadable_twin(transaction, &connection)?;
            write_connection(transaction, &connection)?;
            write_set(transaction, &connection, &envelope)?;
            close_intent(transaction, &connection.id)?;
            if let Some(sign_in) = sign_in {
                transaction.execute("DELETE FROM sign_ins WHERE id = ?1", [sign_in.as_str()])?;
            }
            write_line(transaction, &connection.id, at, Some(line))
        };
        self.shelf(&id).write(write).await
    }

    /// A refresh succeeded: the next generation replaces the one it was made from, or nothing is written.
    pub(crate) async fn commit_rotation(
        &self,
        connection: Connection,
        envelope: Envelope,
        line: Line,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = connection.id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &connection.id, connection.epoch, connection.generation - 1)?;
            write_connection(transaction, &connection)?;
            write_set(transaction, &connection, &envelope)?;
            close_intent(transaction, &connection.id)?;
            add_line(transaction, &connection.id, at, line)
        };
        self.shelf(&id).write(write).await
    }

    /// The keychain holds a newer set than the database: what is here of an older one is erased.
    pub(crate) async fn commit_recovered(
        &self,
        (epoch, generation): (i64, i64),
        connection: Connection,
        line: Line,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = connection.id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &connection.id, epoch, generation)?;
            write_connection(transaction, &connection)?;
            for sql in
                ["DELETE FROM token_sets WHERE connection = ?1", "DELETE FROM intents WHERE connection = ?1"]
            {
                transaction.execute(sql, [connection.id.as_str()])?;
            }
            write_line(transaction, &connection.id, at, Some(line))
        };
        self.shelf(&id).write(write).await
    }

    /// The person pressed Disconnect: the new epoch, and the set that is to be revoked sealed for it.
    pub(crate) async fn commit_disconnect(
        &self,
        connection: Connection,
        envelope: Option<Envelope>,
        line: Line,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = connection.id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &connection.id, connection.epoch - 1, connection.generation)?;
            write_connection(transaction, &connection)?;
            if let Some(envelope) = &envelope {
                write_set(transaction, &connection, envelope)?;
            }
            forget_choices(transaction, &connection.id)?;
            close_intent(transaction, &connection.id)?;
            write_line(transaction, &connection.id, at, Some(line))
        };
        self.shelf(&id).write(write).await
    }

    /// Announces that the refresh token of this generation is about to be spent. Durable when this returns;
    /// without it nothing is sent.
    pub(crate) async fn open_intent(
        &self,
        connection: &Connection,
        at: Timestamp,
    ) -> Result<Intent, StoreError> {
        let (id, epoch, generation) = (connection.id.clone(), connection.epoch, connection.generation);
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &id, epoch, generation)?;
            // For the line that tells of its success.
            make_room(transaction, &id)?;
            let attempt = transaction.query_row(
                "INSERT INTO intents (connection, epoch, generation, attempt, started_at) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT (connection) DO UPDATE SET
                     attempt = CASE WHEN epoch = ?2 AND generation = ?3 THEN attempt + 1 ELSE 1 END,
                     epoch = ?2, generation = ?3, started_at = ?4
                 RETURNING attempt",
                params![id.as_str(), epoch, generation, at.0],
                |row| row.get(0),
            )?;
            Ok(Intent { attempt })
        };
        self.shelf(&connection.id).write(write).await
    }

    /// The connections of which a refresh was announced and has no definite end yet.
    pub(crate) async fn open_intents(&self) -> Result<Vec<ConnectionId>, StoreError> {
        let read = |transaction: &Transaction<'_>| -> Result<Vec<ConnectionId>, RowError> {
            let mut statement = transaction.prepare("SELECT connection FROM intents")?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            // One that names nothing belongs to a connection that cannot be read.
            Ok(ids.filter_map(|id| ConnectionId::try_from(id.ok()?).ok()).collect())
        };
        self.disk.write(read).await
    }

    /// The sealed set of a connection, if it rests here.
    pub(crate) async fn sealed_set(&self, id: &ConnectionId) -> Result<Option<SealedSet>, StoreError> {
        let key = id.to_string();
        let read = move |transaction: &Transaction<'_>| {
            let sql = "SELECT epoch, generation, envelope FROM token_sets WHERE connection = ?1";
            let row = transaction.query_row(sql, [key], |row| {
                let envelope = Envelope::from_bytes(row.get(2)?);
                Ok(SealedSet { epoch: row.get(0)?, generation: row.get(1)?, envelope })
            });
            Ok(row.optional()?)
        };
        self.shelf(id).write(read).await
    }

    /// Replaces the set that waits to be revoked by a later one, which a refresh brought in the meantime.
    pub(crate) async fn replace_set_to_revoke(
        &self,
        connection: &Connection,
        envelope: Envelope,
    ) -> Result<(), StoreError> {
        let connection = connection.clone();
        let id = connection.id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &connection.id, connection.epoch, connection.generation)?;
            write_set(transaction, &connection, &envelope)
        };
        self.shelf(&id).write(write).await
    }

    /// The keychain confirmed this set: the sealed row is erased.
    pub(crate) async fn settle(
        &self,
        id: &ConnectionId,
        epoch: i64,
        generation: i64,
    ) -> Result<(), StoreError> {
        let key = id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &key, epoch, generation)?;
            transaction.execute(
                "DELETE FROM token_sets WHERE connection = ?1 AND epoch = ?2 AND generation = ?3",
                params![key.as_str(), epoch, generation],
            )?;
            let resting = serde_json::to_string(&RestingPlace::Keychain).unwrap_or_default();
            let update = "UPDATE connections SET resting = ?2 WHERE id = ?1";
            transaction.execute(update, params![key.as_str(), resting])?;
            Ok(())
        };
        self.shelf(id).write(write).await
    }
}

/// A row of the same account that nobody could read was kept aside until it is signed in to anew, which is the
/// case at this moment.
fn drop_unreadable_twin(transaction: &Transaction<'_>, connection: &Connection) -> Result<(), RowError> {
    transaction.execute(
        "DELETE FROM connections WHERE provider = ?1 AND account_key = ?2 AND variables = ?3 AND id <> ?4",
        params![
            connection.provider.as_str(),
            connection.account.key,
            to_json(&connection.variables)?,
            connection.id.as_str()
        ],
    )?;
    Ok(())
}

fn write_set(
    transaction: &Transaction<'_>,
    connection: &Connection,
    envelope: &Envelope,
) -> Result<(), RowError> {
    let row = params![connection.id.as_str(), connection.epoch, connection.generation, envelope.as_bytes()];
    transaction.prepare_cached(WRITE_SET)?.execute(row)?;
    transaction.prepare_cached(COUNT_SET)?.execute([])?;
    Ok(())
}

const WRITE_SET: &str = "
    INSERT INTO token_sets (connection, epoch, generation, envelope) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (connection) DO UPDATE SET
        epoch = excluded.epoch, generation = excluded.generation, envelope = excluded.envelope";

/// By this count a database that was put back is known.
const COUNT_SET: &str = "
    INSERT INTO settings (key, value) VALUES ('saved-sets', '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)";

fn close_intent(transaction: &Transaction<'_>, id: &ConnectionId) -> Result<(), RowError> {
    let sql = "DELETE FROM intents WHERE connection = ?1";
    transaction.prepare_cached(sql)?.execute([id.as_str()])?;
    Ok(())
}
