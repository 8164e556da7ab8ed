//! The file of a backup: made anew, for its owner only, never over another one.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use latchkey_protocol::{Problem, ProblemCode};

use crate::vault::for_owner_only;

/// More than any backup is long, in bytes.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Refuses a path that is not whole or leads to something that exists.
pub(super) fn check(path: &Path) -> Result<(), Problem> {
    if !path.is_absolute() || path.file_name().is_none() {
        let message = "This is no place for a backup.";
        return Err(
            Problem::new(ProblemCode::InvalidInput, message).hint("Give the whole path of a new file.")
        );
    }
    if path.exists() {
        return Err(failed(path, &io::ErrorKind::AlreadyExists.into()));
    }
    Ok(())
}

/// Writes a new file and makes it durable; a half-written one is removed.
pub(super) async fn write(path: PathBuf, bytes: Vec<u8>) -> Result<(), Problem> {
    let target = path.clone();
    let write = move || {
        let mut file = for_owner_only().open(&target)?;
        let written = file.write_all(&bytes).and_then(|()| file.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(&target);
        }
        written
    };
    on_a_blocking_thread(write).await.map_err(|error| failed(&path, &error))
}

/// Reads a file, up to a size that no backup has.
pub(super) async fn read(path: PathBuf) -> Result<Vec<u8>, Problem> {
    let source = path.clone();
    let read = move || {
        let mut bytes = Vec::new();
        File::open(&source)?.take(LIMIT).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    on_a_blocking_thread(read).await.map_err(|error| failed(&path, &error))
}

async fn on_a_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
}

fn failed(path: &Path, error: &io::Error) -> Problem {
    let message = format!("{} cannot be used: {error}.", path.display());
    let hint = if error.kind() == io::ErrorKind::AlreadyExists {
        "It is left as it is. Choose another name."
    } else if error.kind() == io::ErrorKind::NotFound {
        "Check the path."
    } else {
        "Check that you may use it and that the disk has room."
    };
    Problem::new(ProblemCode::InvalidInput, message).hint(hint)
}
