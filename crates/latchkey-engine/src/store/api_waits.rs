//! Until when APIs asked to be left alone: some ask for hours, which a restart must not forget.

use latchkey_protocol::{ConnectionId, Timestamp};
use rusqlite::{Transaction, params};

use super::{RowError, Store, StoreError};

/// One request to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiWait {
    /// The base URL of the API.
    pub(crate) api: String,
    /// The client id.
    pub(crate) client_id: String,
    /// The account's key; absent where it concerns all.
    pub(crate) account: Option<String>,
    /// The route; absent where it concerns the whole API.
    pub(crate) route: Option<String>,
    /// Until when.
    pub(crate) until: Timestamp,
}

impl Store {
    /// Writes a request to wait down that the calls of a connection met, in place of an earlier one, and
    /// forgets those that are over at `now`.
    pub(crate) async fn keep_api_wait(
        &self,
        of: &ConnectionId,
        wait: ApiWait,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            transaction.execute("DELETE FROM api_waits WHERE until <= ?1", [now.0])?;
            let (account, route) = (wait.account.unwrap_or_default(), wait.route.unwrap_or_default());
            transaction.execute(
                "INSERT INTO api_waits (api, client_id, account, route, until) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET until = excluded.until",
                params![wait.api, wait.client_id, account, route, wait.until.0],
            )?;
            Ok(())
        };
        self.shelf(of).write(write).await
    }

    /// The requests to wait that are not over at `now`.
    pub(crate) async fn api_waits(&self, now: Timestamp) -> Result<Vec<ApiWait>, StoreError> {
        let read = move |transaction: &Transaction<'_>| -> Result<Vec<ApiWait>, RowError> {
            let sql = "SELECT api, client_id, account, route, until FROM api_waits WHERE until > ?1";
            let mut statement = transaction.prepare(sql)?;
            let named = |text: String| (!text.is_empty()).then_some(text);
            let rows = statement.query_map([now.0], |row| {
                Ok(ApiWait {
                    api: row.get(0)?,
                    client_id: row.get(1)?,
                    account: named(row.get(2)?),
                    route: named(row.get(3)?),
                    until: Timestamp(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        self.disk.write(read).await
    }
}
