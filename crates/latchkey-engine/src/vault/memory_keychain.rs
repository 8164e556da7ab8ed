//! A keychain for tests, with moods.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::keychain::{Keychain, KeychainError, KeychainFactory};

/// How the keychain of a test behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// It does what it is asked.
    Open,
    /// It answers this to everything.
    Failing(KeychainError),
}

/// Items in memory, shared by all clones: it outlives the engine that uses it, as a keychain does.
#[derive(Debug, Clone)]
pub struct MemoryKeychain(Arc<Mutex<(Mood, Items)>>);

type Items = BTreeMap<String, Vec<u8>>;

impl Default for MemoryKeychain {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Mood::Open, BTreeMap::new()))))
    }
}

impl MemoryKeychain {
    /// What an engine is given.
    pub fn factory(&self) -> KeychainFactory {
        let keychain = self.clone();
        Box::new(move || Box::new(keychain))
    }

    /// Changes how it behaves.
    pub fn set_mood(&self, mood: Mood) {
        self.with(|state| state.0 = mood);
    }

    /// Its items.
    pub fn items(&self) -> BTreeMap<String, Vec<u8>> {
        self.with(|state| state.1.clone())
    }

    /// Replaces its items, as a restored backup would.
    pub fn set_items(&self, items: BTreeMap<String, Vec<u8>>) {
        self.with(|state| state.1 = items);
    }

    fn with<T>(&self, work: impl FnOnce(&mut (Mood, Items)) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn checked<T>(&self, work: impl FnOnce(&mut Items) -> T) -> Result<T, KeychainError> {
        self.with(|(mood, items)| match mood {
            Mood::Open => Ok(work(items)),
            Mood::Failing(error) => Err(error.clone()),
        })
    }
}

impl Keychain for MemoryKeychain {
    fn read(&mut self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.checked(|items| items.get(item).cloned().map(Zeroizing::new))
    }

    fn write(&mut self, item: &str, secret: &[u8]) -> Result<(), KeychainError> {
        self.checked(|items| drop(items.insert(item.to_owned(), secret.to_vec())))
    }

    fn delete(&mut self, item: &str) -> Result<(), KeychainError> {
        self.checked(|items| drop(items.remove(item)))
    }
}
