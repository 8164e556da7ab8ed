//! One process owns the credentials of a data folder. This lock decides which.
//!
//! The operating system releases it on death, so a crash never leaves a folder without an owner. The
//! single-instance plugin is no substitute: it runs unguarded where there is no session bus.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Held for as long as this process owns the data folder.
#[derive(Debug)]
pub struct OwnerLock(#[expect(dead_code, reason = "the lock lives as long as the open file")] File);

/// Why the folder is not ours.
#[derive(Debug, thiserror::Error)]
pub enum NotOwner {
    /// Another process owns it.
    #[error("another Latchkey owns this data folder")]
    Taken,
    /// The lock file cannot be opened.
    #[error("the lock file cannot be opened: {0}")]
    Unusable(#[from] io::Error),
}

impl OwnerLock {
    /// Takes the lock of `data_dir`, which must exist. Does not wait.
    pub fn acquire(data_dir: &Path) -> Result<Self, NotOwner> {
        let path = data_dir.join("owner.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(NotOwner::Taken),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = OwnerLock::acquire(folder.path()).unwrap();
        assert!(matches!(OwnerLock::acquire(folder.path()), Err(NotOwner::Taken)));
        drop(first);
        assert!(OwnerLock::acquire(folder.path()).is_ok());
    }
}
