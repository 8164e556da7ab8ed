//! What people say of their connections, in rows that nothing else writes.
//!
//! A write names no generation: a person who renames a connection while it is being renewed is not overtaken by
//! the refresh, and does not overtake it.

use std::collections::BTreeMap;

use latchkey_protocol::{BrowserId, ConnectionId, ProviderId};
use rusqlite::{Row, Transaction, params};

use super::connections::from_json;
use super::{RowError, Store, StoreError, is_in_memory};
use crate::choices::{Choices, is_same};
use crate::connection::Standing;

/// How a rename ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renaming {
    /// It is saved.
    Saved,
    /// The connection of this account has that alias already.
    TakenBy(String),
}

impl Store {
    /// What is said of each connection. What cannot be read was not said.
    pub(crate) async fn choices(&self) -> Result<BTreeMap<ConnectionId, Choices>, StoreError> {
        let mut all = self.disk.write(read_all).await?;
        all.extend(self.memory.write(read_all).await?);
        Ok(all)
    }

    /// Gives a connection this alias, unless another one of its provider has it.
    pub(crate) async fn rename(
        &self,
        id: &ConnectionId,
        provider: &ProviderId,
        alias: Option<String>,
    ) -> Result<Renaming, StoreError> {
        let (key, provider) = (id.clone(), provider.clone());
        if let Some(alias) = alias.clone() {
            let elsewhere = if is_in_memory(id) { &self.disk } else { &self.memory };
            let (key, provider) = (key.clone(), provider.clone());
            let look = move |transaction: &Transaction<'_>| holder(transaction, &key, &provider, &alias);
            if let Some(account) = elsewhere.write(look).await? {
                return Ok(Renaming::TakenBy(account));
            }
        }
        let write = move |transaction: &Transaction<'_>| {
            if let Some(alias) = &alias
                && let Some(account) = holder(transaction, &key, &provider, alias)?
            {
                return Ok(Renaming::TakenBy(account));
            }
            expect_connected(transaction, &key)?;
            transaction.prepare_cached(WRITE_ALIAS)?.execute(params![key.as_str(), alias])?;
            Ok(Renaming::Saved)
        };
        self.shelf(id).write(write).await
    }

    /// Chooses the browser of a connection.
    pub(crate) async fn choose_browser(
        &self,
        id: &ConnectionId,
        browser: Option<BrowserId>,
    ) -> Result<(), StoreError> {
        let key = id.clone();
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            expect_connected(transaction, &key)?;
            let row = params![key.as_str(), browser.as_ref().map(BrowserId::as_str)];
            transaction.prepare_cached(WRITE_BROWSER)?.execute(row)?;
            Ok(())
        };
        self.shelf(id).write(write).await
    }
}

const WRITE_ALIAS: &str = "
    INSERT INTO choices (connection, alias) VALUES (?1, ?2)
    ON CONFLICT (connection) DO UPDATE SET alias = excluded.alias";

const WRITE_BROWSER: &str = "
    INSERT INTO choices (connection, browser) VALUES (?1, ?2)
    ON CONFLICT (connection) DO UPDATE SET browser = excluded.browser";

/// Forgets what was said of a connection that is being disconnected.
pub(super) fn forget_choices(transaction: &Transaction<'_>, id: &ConnectionId) -> Result<(), RowError> {
    transaction.prepare_cached("DELETE FROM choices WHERE connection = ?1")?.execute([id.as_str()])?;
    Ok(())
}

/// Fails where the connection is gone, or another process is disconnecting it.
fn expect_connected(transaction: &Transaction<'_>, id: &ConnectionId) -> Result<(), RowError> {
    let mut statement = transaction.prepare_cached("SELECT standing FROM connections WHERE id = ?1")?;
    let standing = statement.query_map([id.as_str()], |row| row.get::<_, String>(0))?.next().transpose()?;
    let standing: Standing = from_json(&standing.ok_or(RowError::Superseded)?, "connections.standing")?;
    match standing {
        Standing::Good | Standing::Attention { .. } | Standing::Misconfigured { .. } => Ok(()),
        Standing::Disconnecting { .. } => Err(RowError::Superseded),
    }
}

/// The account of another connection of `provider` that has this alias.
fn holder(
    transaction: &Transaction<'_>,
    id: &ConnectionId,
    provider: &ProviderId,
    alias: &str,
) -> Result<Option<String>, RowError> {
    let sql = "SELECT a.alias, c.account_name FROM choices a JOIN connections c ON c.id = a.connection
               WHERE c.provider = ?1 AND c.id <> ?2 AND a.alias IS NOT NULL";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([provider.as_str(), id.as_str()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    })?;
    for row in rows {
        let (other, account) = row?;
        if is_same(&other, alias) {
            return Ok(Some(account));
        }
    }
    Ok(None)
}

fn read_all(transaction: &Transaction<'_>) -> Result<BTreeMap<ConnectionId, Choices>, RowError> {
    let mut statement = transaction.prepare("SELECT connection, alias, browser FROM choices")?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    let mut all = BTreeMap::new();
    for row in rows {
        all.extend(row?);
    }
    Ok(all)
}

fn read(row: &Row<'_>) -> Option<(ConnectionId, Choices)> {
    let id = ConnectionId::try_from(row.get::<_, String>("connection").ok()?).ok()?;
    let text = |column: &str| row.get::<_, Option<String>>(column).ok().flatten();
    let alias = text("alias").and_then(|text| crate::choices::alias(&text).ok()?);
    let browser = text("browser").and_then(|text| BrowserId::try_from(text).ok());
    Some((id, Choices { alias, browser }))
}
