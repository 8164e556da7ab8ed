//! Incidents: what a person was told of which connection, and when.

use latchkey_protocol::{ConnectionId, Incident, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::connections::{from_json, to_json};
use super::{RowError, Shelf, Store, StoreError};

/// An incident as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownIncident {
    pub(crate) incident: Incident,
    pub(crate) began_at: Timestamp,
    /// When the person was told.
    pub(crate) sent_at: Option<Timestamp>,
    /// When they were reminded.
    pub(crate) reminded_at: Option<Timestamp>,
    /// Not before this moment.
    pub(crate) snoozed_until: Option<Timestamp>,
    /// Not at all.
    pub(crate) ignored: bool,
    /// It is over, and its notice is still to be withdrawn.
    pub(crate) ended: bool,
}

/// When notices were sent, whatever has become of their incidents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LastNotices {
    /// The last of any kind.
    pub(crate) any: Option<Timestamp>,
    /// The last of a grant that ends soon.
    pub(crate) expiring: Option<Timestamp>,
}

const LAST_ANY: &str = "last-notice";
const LAST_EXPIRING: &str = "last-notice-expiring";

impl Store {
    /// Every incident that is written down.
    pub(crate) async fn incidents(&self) -> Result<Vec<KnownIncident>, StoreError> {
        let mut all = self.disk.write(read_all).await?;
        all.extend(self.memory.write(read_all).await?);
        Ok(all)
    }

    /// Writes these incidents as they are, and erases those others.
    pub(crate) async fn keep_incidents(
        &self,
        kept: Vec<KnownIncident>,
        erased: Vec<Incident>,
    ) -> Result<(), StoreError> {
        for shelf in [&self.disk, &self.memory] {
            let here = |id: &ConnectionId| std::ptr::eq(self.shelf(id), shelf);
            let kept: Vec<_> =
                kept.iter().filter(|known| here(&known.incident.connection)).cloned().collect();
            let erased: Vec<_> = erased.iter().filter(|gone| here(&gone.connection)).cloned().collect();
            if !kept.is_empty() || !erased.is_empty() {
                write_to(shelf, kept, erased).await?;
            }
        }
        Ok(())
    }

    /// When notices were sent.
    pub(crate) async fn last_notices(&self) -> Result<LastNotices, StoreError> {
        let read = |transaction: &Transaction<'_>| -> Result<LastNotices, RowError> {
            Ok(LastNotices {
                any: moment(transaction, LAST_ANY)?,
                expiring: moment(transaction, LAST_EXPIRING)?,
            })
        };
        self.disk.write(read).await
    }

    /// Remembers when notices were sent.
    pub(crate) async fn keep_last_notices(&self, last: LastNotices) -> Result<(), StoreError> {
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            for (key, at) in [(LAST_ANY, last.any), (LAST_EXPIRING, last.expiring)] {
                if let Some(at) = at {
                    let sql = "INSERT INTO settings (key, value) VALUES (?1, ?2)
                         ON CONFLICT (key) DO UPDATE SET value = excluded.value";
                    transaction.execute(sql, params![key, at.0.to_string()])?;
                }
            }
            Ok(())
        };
        self.disk.write(write).await
    }
}

fn moment(transaction: &Transaction<'_>, key: &str) -> Result<Option<Timestamp>, RowError> {
    let sql = "SELECT value FROM settings WHERE key = ?1";
    let value: Option<String> = transaction.query_row(sql, [key], |row| row.get(0)).optional()?;
    Ok(value.and_then(|value| value.parse().ok()).map(Timestamp))
}

async fn write_to(shelf: &Shelf, kept: Vec<KnownIncident>, erased: Vec<Incident>) -> Result<(), StoreError> {
    let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
        for gone in &erased {
            let key = params![gone.connection.as_str(), to_json(&gone.reason)?];
            transaction.execute("DELETE FROM incidents WHERE connection = ?1 AND reason = ?2", key)?;
        }
        kept.iter().try_for_each(|known| write_one(transaction, known))
    };
    shelf.write(write).await
}

fn write_one(transaction: &Transaction<'_>, known: &KnownIncident) -> Result<(), RowError> {
    let at = |at: Option<Timestamp>| at.map(|at| at.0);
    transaction.prepare_cached(REPLACE)?.execute(params![
        known.incident.connection.as_str(),
        to_json(&known.incident.reason)?,
        known.began_at.0,
        at(known.sent_at),
        at(known.reminded_at),
        at(known.snoozed_until),
        known.ignored,
        known.ended,
    ])?;
    Ok(())
}

const REPLACE: &str = "
    INSERT OR REPLACE INTO incidents
        (connection, reason, began_at, sent_at, reminded_at, snoozed_until, ignored, ended)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

fn read_all(transaction: &Transaction<'_>) -> Result<Vec<KnownIncident>, RowError> {
    let mut statement = transaction.prepare_cached("SELECT * FROM incidents ORDER BY began_at, rowid")?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> Result<KnownIncident, RowError> {
    let id = ConnectionId::try_from(row.get::<_, String>("connection")?)
        .map_err(|_| RowError::Unreadable("incidents.connection".into()))?;
    let at = |column: &str| Ok::<_, RowError>(row.get::<_, Option<i64>>(column)?.map(Timestamp));
    let reason = from_json(&row.get::<_, String>("reason")?, "incidents.reason")?;
    Ok(KnownIncident {
        incident: Incident { connection: id, reason },
        began_at: Timestamp(row.get("began_at")?),
        sent_at: at("sent_at")?,
        reminded_at: at("reminded_at")?,
        snoozed_until: at("snoozed_until")?,
        ignored: row.get("ignored")?,
        ended: row.get("ended")?,
    })
}
