//! Operations on backups: handing sign-ins over to another computer, and taking them.

use std::path::PathBuf;

use latchkey_protocol::{BackedUp, Imported, Problem};

use super::Engine;
use crate::backup;
use crate::passphrase::Passphrase;

impl Engine {
    /// Every usable sign-in, sealed under a passphrase of at least twelve characters. What is exported is
    /// handed over: it is not renewed here any more until the person checks or reconnects it.
    pub async fn export(&self, passphrase: Passphrase) -> Result<(Vec<u8>, Vec<BackedUp>), Problem> {
        let exported = backup::export(&self.parts, passphrase).await?;
        Ok((exported.bytes, exported.connections))
    }

    /// The same into a file that must not exist yet, for its owner only.
    pub async fn export_to(&self, path: PathBuf, passphrase: Passphrase) -> Result<Vec<BackedUp>, Problem> {
        backup::export_to(&self.parts, path, passphrase).await
    }

    /// Takes the sign-ins of a backup. What is here stays, unless the other is newer or this one not in use.
    pub async fn import(&self, bytes: Vec<u8>, passphrase: Passphrase) -> Result<Vec<Imported>, Problem> {
        backup::import(&self.parts, bytes, passphrase).await
    }

    /// The same from a file.
    pub async fn import_from(&self, path: PathBuf, passphrase: Passphrase) -> Result<Vec<Imported>, Problem> {
        backup::import_from(&self.parts, path, passphrase).await
    }
}
