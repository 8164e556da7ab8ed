//! A keychain of files, which outlives a process, and counts how often it is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use latchkey_engine::{Keychain, KeychainError, KeychainFactory};
use zeroize::Zeroizing;

/// Items as files.
#[derive(Clone)]
pub(crate) struct Files {
    folder: PathBuf,
    calls: Arc<AtomicU32>,
}

impl Files {
    /// The items below the folder of an engine.
    pub(crate) fn below(folder: &Path) -> Self {
        Self { folder: folder.join("keychain"), calls: Arc::default() }
    }

    /// What an engine is given.
    pub(crate) fn factory(&self) -> KeychainFactory {
        let files = self.clone();
        Box::new(move || Box::new(files))
    }

    /// How often it was asked for anything.
    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    fn path(&self, item: &str) -> PathBuf {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.folder.join(item.replace('/', "+"))
    }
}

impl Keychain for Files {
    fn read(&mut self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(std::fs::read(self.path(item)).ok().map(Zeroizing::new))
    }

    fn write(&mut self, item: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let refused = |error: std::io::Error| KeychainError::Refused(error.to_string());
        std::fs::create_dir_all(&self.folder).map_err(refused)?;
        std::fs::write(self.path(item), secret).map_err(refused)
    }

    fn delete(&mut self, item: &str) -> Result<(), KeychainError> {
        // None being there is fine.
        let _ = std::fs::remove_file(self.path(item));
        Ok(())
    }
}
