//! The installation's id in a file of its own, beside the database. It names our items in the keychain, so a
//! lost database does not lose them too; and it tells that the folder has been in use.

use std::path::{Path, PathBuf};

/// The id that is written in `data_dir`, where there is one.
pub(super) fn read(data_dir: &Path) -> Option<String> {
    let id = std::fs::read_to_string(file(data_dir)).ok()?;
    let id = id.trim();
    let usable =
        (3..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    usable.then(|| id.to_owned())
}

/// Whether there is such a file, readable or not.
pub(super) fn exists(data_dir: &Path) -> bool {
    file(data_dir).exists()
}

/// Writes the id. Where that fails the database alone knows it, as it did before.
pub(super) fn write(data_dir: &Path, id: &str) {
    if read(data_dir).as_deref() != Some(id)
        && let Err(error) = std::fs::write(file(data_dir), format!("{id}\n"))
    {
        tracing::warn!(%error, "the installation's id is kept in the database alone");
    }
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("installation")
}
