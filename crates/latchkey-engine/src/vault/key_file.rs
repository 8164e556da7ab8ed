//! The key file: for its owner only, outside the data folder, replaced whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use latchkey_envelope::KeyRing;
use zeroize::Zeroizing;

/// More than any key file is long, in bytes.
const LIMIT: u64 = 4096;

/// Why a key file does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error("the key file {0} is not there")]
    Missing(PathBuf),
    /// Others may read it.
    #[error("the key file {0} can be read by others")]
    Open(PathBuf),
    /// It is not what was written there.
    #[error("the key file {0} is damaged or no key file")]
    Damaged(PathBuf),
    /// The file system says no.
    #[error("the key file {path} cannot be used: {what}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        what: String,
    },
}

impl KeyFileError {
    fn new(path: &Path, error: &io::Error) -> Self {
        let (path, kind) = (path.to_owned(), error.kind());
        if kind == io::ErrorKind::NotFound {
            Self::Missing(path)
        } else if kind == io::ErrorKind::InvalidData {
            Self::Damaged(path)
        } else {
            Self::Unusable { path, what: error.to_string() }
        }
    }
}

/// Reads the keys of a file.
pub(crate) fn read(path: &Path) -> Result<KeyRing, KeyFileError> {
    let failed = |error: io::Error| KeyFileError::new(path, &error);
    let file = File::open(path).map_err(failed)?;
    if is_open_to_others(&file).map_err(failed)? {
        return Err(KeyFileError::Open(path.to_owned()));
    }
    // With room from the start: a buffer that grows leaves copies of what it held.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LIMIT).unwrap_or(4096)));
    file.take(LIMIT).read_to_string(&mut text).map_err(failed)?;
    KeyRing::from_file(&text).ok_or_else(|| KeyFileError::Damaged(path.to_owned()))
}

/// Writes the keys to a file beside the one meant, then puts it in its place: at every moment there is one
/// whole file.
pub(crate) fn write(path: &Path, ring: &KeyRing) -> Result<(), KeyFileError> {
    let failed = |error: io::Error| KeyFileError::new(path, &error);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // One left by a process that was killed while it wrote.
    let _ = std::fs::remove_file(&beside);
    let written = for_owner_only().open(&beside).and_then(|mut file| {
        file.write_all(ring.to_file().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        sync_folder_of(path)
    });
    written.map_err(failed)
}

/// For a file that does not exist yet, and that nobody else may read.
pub(crate) fn for_owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

// Elsewhere a file in the person's own folder is theirs by what it inherits.
#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> io::Result<bool> {
    Ok(false)
}

/// A rename is durable once its folder is.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;
    use latchkey_envelope::WrappingKey;

    fn ring() -> KeyRing {
        KeyRing::new(WrappingKey::generate(&mut OsEntropy))
    }

    #[test]
    fn a_key_file_is_read_as_it_was_written_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for ring in [ring(), ring()] {
            write(&path, &ring).unwrap();
            assert_eq!(read(&path).unwrap().to_bytes(), ring.to_bytes());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_or_damaged_file_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(read(&path).unwrap_err(), KeyFileError::Missing(path.clone()));
        write(&path, &ring()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for damaged in [text[1..].to_owned(), text[..text.len() / 2].to_owned(), String::new()] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(read(&path).unwrap_err(), KeyFileError::Damaged(path.clone()));
        }
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read(&path).unwrap_err(), KeyFileError::Damaged(path.clone()));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, &ring()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o644, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap_err(), KeyFileError::Open(path.clone()), "{mode:o}");
        }
    }
}
