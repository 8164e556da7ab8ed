//! An older copy of the database, put back by a backup or a synchronised folder, holds refresh tokens that
//! were spent since. Sending one again would end the sign-in for good.
//!
//! The database counts every token set it saves, and the keychain is told the count in the background. A
//! database that is behind that count is not believed: a newer set that rests in the keychain is adopted,
//! and where there is none the person is asked before anything is sent.

use latchkey_envelope::Envelope;
use latchkey_protocol::{AttentionReason, HistoryKind, Keep, Problem, RestingPlace};

use crate::connection::{Connection, Standing};
use crate::credential::TokenSet;
use crate::live::{Parts, Slot};
use crate::overview::retell;
use crate::store::{Damage, StoreError};
use crate::vault::{KeyPlace, VaultError, place};

/// Why a token set is not at hand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Vault(error) => error.into(),
            LoadError::Store(error) => error.into(),
        }
    }
}

/// How many generations after the one in the database an item is tried for: months of hourly renewals.
const GENERATIONS: i64 = 2_500;
/// How many epochs after it: sign-ins and disconnects of one connection.
const EPOCHS: i64 = 3;

/// Compares the two counts, once in the life of a process, before the first token set of `connection` is read from
/// rest. `Superseded` when that has changed it, whoever it was that compared them.
pub(crate) async fn examine(parts: &Parts, slot: &Slot, connection: &Connection) -> Result<(), LoadError> {
    let mut healed = false;
    let mut examined = parts.vault.examined.lock().await;
    if !*examined && parts.vault.place() == KeyPlace::Keychain {
        let known = parts.vault.count().await?.unwrap_or(0);
        if known > parts.store.count().await? {
            tracing::warn!("the database is older than the keychain knows; it is brought up to date");
            bring_up_to_date(parts).await?;
            parts.store.raise_count(known).await?;
            healed = true;
        }
    }
    *examined = true;
    drop(examined);
    // Whatever else gives it another version, a renewal for one, is seen by what cannot be opened. A doubt leaves
    // the version as it is, and may have come up while this call waited for another to compare.
    let doubted = slot.read(|state| is_doubted(&state.connection)) && !is_doubted(connection);
    let another = healed && slot.connection().version() != connection.version();
    if doubted || another { Err(StoreError::Superseded.into()) } else { Ok(()) }
}

/// Tells the keychain how many sets the database has saved. Never before the two were compared, and never in
/// anybody's way.
pub(crate) async fn note(parts: &Parts, slot: &Slot) -> Result<(), LoadError> {
    if parts.vault.place() != KeyPlace::Keychain {
        return Ok(());
    }
    match examine(parts, slot, &slot.connection()).await {
        Ok(()) | Err(LoadError::Store(StoreError::Superseded)) => {}
        Err(error) => return Err(error),
    }
    Ok(parts.vault.put_count(parts.store.count().await?).await?)
}

/// Whether nothing is sent for it before the person says so.
fn is_doubted(connection: &Connection) -> bool {
    matches!(connection.standing, Standing::Attention { reason: AttentionReason::RolledBack, .. })
}

async fn bring_up_to_date(parts: &Parts) -> Result<(), LoadError> {
    let (mut adopted, mut doubtful) = (0, Vec::new());
    for slot in parts.slots() {
        let Some(connection) = parts.store.connection(&slot.id).await? else { continue };
        let leaving = matches!(connection.standing, Standing::Disconnecting { .. });
        // Saved by this process, so there is nothing newer.
        let fresh = slot.read(|state| state.tokens.is_some());
        if connection.keep == Keep::Memory || leaving || fresh {
            continue;
        }
        match found(parts, &connection).await? {
            Found::Same => {}
            Found::Newer(version, set) => {
                adopt(parts, connection, version, &set).await?;
                adopted += 1;
            }
            // One that is to rest in the keychain and does not is told as lost when it is needed.
            Found::Nothing if connection.resting == RestingPlace::Keychain => {}
            Found::Nothing => {
                doubtful.push(format!("{} · {}", connection.provider_name, connection.account.name));
                ask(parts, connection).await?;
            }
        }
    }
    parts.add_damage(Damage::RolledBack { adopted, doubtful });
    retell(parts);
    Ok(())
}

/// What the keychain holds of a connection, next to what the database says.
enum Found {
    /// What the database says is what was saved last.
    Same,
    /// A newer set, of this epoch and generation.
    Newer((i64, i64), TokenSet),
    /// Nothing that would tell.
    Nothing,
}

async fn found(parts: &Parts, connection: &Connection) -> Result<Found, LoadError> {
    let envelope = match parts.vault.item(&connection.id).await {
        Ok(envelope) => envelope,
        Err(VaultError::ItemMissing) => return Ok(Found::Nothing),
        Err(error) => return Err(error.into()),
    };
    let (epoch, generation) = connection.version();
    if opened(parts, connection, (epoch, generation), &envelope).await?.is_some() {
        return Ok(Found::Same);
    }
    for epoch in epoch..=epoch.saturating_add(EPOCHS) {
        for generation in generation + 1..=generation.saturating_add(GENERATIONS) {
            let version = (epoch, generation);
            if let Some(set) = opened(parts, connection, version, &envelope).await? {
                return Ok(Found::Newer(version, set));
            }
        }
    }
    Ok(Found::Nothing)
}

async fn opened(
    parts: &Parts,
    connection: &Connection,
    (epoch, generation): (i64, i64),
    envelope: &Envelope,
) -> Result<Option<TokenSet>, LoadError> {
    let place = place(&connection.id, epoch, generation);
    match parts.vault.open(connection.keep, &place, envelope).await {
        Ok(bytes) => Ok(TokenSet::from_bytes(&bytes)),
        Err(VaultError::Damaged(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn adopt(
    parts: &Parts,
    connection: Connection,
    version: (i64, i64),
    set: &TokenSet,
) -> Result<(), StoreError> {
    let old = connection.version();
    let recovered = connection.recovered(version, set);
    let line = (HistoryKind::Recovered, None);
    parts.store.commit_recovered(old, recovered.clone(), line, parts.now()).await?;
    parts.publish(recovered);
    Ok(())
}

async fn ask(parts: &Parts, connection: Connection) -> Result<(), StoreError> {
    let reason = AttentionReason::RolledBack;
    let Ok(asking) = connection.needs_sign_in(reason, parts.now(), None) else { return Ok(()) };
    let line = (HistoryKind::NeedsSignIn, None);
    parts.store.commit_state(asking.clone(), true, Some(line), parts.now()).await?;
    parts.publish(asking);
    Ok(())
}
