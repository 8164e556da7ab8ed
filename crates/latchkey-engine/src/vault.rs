//! Where token sets rest: sealed first, in the keychain at rest.
//!
//! Every set is sealed under a fresh data key wrapped by the installation key, and bound to its connection,
//! epoch and generation. The envelope goes into the database with the metadata in one transaction, and then
//! moves, as it is, to an item of the keychain. An item that somebody else planted, or an older one put back,
//! does not open.
//!
//! The installation key lives in the keychain too, unless the person has chosen a passphrase or a key file:
//! then envelopes stay in the database and the keychain is left alone.
//!
//! A connection kept in memory only is sealed under a key that never leaves this process.

mod key_file;
mod key_place;
pub(crate) mod keychain;
#[cfg(feature = "testing")]
mod memory_keychain;
mod system_keychain;
mod tries;

pub use key_file::KeyFileError;
pub(crate) use key_file::for_owner_only;
pub(crate) use key_place::KeyPlace;
pub use keychain::{Keychain, KeychainError, KeychainFactory};
#[cfg(feature = "testing")]
pub use memory_keychain::{MemoryKeychain, Mood};
pub use system_keychain::system_keychain;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use latchkey_envelope::{Envelope, EnvelopeError, KeyRing, PassphraseKey, WrappingKey};
use latchkey_protocol::{ConnectionId, Keep, RestingPlace, VaultState};
use zeroize::Zeroizing;

use crate::clock::Boot;
use crate::entropy::SharedEntropy;
pub(crate) use keychain::KeychainThread;
pub(crate) use tries::Tries;

/// Why a secret cannot be sealed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The keychain does not help.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// The installation key is sealed under a passphrase that nobody has entered yet.
    #[error("the sign-ins are sealed until the passphrase is entered")]
    PassphraseNeeded,
    /// The key file does not help.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
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

impl VaultError {
    /// Whether it is a lock that may open, rather than a loss.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Keychain(_) | Self::PassphraseNeeded | Self::KeyFile(_) => true,
            Self::KeyMissing | Self::ItemMissing | Self::Damaged(_) => false,
        }
    }
}

/// Seals, opens, and moves what is sealed.
pub(crate) struct Vault {
    keychain: KeychainThread,
    installation: String,
    held: Mutex<Held>,
    /// Held by whoever fetches the installation key, so that it is asked for once.
    fetching: tokio::sync::Mutex<()>,
    /// Held by whoever changes the installation key or where it is kept.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Whether the database was compared with what the keychain knows; held by whoever compares.
    pub(crate) examined: tokio::sync::Mutex<bool>,
    /// The count that the keychain was told last; held by whoever tells it.
    counted: tokio::sync::Mutex<i64>,
    /// Held by whoever tries a passphrase.
    pub(crate) tries: tokio::sync::Mutex<Tries>,
    memory_key: WrappingKey,
}

/// What the vault knows of its key at this moment.
struct Held {
    place: KeyPlace,
    ring: Option<KeyRing>,
    /// Seals the ring anew without the passphrase.
    derived: Option<PassphraseKey>,
    /// How the keychain, or the key file, answered last.
    answered: VaultState,
    /// When the age of the key is looked at next.
    rotation_turn: Option<Boot>,
    /// How many looks in a row found nothing under the former key.
    clean_looks: u32,
}

impl Vault {
    /// A vault of the installation with this id. Nothing is asked of the keychain yet.
    pub(crate) fn new(keychain: KeychainThread, installation: String, entropy: &SharedEntropy) -> Self {
        let held = Held {
            place: KeyPlace::Keychain,
            ring: None,
            derived: None,
            answered: VaultState::Open,
            rotation_turn: None,
            clean_looks: 0,
        };
        Self {
            keychain,
            installation,
            held: Mutex::new(held),
            fetching: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            examined: tokio::sync::Mutex::default(),
            counted: tokio::sync::Mutex::default(),
            tries: tokio::sync::Mutex::default(),
            memory_key: entropy.with(WrappingKey::generate),
        }
    }

    /// How the place of the key is, and how it answered last.
    pub(crate) fn state(&self) -> VaultState {
        self.held(|held| match (&held.place, &held.ring) {
            (KeyPlace::Passphrase(_), None) => VaultState::PassphraseNeeded,
            (KeyPlace::Passphrase(_) | KeyPlace::KeyFile(_), Some(_)) => VaultState::Open,
            (KeyPlace::Keychain | KeyPlace::KeyFile(_), _) => held.answered,
        })
    }

    /// Where the installation key is kept.
    pub(crate) fn place(&self) -> KeyPlace {
        self.held(|held| held.place.clone())
    }

    /// From here on the key is kept there.
    pub(crate) fn set_place(&self, place: KeyPlace, ring: Option<KeyRing>, derived: Option<PassphraseKey>) {
        self.held(|held| {
            let rotation_turn = held.rotation_turn;
            let answered = VaultState::Open;
            *held = Held { place, ring, derived, answered, rotation_turn, clean_looks: 0 };
        });
    }

    /// From here on this ring seals.
    pub(crate) fn set_ring(&self, place: KeyPlace, ring: KeyRing) {
        self.held(|held| {
            held.place = place;
            held.ring = Some(ring);
            held.clean_looks = 0;
        });
    }

    /// Whether the installation key is at hand.
    pub(crate) fn has_ring(&self) -> bool {
        self.held(|held| held.ring.is_some())
    }

    /// Whether it is time to look after the key; the next turn comes at `next`.
    pub(crate) fn take_rotation_turn(&self, boot: Boot, next: Boot) -> bool {
        self.held(|held| {
            let turn = held.rotation_turn.is_none_or(|turn| turn <= boot);
            if turn {
                held.rotation_turn = Some(next);
            }
            turn
        })
    }

    /// Counts a look for envelopes under the former key; one that found some begins anew.
    pub(crate) fn count_clean_looks(&self, clean: bool) -> u32 {
        self.held(|held| {
            held.clean_looks = if clean { held.clean_looks + 1 } else { 0 };
            held.clean_looks
        })
    }

    /// The key that seals the ring anew, where the passphrase was entered.
    pub(crate) fn derived(&self) -> Option<PassphraseKey> {
        self.held(|held| held.derived.clone())
    }

    /// Whether a token set that rests at `resting` is to be moved: into the keychain, or out of it.
    pub(crate) fn wants_to_move(&self, resting: RestingPlace) -> bool {
        let by_keychain = self.held(|held| held.place == KeyPlace::Keychain);
        match resting {
            RestingPlace::Sealed => by_keychain,
            RestingPlace::Keychain => !by_keychain,
            RestingPlace::Memory => false,
        }
    }

    fn held<T>(&self, work: impl FnOnce(&mut Held) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes sure that sealing will work, and makes the installation key if there is none. With
    /// `others_need_it`, a missing key is an error: sealing under a new one would hide that the old is lost.
    pub(crate) async fn prepare(
        &self,
        keep: Keep,
        others_need_it: bool,
        entropy: &SharedEntropy,
    ) -> Result<(), VaultError> {
        if keep == Keep::Memory {
            return Ok(());
        }
        match self.ring().await {
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
        let key = match keep {
            Keep::Memory => self.memory_key.clone(),
            Keep::Keychain => self.ring().await?.current().clone(),
        };
        Ok(entropy.with(|source| Envelope::seal(&key, place.as_bytes(), secret, source))?)
    }

    /// Opens what was sealed for `place`.
    pub(crate) async fn open(
        &self,
        keep: Keep,
        place: &str,
        envelope: &Envelope,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        match keep {
            Keep::Memory => Ok(envelope.open(&self.memory_key, place.as_bytes())?),
            Keep::Keychain => Ok(self.ring().await?.open(envelope, place.as_bytes())?),
        }
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

    /// The installation key, fetched from its place where it is not at hand.
    pub(crate) async fn ring(&self) -> Result<KeyRing, VaultError> {
        let _fetching = self.fetching.lock().await;
        let (place, ring) = self.held(|held| (held.place.clone(), held.ring.clone()));
        if let Some(ring) = ring {
            return Ok(ring);
        }
        let ring = match place {
            KeyPlace::Keychain => self.ring_of_keychain().await?,
            KeyPlace::Passphrase(_) => return Err(VaultError::PassphraseNeeded),
            KeyPlace::KeyFile(path) => self.ring_of_file(path).await?,
        };
        self.held(|held| held.ring = Some(ring.clone()));
        Ok(ring)
    }

    async fn ring_of_keychain(&self) -> Result<KeyRing, VaultError> {
        let read = self.seen(self.keychain.read(&self.key_name()).await)?;
        let bytes = read.ok_or(VaultError::KeyMissing)?;
        KeyRing::from_bytes(&bytes).ok_or(VaultError::Damaged(EnvelopeError::Damaged))
    }

    async fn ring_of_file(&self, path: PathBuf) -> Result<KeyRing, VaultError> {
        let read = read_key_file(path).await;
        let answered = if read.is_ok() { VaultState::Open } else { VaultState::KeyFileUnusable };
        self.held(|held| held.answered = answered);
        Ok(read?)
    }

    async fn make_key(&self, entropy: &SharedEntropy) -> Result<(), VaultError> {
        let _changing = self.changing.lock().await;
        // Somebody else may have made one while this caller waited.
        if self.has_ring() {
            return Ok(());
        }
        let ring = KeyRing::new(entropy.with(WrappingKey::generate));
        self.put_ring(&ring).await?;
        self.held(|held| held.ring = Some(ring));
        Ok(())
    }

    /// Writes the ring to the keychain and reads it back.
    pub(crate) async fn put_ring(&self, ring: &KeyRing) -> Result<(), VaultError> {
        let item = self.key_name();
        self.seen(self.keychain.write(&item, &ring.to_bytes()).await)?;
        let confirmed = self.seen(self.keychain.read(&item).await)?;
        let same = confirmed.as_deref() == Some(&*ring.to_bytes());
        if same { Ok(()) } else { Err(VaultError::KeyMissing) }
    }

    /// How many token sets the database had saved when the keychain was told last.
    pub(crate) async fn count(&self) -> Result<Option<i64>, VaultError> {
        let read = self.seen(self.keychain.read(&self.count_name()).await)?;
        Ok(read.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.parse().ok()))
    }

    /// Tells the keychain how many token sets were saved, unless it knows of more.
    pub(crate) async fn put_count(&self, count: i64) -> Result<(), VaultError> {
        let mut counted = self.counted.lock().await;
        if *counted < count {
            self.seen(self.keychain.write(&self.count_name(), count.to_string().as_bytes()).await)?;
            *counted = count;
        }
        Ok(())
    }

    /// Removes the installation key and the count from the keychain. None being there is fine.
    pub(crate) async fn delete_ring(&self) -> Result<(), VaultError> {
        self.seen(self.keychain.delete(&self.count_name()).await)?;
        Ok(self.seen(self.keychain.delete(&self.key_name()).await)?)
    }

    /// Remembers how the keychain answered.
    fn seen<T>(&self, result: Result<T, KeychainError>) -> Result<T, KeychainError> {
        let state = match &result {
            // Whoever names a limit is there and answers.
            Ok(_) | Err(KeychainError::TooLarge) => VaultState::Open,
            Err(KeychainError::Locked) => VaultState::Locked,
            Err(KeychainError::Absent(_)) => VaultState::Absent,
            Err(KeychainError::Slow) => VaultState::Slow,
            Err(KeychainError::Refused(_)) => VaultState::Refused,
        };
        self.held(|held| {
            // Where the key is elsewhere, the keychain is only being emptied.
            if held.place == KeyPlace::Keychain {
                held.answered = state;
            }
        });
        result
    }

    fn item_name(&self, id: &ConnectionId) -> String {
        format!("{}/{id}", self.installation)
    }

    /// What the sealed installation key is bound to.
    pub(crate) fn binding(&self) -> String {
        format!("installation key of {}", self.installation)
    }

    fn count_name(&self) -> String {
        format!("{}/saved-sets", self.installation)
    }

    fn key_name(&self) -> String {
        format!("{}/installation-key", self.installation)
    }
}

/// The place of a token set, to which its envelope is bound.
pub(crate) fn place(id: &ConnectionId, epoch: i64, generation: i64) -> String {
    format!("token set of {id}, epoch {epoch}, generation {generation}")
}

/// Reads a key file on a thread that may block.
pub(crate) async fn read_key_file(path: PathBuf) -> Result<KeyRing, KeyFileError> {
    let named = path.clone();
    let read = tokio::task::spawn_blocking(move || key_file::read(&path)).await;
    read.unwrap_or(Err(KeyFileError::Unusable { path: named, what: "Latchkey is shutting down".into() }))
}

/// Writes a key file on a thread that may block.
pub(crate) async fn write_key_file(path: PathBuf, ring: KeyRing) -> Result<(), KeyFileError> {
    let named = path.clone();
    let written = tokio::task::spawn_blocking(move || key_file::write(&path, &ring)).await;
    written.unwrap_or(Err(KeyFileError::Unusable { path: named, what: "Latchkey is shutting down".into() }))
}
