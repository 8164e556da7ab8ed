//! A keychain for tests, with moods.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::keychain::{Keychain, KeychainError, KeychainFactory};

/// How the keychain of a test behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mood {
    /// It does what it is asked.
    Open,
    /// It takes items of so many bytes at most.
    UpTo(usize),
    /// It answers nothing until it is in another mood.
    Silent,
    /// It answers this to everything.
    Failing(KeychainError),
    /// It does what it is asked so many times, and then answers this to everything.
    FailingAfter(u32, KeychainError),
}

/// Items in memory, shared by all clones: it outlives the engine that uses it, as a keychain does.
#[derive(Debug, Clone)]
pub struct MemoryKeychain {
    state: Arc<(Mutex<(Mood, Items)>, Condvar)>,
    refusals: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

type Items = BTreeMap<String, Vec<u8>>;

impl Default for MemoryKeychain {
    fn default() -> Self {
        let state = Arc::new((Mutex::new((Mood::Open, BTreeMap::new())), Condvar::new()));
        Self { state, refusals: Arc::default(), calls: Arc::default() }
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
        self.state.1.notify_all();
    }

    /// How it behaves.
    pub fn mood(&self) -> Mood {
        self.with(|state| state.0.clone())
    }

    /// How many items it has refused as too large.
    pub fn refusals(&self) -> usize {
        self.refusals.load(Ordering::Relaxed)
    }

    /// How often it was asked for anything.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
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
        work(&mut self.state.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn checked<T>(
        &self,
        work: impl FnOnce(&Mood, &mut Items) -> Result<T, KeychainError>,
    ) -> Result<T, KeychainError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (state, changed) = &*self.state;
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = changed.wait_while(state, |(mood, _)| *mood == Mood::Silent);
        let (mood, items) = &mut *state.unwrap_or_else(PoisonError::into_inner);
        match mood {
            Mood::Open | Mood::UpTo(_) | Mood::Silent => work(mood, items),
            Mood::FailingAfter(left @ 1.., _) => {
                *left -= 1;
                work(&Mood::Open, items)
            }
            Mood::Failing(error) | Mood::FailingAfter(0, error) => Err(error.clone()),
        }
    }
}

impl Keychain for MemoryKeychain {
    fn read(&mut self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.checked(|_, items| Ok(items.get(item).cloned().map(Zeroizing::new)))
    }

    fn write(&mut self, item: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let fits = |mood: &Mood| !matches!(mood, Mood::UpTo(most) if secret.len() > *most);
        self.checked(|mood, items| {
            if !fits(mood) {
                self.refusals.fetch_add(1, Ordering::Relaxed);
                return Err(KeychainError::TooLarge);
            }
            drop(items.insert(item.to_owned(), secret.to_vec()));
            Ok(())
        })
    }

    fn delete(&mut self, item: &str) -> Result<(), KeychainError> {
        self.checked(|_, items| {
            items.remove(item);
            Ok(())
        })
    }
}
