//! Sign-ins for another computer, in one file under a passphrase.
//!
//! Two computers that renew one rotating sign-in end it for each other. So an export hands over: what is in
//! the file is renewed by the other computer from here on, and here only if the person asks for it.

mod file;
mod written;

use std::path::PathBuf;
use std::sync::Arc;

use latchkey_envelope::{Cost, PassphraseEnvelope, PassphraseError, PassphraseKey};
use latchkey_protocol::{
    AttentionReason, BackedUp, BackupEnd, HistoryKind, ImportEnd, Imported, Keep, Problem, ProblemCode,
};

use crate::clock::Boot;
use crate::connection::{Connection, Standing};
use crate::credential::{RegisteredClient, TokenSet};
use crate::live::{Parts, Slot};
use crate::passphrase::Passphrase;
use crate::resting::{self, LoadError};
use crate::store::StoreError;
use crate::{clients, personal, protection, sign_in};
use written::{Backup, Found};

/// What the envelope of a backup is bound to.
const BINDING: &[u8] = b"latchkey backup, format 1";

/// A backup, and what became of each connection.
pub(crate) struct Exported {
    pub(crate) bytes: Vec<u8>,
    pub(crate) connections: Vec<BackedUp>,
    /// As they were before they were handed over.
    before: Vec<Connection>,
}

/// Seals every usable sign-in under a passphrase and hands it over.
pub(crate) async fn export(parts: &Arc<Parts>, passphrase: Passphrase) -> Result<Exported, Problem> {
    protection::check_length(&passphrase)?;
    let key = protection::derive(parts, passphrase, Cost::DEFAULT).await?;
    let slots = parts.slots();
    // Nobody renews what is being written down.
    let mut held = Vec::with_capacity(slots.len());
    for slot in &slots {
        held.push(slot.exclusive.lock().await);
    }
    let (mut backup, mut connections, mut before) = (Backup::new(parts.now()), Vec::new(), Vec::new());
    for slot in &slots {
        let connection = slot.connection();
        let (end, set) = usable(parts, slot, &connection).await?;
        if let Some(set) = set {
            let alias = slot.read(|state| state.choices.alias.clone());
            backup.add(&connection, alias, &set, &client_of(parts, &connection).await?);
            before.push(connection.clone());
        }
        let account_name = parts.called(&connection);
        let provider_name = connection.provider_name;
        connections.push(BackedUp { provider_name, account_name, end });
    }
    let bytes = seal(parts, &key, &backup)?;
    hand_over(parts, &before).await?;
    drop(held);
    Ok(Exported { bytes, connections, before })
}

/// The same into a file that must not exist yet.
pub(crate) async fn export_to(
    parts: &Arc<Parts>,
    path: PathBuf,
    passphrase: Passphrase,
) -> Result<Vec<BackedUp>, Problem> {
    file::check(&path)?;
    let exported = export(parts, passphrase).await?;
    let Exported { bytes, connections, before } = exported;
    if let Err(problem) = file::write(path, bytes).await {
        take_back(parts, &before).await;
        return Err(problem);
    }
    Ok(connections)
}

/// The client that the other computer has to be, too.
async fn client_of(parts: &Parts, connection: &Connection) -> Result<RegisteredClient, Problem> {
    match parts.provider_of(connection) {
        Some(provider) => Ok(clients::of(parts, &provider, connection).await?),
        None => Ok(RegisteredClient { id: connection.client_id.clone(), secret: None }),
    }
}

/// Why a connection is not exported, or its token set.
async fn usable(
    parts: &Parts,
    slot: &Slot,
    connection: &Connection,
) -> Result<(BackupEnd, Option<Arc<TokenSet>>), Problem> {
    if connection.keep == Keep::Memory {
        return Ok((BackupEnd::MemoryOnly, None));
    }
    match connection.standing {
        Standing::Good | Standing::Misconfigured { .. } => {}
        Standing::Attention { .. } | Standing::Disconnecting { .. } => {
            return Ok((BackupEnd::NotUsable, None));
        }
    }
    match resting::load(parts, slot, connection).await {
        Ok(set) => Ok((BackupEnd::Exported, Some(set))),
        Err(LoadError::Vault(error)) if !error.may_pass() => Ok((BackupEnd::Unreadable, None)),
        Err(error) => Err(Problem::from(error).about(&connection.id)),
    }
}

fn seal(parts: &Parts, key: &PassphraseKey, backup: &Backup) -> Result<Vec<u8>, Problem> {
    let sealed = parts.entropy.with(|source| key.seal(BINDING, &backup.to_bytes(), source));
    Ok(sealed.map_err(unreadable)?.as_bytes().to_vec())
}

/// From here on these are renewed by the other computer. Written down before the bytes leave.
async fn hand_over(parts: &Parts, connections: &[Connection]) -> Result<(), Problem> {
    let (reason, now) = (AttentionReason::HandedOver, parts.now());
    for (at, connection) in connections.iter().enumerate() {
        let Ok(handed) = connection.clone().needs_sign_in(reason, now, None) else { continue };
        let line = Some((HistoryKind::HandedOver, None));
        match parts.store.commit_state(handed.clone(), false, line, now).await {
            Ok(()) => drop(parts.publish(handed)),
            Err(error) => {
                take_back(parts, &connections[..at]).await;
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// The file was not written, so nothing was handed over.
async fn take_back(parts: &Parts, before: &[Connection]) {
    for connection in before {
        match parts.store.commit_state(connection.clone(), false, None, parts.now()).await {
            Ok(()) => drop(parts.publish(connection.clone())),
            Err(error) => {
                tracing::warn!(connection.id = %connection.id, %error, "it stays handed over until it is checked");
            }
        }
    }
}

/// Takes the sign-ins of a backup, connection by connection.
pub(crate) async fn import(
    parts: &Arc<Parts>,
    bytes: Vec<u8>,
    passphrase: Passphrase,
) -> Result<Vec<Imported>, Problem> {
    let envelope = PassphraseEnvelope::from_bytes(bytes);
    let open = move || envelope.open(passphrase.bytes(), BINDING).map(|(bytes, _)| bytes);
    let bytes = protection::on_a_blocking_thread(open).await.map_err(unreadable)?;
    let backup = Backup::from_bytes(&bytes).ok_or_else(|| unreadable(PassphraseError::Damaged))?;
    let others = sign_in::others_need_the_key(parts, None);
    parts.vault.prepare(Keep::Keychain, others, &parts.entropy).await?;
    let _epochs = parts.epochs.lock().await;
    let mut ends = Vec::new();
    for Found { connection, alias, set, client } in backup.into_connections() {
        keep_client(parts, &connection, &client).await?;
        let (provider_name, account_name) =
            (connection.provider_name.clone(), connection.account.name.clone());
        let end = take(parts, connection, alias.as_deref(), set).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a connection of a backup could not be saved");
            ImportEnd::Failed
        });
        ends.push(Imported { provider_name, account_name, end });
    }
    Ok(ends)
}

/// A secret that came with a connection is known here from now on, for this connection.
async fn keep_client(
    parts: &Parts,
    connection: &Connection,
    client: &RegisteredClient,
) -> Result<(), Problem> {
    match parts.catalog.provider(&connection.provider).filter(|_| client.secret.is_some()) {
        Some(provider) => {
            let variables = &connection.variables;
            let chosen = parts.client_id(provider, variables).is_none();
            clients::keep(parts, provider, variables, client, chosen).await
        }
        None => Ok(()),
    }
}

/// The same from a file.
pub(crate) async fn import_from(
    parts: &Arc<Parts>,
    path: PathBuf,
    passphrase: Passphrase,
) -> Result<Vec<Imported>, Problem> {
    import(parts, file::read(path).await?, passphrase).await
}

async fn take(
    parts: &Arc<Parts>,
    found: Connection,
    alias: Option<&str>,
    set: TokenSet,
) -> Result<ImportEnd, LoadError> {
    let existing = parts
        .slots()
        .into_iter()
        .map(|slot| slot.connection())
        .find(|known| known.is_of(&found.provider, &found.variables, &found.account.key));
    if existing.as_ref().is_some_and(|existing| is_to_be_kept(existing, &set)) {
        return Ok(ImportEnd::KeptExisting);
    }
    let end = if existing.is_some() { ImportEnd::Replaced } else { ImportEnd::Added };
    let connection = new_connection(parts, found, existing)?;
    let envelope = resting::seal(parts, &connection, &set).await?;
    let line = (HistoryKind::Imported, None);
    parts.store.commit_sign_in(connection.clone(), envelope, None, line, parts.now()).await?;
    let passed = parts.now().0.saturating_sub(set.obtained_at.0).max(0);
    let started = Boot(parts.clock.boot().0.saturating_sub(passed));
    let slot = parts.publish_set(connection, set, started);
    resting::settle_in_background(parts, &slot);
    if let Err(error) = personal::adopt_alias(parts, &slot, alias).await {
        tracing::warn!(connection.id = %slot.id, %error, "the alias of an imported connection is not saved");
    }
    Ok(end)
}

/// What is here wins, unless the other is newer, or as new and what is here is not in use.
fn is_to_be_kept(existing: &Connection, set: &TokenSet) -> bool {
    let in_use = matches!(existing.standing, Standing::Good | Standing::Misconfigured { .. });
    let (here, there) = (existing.access.obtained_at, set.obtained_at);
    existing.keep == Keep::Memory || there < here || (there == here && in_use)
}

/// With an epoch above both, so that whatever is under way here for the older sign-in is void.
fn new_connection(
    parts: &Parts,
    found: Connection,
    existing: Option<Connection>,
) -> Result<Connection, StoreError> {
    let fresh = || Connection::fresh_id(&parts.entropy).ok_or(StoreError::Closing);
    let (epoch, generation) = existing.as_ref().map_or((0, 0), Connection::version);
    Ok(Connection {
        id: existing.as_ref().map_or_else(fresh, |existing| Ok(existing.id.clone()))?,
        epoch: epoch.max(found.epoch) + 1,
        generation: generation.max(found.generation) + 1,
        created_at: existing.map_or(parts.now(), |existing| existing.created_at),
        ..found
    })
}

fn unreadable(error: PassphraseError) -> Problem {
    let (code, message, hint) = match error {
        PassphraseError::WrongPassphrase => {
            (ProblemCode::InvalidInput, "This is not the passphrase of the backup.", "Try again.")
        }
        PassphraseError::Version(_) => (
            ProblemCode::InvalidInput,
            "This is no backup of Latchkey, or one of a later version.",
            "Choose another file, or update Latchkey.",
        ),
        PassphraseError::Damaged | PassphraseError::TooCostly => {
            (ProblemCode::InvalidInput, "The backup is damaged.", "Use another copy of the file.")
        }
    };
    Problem::new(code, message).hint(hint)
}
