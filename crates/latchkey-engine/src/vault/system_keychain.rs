//! The operating system's keychain through `keyring-core`, which is what the keyring project recommends to
//! applications.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::Error;
use keyring_core::api::CredentialStoreApi;
use zeroize::Zeroizing;

use super::keychain::{Keychain, KeychainError, KeychainFactory};

/// A keychain whose items belong to `service`. The store behind it is opened on first use.
pub fn system_keychain(service: &str) -> KeychainFactory {
    let service = service.to_owned();
    Box::new(move || Box::new(SystemKeychain { service, store: None }))
}

type Store = Arc<dyn CredentialStoreApi + Send + Sync>;

struct SystemKeychain {
    service: String,
    store: Option<Store>,
}

impl SystemKeychain {
    /// Runs `work` on an item; when the platform fails, once more on a store made anew, because a daemon
    /// that was restarted has forgotten our session.
    fn with_entry<T>(
        &mut self,
        item: &str,
        work: impl Fn(&keyring_core::Entry) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let reused = self.store.is_some();
        match self.attempt(item, &work) {
            Err(Error::PlatformFailure(_)) if reused => {
                self.store = None;
                self.attempt(item, &work)
            }
            result => result,
        }
    }

    fn attempt<T>(
        &mut self,
        item: &str,
        work: impl Fn(&keyring_core::Entry) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let store = if let Some(store) = &self.store { store.clone() } else { open_store()? };
        self.store = Some(store.clone());
        let label = HashMap::from([("label", "Latchkey sign-in")]);
        let label = cfg!(target_os = "linux").then_some(&label);
        work(&store.build(&self.service, item, label)?)
    }
}

impl Keychain for SystemKeychain {
    fn read(&mut self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        match self.with_entry(item, keyring_core::Entry::get_secret) {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(name(error)),
        }
    }

    fn write(&mut self, item: &str, secret: &[u8]) -> Result<(), KeychainError> {
        self.with_entry(item, |entry| entry.set_secret(secret)).map_err(name)
    }

    fn delete(&mut self, item: &str) -> Result<(), KeychainError> {
        match self.with_entry(item, keyring_core::Entry::delete_credential) {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(name(error)),
        }
    }
}

/// Some variants carry the secret itself: nothing of theirs is passed on.
fn name(error: Error) -> KeychainError {
    match error {
        Error::PlatformFailure(cause) => KeychainError::Absent(cause.to_string()),
        // The Secret Service says that its dialog was dismissed by this word alone.
        Error::NoStorageAccess(cause) if cause.to_string().contains("dismissed") => {
            KeychainError::Refused("its password dialog was dismissed".into())
        }
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::TooLong(_, _) => KeychainError::TooLarge,
        Error::Ambiguous(_) => KeychainError::Refused("several items have the same name".into()),
        Error::NoDefaultStore => KeychainError::Absent("no store on this platform".into()),
        Error::NoEntry => KeychainError::Refused("the item is gone".into()),
        Error::BadEncoding(_) | Error::BadDataFormat(_, _) | Error::BadStoreFormat(_) => {
            KeychainError::Refused("the item is not in the expected form".into())
        }
        Error::Invalid(what, _) | Error::NotSupportedByStore(what) => KeychainError::Refused(what),
        _ => KeychainError::Refused("an unknown answer".into()),
    }
}

#[cfg(target_os = "linux")]
fn open_store() -> Result<Store, Error> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn open_store() -> Result<Store, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(target_os = "windows")]
fn open_store() -> Result<Store, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}
