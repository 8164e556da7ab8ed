//! The people behind connections to Discord, one row for each, written along with the connection.

use latchkey_protocol::discord::Person;
use latchkey_protocol::{ConnectionId, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{RowError, Store, StoreError};
use crate::connection::Connection;

impl Store {
    /// Who is behind a connection, as the last sign-in or check found them.
    pub(crate) async fn discord_person(&self, id: &ConnectionId) -> Result<Option<Person>, StoreError> {
        let of = id.clone();
        let read = move |transaction: &Transaction<'_>| -> Result<Option<Person>, RowError> {
            let sql = "SELECT snowflake, username, discriminator, global_name, avatar, avatar_url, seen_at
                 FROM discord_people WHERE connection = ?1";
            let person = |row: &Row<'_>| {
                Ok(Person {
                    connection: of.clone(),
                    snowflake: row.get(0)?,
                    username: row.get(1)?,
                    discriminator: row.get(2)?,
                    global_name: row.get(3)?,
                    avatar: row.get(4)?,
                    avatar_url: row.get(5)?,
                    seen_at: Timestamp(row.get(6)?),
                })
            };
            Ok(transaction.query_row(sql, [of.as_str()], person).optional()?)
        };
        self.shelf(id).write(read).await
    }
}

/// Writes the person of a connection that was asked about. What is known of one that was only read stays.
pub(super) fn write_person(transaction: &Transaction<'_>, connection: &Connection) -> Result<(), RowError> {
    let Some(person) = &connection.account.person else { return Ok(()) };
    transaction.prepare_cached(UPSERT)?.execute(params![
        connection.id.as_str(),
        // SQLite's integers are signed.
        person.snowflake.to_string(),
        person.username,
        person.discriminator,
        person.global_name,
        person.avatar,
        person.avatar_url,
        person.seen_at.0,
    ])?;
    Ok(())
}

const UPSERT: &str = "
    INSERT INTO discord_people (
        connection, snowflake, username, discriminator, global_name, avatar, avatar_url, seen_at
    ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (connection) DO UPDATE SET
        snowflake = excluded.snowflake, username = excluded.username, discriminator = excluded.discriminator,
        global_name = excluded.global_name, avatar = excluded.avatar, avatar_url = excluded.avatar_url,
        seen_at = excluded.seen_at";
