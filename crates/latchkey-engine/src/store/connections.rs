//! Rows of connections: read whole, written whole, each write naming the epoch it belongs to.

use latchkey_protocol::{ConnectionId, HistoryEntry, HistoryKind, ProviderId, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::people::write_person;
use super::{Damage, RowError, Store, StoreError};
use crate::connection::{Access, Account, Connection, Grant, Picture};
use crate::planted::{Planted, planted};
use crate::text::displayable;

/// What is added to a connection's history along with a write.
pub(crate) type Line = (HistoryKind, Option<String>);

const SELECT: &str =
    "SELECT c.*, p.media_type, p.bytes FROM connections c LEFT JOIN pictures p ON p.connection = c.id";
const HISTORY_KEPT: i64 = 2000;

impl Store {
    /// Every connection, oldest first, and the rows that cannot be read. Those stay as they are.
    pub(crate) async fn connections(&self) -> Result<(Vec<Connection>, Vec<Damage>), StoreError> {
        let (mut all, damaged) = self.disk.write(read_all).await?;
        all.extend(self.memory.write(read_all).await?.0);
        all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok((all, damaged))
    }

    /// One connection as it stands.
    pub(crate) async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        let key = id.to_string();
        self.shelf(id).write(move |transaction| read_one(transaction, &key)).await
    }

    /// Writes a new standing or track, provided the connection is still of this epoch and generation.
    /// `close_intent` says that the refresh which was announced has a definite end.
    pub(crate) async fn commit_state(
        &self,
        connection: Connection,
        close_intent: bool,
        line: Option<Line>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = connection.id.clone();
        let write = move |transaction: &Transaction<'_>| {
            expect_version(transaction, &connection.id, connection.epoch, connection.generation)?;
            write_connection(transaction, &connection)?;
            if close_intent {
                transaction.execute("DELETE FROM intents WHERE connection = ?1", [connection.id.as_str()])?;
            }
            write_line(transaction, &connection.id, at, line)
        };
        self.shelf(&id).write(write).await
    }

    /// Erases a connection with all its rows.
    pub(crate) async fn remove(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let key = id.to_string();
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            transaction.execute("DELETE FROM connections WHERE id = ?1", [key])?;
            Ok(())
        };
        self.shelf(id).write(write).await
    }

    /// What happened to a connection, newest first, at most `limit` entries.
    pub(crate) async fn history(
        &self,
        id: &ConnectionId,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let key = id.to_string();
        let read = move |transaction: &Transaction<'_>| -> Result<Vec<HistoryEntry>, RowError> {
            let sql = "SELECT at, kind, message FROM history WHERE connection = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2";
            let mut statement = transaction.prepare_cached(sql)?;
            let rows = statement.query_map(params![key, limit], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
            })?;
            rows.map(|row| {
                let (at, kind, message) = row?;
                Ok(HistoryEntry { at: Timestamp(at), kind: from_json(&kind, "history.kind")?, message })
            })
            .collect()
        };
        self.shelf(id).write(read).await
    }
}

fn read_all(transaction: &Transaction<'_>) -> Result<(Vec<Connection>, Vec<Damage>), RowError> {
    let mut statement = transaction.prepare(SELECT)?;
    let rows = statement.query_map([], |row| Ok(read(row).map_err(|error| damaged(row, &error))))?;
    let (mut connections, mut damages) = (Vec::new(), Vec::new());
    for row in rows {
        match row? {
            Ok(connection) => connections.push(connection),
            Err(damage) => damages.push(damage),
        }
    }
    Ok((connections, damages))
}

/// Names a row by whatever of it can be read.
fn damaged(row: &Row<'_>, error: &RowError) -> Damage {
    let text = |column: &str| row.get::<_, String>(column).ok().and_then(|text| displayable(&text));
    let parts = [text("provider_name"), text("account_name")];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let name = if name.is_empty() { "A connection without a name".to_owned() } else { name };
    Damage::Row { name, what: error.to_string() }
}

fn read_one(transaction: &Transaction<'_>, id: &str) -> Result<Option<Connection>, RowError> {
    let sql = format!("{SELECT} WHERE c.id = ?1");
    transaction.query_row(&sql, [id], |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Connection, RowError> {
    let text = |column: &str| row.get::<_, String>(column);
    let bad = |column: &str| RowError::Unreadable(format!("connections.{column}"));
    let picture = match (row.get("media_type")?, row.get("bytes")?) {
        (Some(media_type), Some(bytes)) => Some(Picture { media_type, bytes }),
        (None, _) | (_, None) => None,
    };
    Ok(Connection {
        id: ConnectionId::try_from(text("id")?).map_err(|_| bad("id"))?,
        provider: ProviderId::try_from(text("provider")?).map_err(|_| bad("provider"))?,
        provider_name: text("provider_name")?,
        client_id: text("client_id")?,
        account: Account { key: text("account_key")?, name: text("account_name")?, picture, person: None },
        keep: from_json(&text("keep")?, "connections.keep")?,
        epoch: row.get("epoch")?,
        generation: row.get("generation")?,
        grant: Grant {
            authorized_at: Timestamp(row.get("authorized_at")?),
            ends_at: row.get::<_, Option<i64>>("ends_at")?.map(Timestamp),
            asked: from_json(&text("asked")?, "connections.asked")?,
            granted: from_json(&text("granted")?, "connections.granted")?,
        },
        access: Access {
            obtained_at: Timestamp(row.get("obtained_at")?),
            expires_at: row.get::<_, Option<i64>>("expires_at")?.map(Timestamp),
            renewable: row.get("renewable")?,
        },
        standing: from_json(&text("standing")?, "connections.standing")?,
        track: from_json(&text("track")?, "connections.track")?,
        resting: from_json(&text("resting")?, "connections.resting")?,
        created_at: Timestamp(row.get("created_at")?),
        variables: from_json(&text("variables")?, "connections.variables")?,
        kept: from_json(&text("kept")?, "connections.kept")?,
    })
}

/// Writes all columns and the picture, whether the row is new or not.
pub(super) fn write_connection(
    transaction: &Transaction<'_>,
    connection: &Connection,
) -> Result<(), RowError> {
    transaction.prepare_cached(UPSERT)?.execute(named_params! {
        ":id": connection.id.as_str(),
        ":provider": connection.provider.as_str(),
        ":provider_name": connection.provider_name,
        ":client_id": connection.client_id,
        ":account_key": connection.account.key,
        ":account_name": connection.account.name,
        ":keep": to_json(&connection.keep)?,
        ":epoch": connection.epoch,
        ":generation": connection.generation,
        ":authorized_at": connection.grant.authorized_at.0,
        ":ends_at": connection.grant.ends_at.map(|at| at.0),
        ":asked": to_json(&connection.grant.asked)?,
        ":granted": to_json(&connection.grant.granted)?,
        ":obtained_at": connection.access.obtained_at.0,
        ":expires_at": connection.access.expires_at.map(|at| at.0),
        ":renewable": connection.access.renewable,
        ":standing": to_json(&connection.standing)?,
        ":track": to_json(&connection.track)?,
        ":resting": to_json(&connection.resting)?,
        ":created_at": connection.created_at.0,
        ":variables": to_json(&connection.variables)?,
        ":kept": to_json(&connection.kept)?,
    })?;
    write_picture(transaction, connection)?;
    write_person(transaction, connection)
}

const UPSERT: &str = "
    INSERT INTO connections (
        id, provider, provider_name, client_id, account_key, account_name, keep, epoch, generation, authorized_at,
        ends_at, asked, granted, obtained_at, expires_at, renewable, standing, track, resting, created_at,
        variables, kept
    ) VALUES (
        :id, :provider, :provider_name, :client_id, :account_key, :account_name, :keep, :epoch, :generation,
        :authorized_at, :ends_at, :asked, :granted, :obtained_at, :expires_at, :renewable, :standing, :track,
        :resting, :created_at, :variables, :kept
    )
    ON CONFLICT (id) DO UPDATE SET
        provider_name = excluded.provider_name, client_id = excluded.client_id,
        account_key = excluded.account_key, account_name = excluded.account_name, epoch = excluded.epoch,
        generation = excluded.generation, authorized_at = excluded.authorized_at, ends_at = excluded.ends_at,
        asked = excluded.asked, granted = excluded.granted, obtained_at = excluded.obtained_at,
        expires_at = excluded.expires_at, renewable = excluded.renewable, standing = excluded.standing,
        track = excluded.track, kept = excluded.kept,
        resting = CASE
            -- A set that has settled does not move back; whoever writes may have read the row before.
            WHEN connections.epoch = excluded.epoch AND connections.generation = excluded.generation
            THEN connections.resting
            ELSE excluded.resting
        END";

fn write_picture(transaction: &Transaction<'_>, connection: &Connection) -> Result<(), RowError> {
    let id = connection.id.as_str();
    match &connection.account.picture {
        Some(picture) => {
            let row = params![id, picture.media_type, picture.bytes];
            transaction.prepare_cached(WRITE_PICTURE)?.execute(row)?
        }
        None => transaction.prepare_cached("DELETE FROM pictures WHERE connection = ?1")?.execute([id])?,
    };
    Ok(())
}

const WRITE_PICTURE: &str = "
    INSERT INTO pictures (connection, media_type, bytes) VALUES (?1, ?2, ?3)
    ON CONFLICT (connection) DO UPDATE SET media_type = excluded.media_type, bytes = excluded.bytes
    WHERE bytes IS NOT excluded.bytes";

/// Fails unless the row is still of this epoch and generation.
pub(super) fn expect_version(
    transaction: &Transaction<'_>,
    id: &ConnectionId,
    epoch: i64,
    generation: i64,
) -> Result<(), RowError> {
    let sql = "SELECT 1 FROM connections WHERE id = ?1 AND epoch = ?2 AND generation = ?3";
    if planted(Planted::NoVersion) {
        return Ok(());
    }
    let found = transaction.prepare_cached(sql)?.exists(params![id.as_str(), epoch, generation])?;
    if found { Ok(()) } else { Err(RowError::Superseded) }
}

/// Adds a line to the history, for which room is made.
pub(super) fn write_line(
    transaction: &Transaction<'_>,
    id: &ConnectionId,
    at: Timestamp,
    line: Option<Line>,
) -> Result<(), RowError> {
    match line {
        Some(line) => {
            make_room(transaction, id)?;
            add_line(transaction, id, at, line)
        }
        None => Ok(()),
    }
}

/// Drops the oldest lines of the history, so that with one more there are two thousand at most. It looks at all
/// of them, which is not to be done while a renewed set waits to be saved.
pub(super) fn make_room(transaction: &Transaction<'_>, id: &ConnectionId) -> Result<(), RowError> {
    transaction.prepare_cached(DROP_LINES)?.execute(params![id.as_str(), HISTORY_KEPT - 1])?;
    Ok(())
}

/// Adds a line to the history, for which there is room.
pub(super) fn add_line(
    transaction: &Transaction<'_>,
    id: &ConnectionId,
    at: Timestamp,
    (kind, message): Line,
) -> Result<(), RowError> {
    let row = params![id.as_str(), at.0, to_json(&kind)?, message];
    transaction.prepare_cached(WRITE_LINE)?.execute(row)?;
    Ok(())
}

const WRITE_LINE: &str = "INSERT INTO history (connection, at, kind, message) VALUES (?1, ?2, ?3, ?4)";

const DROP_LINES: &str = "
    DELETE FROM history WHERE connection = ?1 AND rowid <= (
        SELECT rowid FROM history WHERE connection = ?1 ORDER BY rowid DESC LIMIT 1 OFFSET ?2)";

pub(super) fn to_json(value: &impl Serialize) -> Result<String, RowError> {
    serde_json::to_string(value).map_err(|error| RowError::Unreadable(error.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, RowError> {
    serde_json::from_str(text).map_err(|_| RowError::Unreadable(column.to_owned()))
}
