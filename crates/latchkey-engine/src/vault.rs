//! Where token sets rest: sealed first, in the keychain at rest.
//!
//! Every set is sealed under a fresh data key wrapped by the installation key, which lives in the OS
//! keychain, and bound to its connection, epoch and generation. The envelope goes into the database with
//! the metadata in one transaction, and then moves, as it is, to an item of the keychain. An item that
//! somebody else planted, or an older one put back, does not open.
//!
//! A connection kept in memory only is sealed under a key that never leaves this process.

pub(crate) mod keychain;
#[cfg(feature = "testing")]
mod memory_keychain;
mod system_keychain;

pub use keychain::{Keychain, KeychainError, KeychainFactory};
#[cfg(feature = "testing")]
pub use memory_keychain::{MemoryKeychain, Mood};
pub use system_keychain::system_keychain;

use std::sync::{Mutex, PoisonError};

use latchkey_envelope::{Envelope, EnvelopeError, WrappingKey};
use latchkey_protocol::{ConnectionId, Keep, VaultState};
use zeroize::Zeroizing;

use crate::entropy::SharedEntropy;
pub(crate) use keychain::KeychainThread;

/// Why a secret cannot be sealed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The keychain does not help.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// The keychain has no installation key, and there are sign-ins that need the old one.
    #[error("the keychain has lost the key under which the sign-ins are sealed")]
    KeyMissing,
    /// The keychain has no item for this connection.
    #[error("the keychain has lost this sign-in")]
    ItemMissing,
    /// What was found does not open here.
    #[error("the stored sign-in is damaged: {0}")]
    Damaged(#[from] EnvelopeError),
}

/// Seals, opens, and moves what is sealed.
pub(crate) struct Vault {
    keychain: KeychainThread,
    installation: String,
    key: tokio::sync::Mutex<Option<WrappingKey>>,
    memory_key: WrappingKey,
    state: Mutex<VaultState>,
}

impl Vault {
    /// A vault of the installation with this id. Nothing is asked of the keychain yet.
    pub(crate) fn new(keychain: KeychainThread, installation: String, entropy: &SharedEntropy) -> Self {
        Self {
            keychain,
            installation,
            key: tokio::sync::Mutex::new(None),
            memory_key: entropy.with(WrappingKey::generate),
            state: Mutex::new(VaultState::Open),
        }
    }

    /// How the keychain answered last.
    pub(crate) fn state(&self) -> VaultState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that sealing will work, and makes the installation key if there is none. With
    /// `others_need_it`, a missing key is an error: sealing under a new one would hide that the old is lost.
    pub(crate) async fn prepare(
        &self,
        keep: Keep,
        others_need_it: bool,
        entropy: &SharedEntropy,
    ) -> Result<(), VaultError> {
        match self.key(keep).await {
            Err(VaultError::KeyMissing) if !others_need_it => self.make_key(entropy).await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Seals `secret` for `place`.
    pub(crate) async fn seal(
        &self,
        keep: Keep,
        place: &str,
        secret: &[u8],
        entropy: &SharedEntropy,
    ) -> Result<Envelope, VaultError> {
        let key = self.key(keep).await?;
        Ok(entropy.with(|source| Envelope::seal(&key, place.as_bytes(), secret, source))?)
    }

    /// Opens what was sealed for `place`.
    pub(crate) async fn open(
        &self,
        keep: Keep,
        place: &str,
        envelope: &Envelope,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let key = self.key(keep).await?;
        Ok(envelope.open(&key, place.as_bytes())?)
    }

    /// Moves an envelope to its item and reads it back: only then does the keychain hold it.
    pub(crate) async fn put_item(&self, id: &ConnectionId, envelope: &Envelope) -> Result<(), VaultError> {
        let item = self.item_name(id);
        self.seen(self.keychain.write(&item, envelope.as_bytes()).await)?;
        match self.seen(self.keychain.read(&item).await)? {
            Some(read) if read.as_slice() == envelope.as_bytes() => Ok(()),
            Some(_) | None => Err(VaultError::ItemMissing),
        }
    }

    /// The envelope in the item of a connection.
    pub(crate) async fn item(&self, id: &ConnectionId) -> Result<Envelope, VaultError> {
        let read = self.seen(self.keychain.read(&self.item_name(id)).await)?;
        read.map(|bytes| Envelope::from_bytes(bytes.to_vec())).ok_or(VaultError::ItemMissing)
    }

    /// Removes the item of a connection. None being there is fine.
    pub(crate) async fn delete_item(&self, id: &ConnectionId) -> Result<(), VaultError> {
        Ok(self.seen(self.keychain.delete(&self.item_name(id)).await)?)
    }

    async fn key(&self, keep: Keep) -> Result<WrappingKey, VaultError> {
        if keep == Keep::Memory {
            return Ok(self.memory_key.clone());
        }
        let mut slot = self.key.lock().await;
        if let Some(key) = slot.as_ref() {
            return Ok(key.clone());
        }
        let read = self.seen(self.keychain.read(&self.key_name()).await)?;
        let key = read.ok_or(VaultError::KeyMissing)?;
        let key = WrappingKey::from_bytes(&key).ok_or(VaultError::Damaged(EnvelopeError::Damaged))?;
        *slot = Some(key.clone());
        Ok(key)
    }

    async fn make_key(&self, entropy: &SharedEntropy) -> Result<(), VaultError> {
        let mut slot = self.key.lock().await;
        let key = entropy.with(WrappingKey::generate);
        self.seen(self.keychain.write(&self.key_name(), &key.to_bytes()).await)?;
        let confirmed = self.seen(self.keychain.read(&self.key_name()).await)?;
        if confirmed.as_deref() != Some(&*key.to_bytes()) {
            return Err(VaultError::KeyMissing);
        }
        *slot = Some(key);
        Ok(())
    }

    /// Remembers how the keychain answered.
    fn seen<T>(&self, result: Result<T, KeychainError>) -> Result<T, KeychainError> {
        let state = match &result {
            Ok(_) => VaultState::Open,
            Err(KeychainError::Locked) => VaultState::Locked,
            Err(KeychainError::Absent(_)) => VaultState::Absent,
            Err(KeychainError::Slow) => VaultState::Slow,
            Err(KeychainError::Refused(_) | KeychainError::TooLarge) => VaultState::Refused,
        };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        result
    }

    fn item_name(&self, id: &ConnectionId) -> String {
        format!("{}/{id}", self.installation)
    }

    fn key_name(&self) -> String {
        format!("{}/installation-key", self.installation)
    }
}

/// The place of a token set, to which its envelope is bound.
pub(crate) fn place(id: &ConnectionId, epoch: i64, generation: i64) -> String {
    format!("token set of {id}, epoch {epoch}, generation {generation}")
}
