//! The clients that Latchkey is to providers: ids in the clear, secrets as envelopes.

use latchkey_envelope::Envelope;
use latchkey_protocol::ProviderId;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::connections::{from_json, to_json};
use super::{RowError, Store, StoreError};
use crate::connection::Values;

/// One client at one provider's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) provider: ProviderId,
    /// Which server, by the provider's variables.
    pub(crate) variables: Values,
    pub(crate) client_id: String,
    /// Whether there is a secret.
    pub(crate) secret: bool,
    /// Whether new sign-ins use it.
    pub(crate) chosen: bool,
}

impl Registered {
    /// The row's key, and the place to which the envelope of its secret is bound.
    pub(crate) fn place(provider: &ProviderId, variables: &Values, client_id: &str) -> String {
        let variables = serde_json::to_string(variables).unwrap_or_default();
        format!("client {provider} {variables} {client_id}")
    }
}

impl Store {
    /// Every client that was saved or registered.
    pub(crate) async fn registrations(&self) -> Result<Vec<Registered>, StoreError> {
        let read = |transaction: &Transaction<'_>| -> Result<Vec<Registered>, RowError> {
            let sql = "SELECT provider, variables, client_id, envelope IS NOT NULL, chosen FROM registrations
                       ORDER BY id";
            let mut statement = transaction.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok(read(row)))?;
            // One that cannot be read is a client that has to be saved again.
            Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        };
        self.disk.write(read).await
    }

    /// Saves a client. A chosen one takes the place of the chosen one of that server; without an envelope the
    /// secret that there may be stays.
    pub(crate) async fn save_registration(
        &self,
        registered: Registered,
        envelope: Option<Envelope>,
    ) -> Result<(), StoreError> {
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            let Registered { provider, variables, client_id, chosen, .. } = registered;
            if chosen {
                unchoose(transaction, &provider, &variables)?;
            }
            let id = Registered::place(&provider, &variables, &client_id);
            let envelope = envelope.as_ref().map(Envelope::as_bytes);
            transaction.execute(
                "INSERT INTO registrations (id, provider, variables, client_id, envelope, chosen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET
                     envelope = COALESCE(excluded.envelope, envelope), chosen = max(chosen, excluded.chosen)",
                params![id, provider.as_str(), to_json(&variables)?, client_id, envelope, chosen],
            )?;
            if chosen { forget_unused(transaction) } else { Ok(()) }
        };
        self.disk.write(write).await
    }

    /// No client of this server is for new sign-ins any more.
    pub(crate) async fn drop_registration(
        &self,
        provider: &ProviderId,
        variables: &Values,
    ) -> Result<(), StoreError> {
        let (provider, variables) = (provider.clone(), variables.clone());
        let write = move |transaction: &Transaction<'_>| -> Result<(), RowError> {
            unchoose(transaction, &provider, &variables)?;
            forget_unused(transaction)
        };
        self.disk.write(write).await
    }

    /// The sealed secret of a client.
    pub(crate) async fn sealed_client_secret(&self, place: String) -> Result<Option<Envelope>, StoreError> {
        let read = move |transaction: &Transaction<'_>| -> Result<Option<Envelope>, RowError> {
            let sql = "SELECT envelope FROM registrations WHERE id = ?1";
            let row = transaction.query_row(sql, [place], |row| row.get::<_, Option<Vec<u8>>>(0));
            Ok(row.optional()?.flatten().map(Envelope::from_bytes))
        };
        self.disk.write(read).await
    }
}

fn read(row: &Row<'_>) -> Result<Registered, RowError> {
    let bad = |_| RowError::Unreadable("registrations.provider".to_owned());
    Ok(Registered {
        provider: ProviderId::try_from(row.get::<_, String>(0)?).map_err(bad)?,
        variables: from_json(&row.get::<_, String>(1)?, "registrations.variables")?,
        client_id: row.get(2)?,
        secret: row.get(3)?,
        chosen: row.get(4)?,
    })
}

fn unchoose(
    transaction: &Transaction<'_>,
    provider: &ProviderId,
    variables: &Values,
) -> Result<(), RowError> {
    let sql = "UPDATE registrations SET chosen = 0 WHERE provider = ?1 AND variables = ?2";
    transaction.execute(sql, params![provider.as_str(), to_json(variables)?])?;
    Ok(())
}

/// Erases the clients that neither a sign-in nor a connection needs.
fn forget_unused(transaction: &Transaction<'_>) -> Result<(), RowError> {
    transaction.execute(
        "DELETE FROM registrations WHERE chosen = 0 AND NOT EXISTS (
             SELECT 1 FROM connections c WHERE c.provider = registrations.provider
                 AND c.variables = registrations.variables AND c.client_id = registrations.client_id)",
        [],
    )?;
    Ok(())
}
