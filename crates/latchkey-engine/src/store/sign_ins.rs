//! Sign-ins that wait for the browser, sealed: `state` and code verifier are secrets.

use latchkey_envelope::Envelope;
use latchkey_protocol::{SignInId, Timestamp};
use rusqlite::params;

use super::{RowError, Store, StoreError};

/// A waiting sign-in as it rests.
#[derive(Debug, Clone)]
pub(crate) struct SealedSignIn {
    pub(crate) id: SignInId,
    pub(crate) expires_at: Timestamp,
    pub(crate) envelope: Envelope,
}

impl Store {
    /// Keeps a waiting sign-in.
    pub(crate) async fn keep_sign_in(&self, sign_in: SealedSignIn) -> Result<(), StoreError> {
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<(), RowError> {
            transaction.execute(
                "INSERT INTO sign_ins (id, expires_at, envelope) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, envelope = excluded.envelope",
                params![sign_in.id.as_str(), sign_in.expires_at.0, sign_in.envelope.as_bytes()],
            )?;
            Ok(())
        };
        self.disk.write(write).await
    }

    /// Erases a waiting sign-in: it was answered, cancelled or replaced, or it has expired.
    pub(crate) async fn drop_sign_in(&self, id: &SignInId) -> Result<(), StoreError> {
        let id = id.to_string();
        let write = move |transaction: &rusqlite::Transaction<'_>| -> Result<(), RowError> {
            transaction.execute("DELETE FROM sign_ins WHERE id = ?1", [id])?;
            Ok(())
        };
        self.disk.write(write).await
    }

    /// The sign-ins that still wait at `now`; expired ones are erased.
    pub(crate) async fn waiting_sign_ins(&self, now: Timestamp) -> Result<Vec<SealedSignIn>, StoreError> {
        let read = move |transaction: &rusqlite::Transaction<'_>| -> Result<Vec<SealedSignIn>, RowError> {
            transaction.execute("DELETE FROM sign_ins WHERE expires_at <= ?1", [now.0])?;
            let mut statement = transaction.prepare("SELECT id, expires_at, envelope FROM sign_ins")?;
            let rows = statement.query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })?;
            rows.map(|row| {
                let (id, expires_at, envelope) = row?;
                let id = SignInId::try_from(id).map_err(|_| RowError::Unreadable("sign_ins.id".into()))?;
                let envelope = Envelope::from_bytes(envelope);
                Ok(SealedSignIn { id, expires_at: Timestamp(expires_at), envelope })
            })
            .collect()
        };
        self.disk.write(read).await
    }
}
