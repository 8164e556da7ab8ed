//! Operations on the installation key: where it is kept, entering the passphrase, replacing it.

use std::path::PathBuf;

use latchkey_protocol::Problem;

use super::Engine;
use crate::passphrase::Passphrase;
use crate::{key_rotation, protection};

impl Engine {
    /// Seals the installation key under a passphrase. Sign-ins leave the keychain and rest sealed in the
    /// database; the passphrase is needed at every start.
    pub async fn protect_with_passphrase(&self, passphrase: Passphrase) -> Result<(), Problem> {
        protection::protect_with_passphrase(&self.parts, passphrase).await
    }

    /// Seals the installation key under another passphrase.
    pub async fn change_passphrase(&self, old: Passphrase, new: Passphrase) -> Result<(), Problem> {
        protection::change_passphrase(&self.parts, old, new).await
    }

    /// Takes the passphrase after a start. A wrong one makes the next try wait, ten seconds at most.
    pub async fn unlock(&self, passphrase: Passphrase) -> Result<(), Problem> {
        protection::unlock(&self.parts, passphrase).await
    }

    /// Keeps the installation key in a file outside the data folder, made if `create` says so.
    pub async fn use_key_file(&self, path: PathBuf, create: bool) -> Result<(), Problem> {
        protection::use_key_file(&self.parts, path, create).await
    }

    /// Keeps the installation key in the keychain, where sign-ins then rest too.
    pub async fn use_keychain(&self) -> Result<(), Problem> {
        protection::use_keychain(&self.parts).await
    }

    /// Takes a new installation key into use. It is done by itself every thirty days.
    pub async fn rotate_key(&self) -> Result<(), Problem> {
        key_rotation::rotate(&self.parts).await
    }
}
