//! How connections were, for a timeline.

use latchkey_protocol::{ConnectionId, HealthChange, Timestamp};
use rusqlite::{Transaction, params};

use super::connections::{from_json, to_json};
use super::{RowError, Store, StoreError, is_in_memory};

/// Changes that are kept of each connection.
const KEPT: i64 = 1000;

impl Store {
    /// Adds what has changed, oldest first. What is as it was before adds nothing, and what is gone no more.
    pub(crate) async fn record_health(
        &self,
        changes: Vec<(ConnectionId, HealthChange)>,
    ) -> Result<(), StoreError> {
        let (in_memory, on_disk): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|(id, _)| is_in_memory(id));
        for (shelf, changes) in [(&self.disk, on_disk), (&self.memory, in_memory)] {
            if !changes.is_empty() {
                let write = move |transaction: &Transaction<'_>| {
                    changes.iter().try_for_each(|(id, change)| record(transaction, id.as_str(), change))
                };
                shelf.write(write).await?;
            }
        }
        Ok(())
    }

    /// How a connection was, newest first, at most `limit` changes.
    pub(crate) async fn health_changes(
        &self,
        id: &ConnectionId,
        limit: u32,
    ) -> Result<Vec<HealthChange>, StoreError> {
        let key = id.to_string();
        let read = move |transaction: &Transaction<'_>| -> Result<Vec<HealthChange>, RowError> {
            let sql = "SELECT at, severity, grant_kind, activity FROM health_changes WHERE connection = ?1
                 ORDER BY rowid DESC LIMIT ?2";
            let mut statement = transaction.prepare_cached(sql)?;
            let rows = statement.query_map(params![key, limit], |row| {
                let text = |index| row.get::<_, String>(index);
                Ok((row.get::<_, i64>(0)?, text(1)?, text(2)?, text(3)?))
            })?;
            rows.map(|row| {
                let (at, severity, grant, activity) = row?;
                Ok(HealthChange {
                    at: Timestamp(at),
                    severity: from_json(&severity, "health_changes.severity")?,
                    grant: from_json(&grant, "health_changes.grant_kind")?,
                    activity: from_json(&activity, "health_changes.activity")?,
                })
            })
            .collect()
        };
        self.shelf(id).write(read).await
    }
}

fn record(transaction: &Transaction<'_>, key: &str, change: &HealthChange) -> Result<(), RowError> {
    let added = transaction.prepare_cached(INSERT)?.execute(params![
        key,
        change.at.0,
        to_json(&change.severity)?,
        to_json(&change.grant)?,
        to_json(&change.activity)?,
    ])?;
    if added > 0 {
        transaction.prepare_cached(TRIM)?.execute(params![key, KEPT])?;
    }
    Ok(())
}

const INSERT: &str = "
    INSERT INTO health_changes (connection, at, severity, grant_kind, activity)
    SELECT ?1, ?2, ?3, ?4, ?5
    WHERE EXISTS (SELECT 1 FROM connections WHERE id = ?1)
      AND (?3, ?4, ?5) IS NOT (
          SELECT severity, grant_kind, activity FROM health_changes WHERE connection = ?1
          ORDER BY rowid DESC LIMIT 1)";

const TRIM: &str = "
    DELETE FROM health_changes WHERE connection = ?1 AND rowid <= (
        SELECT rowid FROM health_changes WHERE connection = ?1 ORDER BY rowid DESC LIMIT 1 OFFSET ?2)";
