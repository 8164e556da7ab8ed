//! One file per connection that guards its rotation: an operating-system lock between processes, and a
//! spill slot.
//!
//! A refresh token may be spent once. The owner lock of the data folder keeps a second Latchkey out; this
//! lock holds where that one is not to be trusted (a copied folder, a network drive). The slot is 16 KiB of
//! disk written full of zeros before the first token is spent, so that the one answer which must not be lost
//! finds room on a disk that has none left.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use latchkey_protocol::{ConnectionId, Keep};

use crate::edges::{Rotation, Rotations, Settling};
use crate::store::prefix;

/// Bytes of a slot, the length of what is in it included.
const SLOT: usize = 16 * 1024;
/// Bytes of that length.
const LENGTH: usize = 4;

/// Rotation files in a folder.
pub(crate) struct RotationFolder(PathBuf);

impl RotationFolder {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self(data_dir.join("rotation"))
    }
}

impl Rotations for RotationFolder {
    fn take(&self, id: &ConnectionId) -> BoxFuture<'static, io::Result<Option<Box<dyn Rotation>>>> {
        // Of a connection in memory only, nothing is written anywhere, and no other process knows it.
        if id.as_str().starts_with(prefix(Keep::Memory)) {
            return async { Ok(Some(Box::new(NoSlot) as Box<dyn Rotation>)) }.boxed();
        }
        let (folder, path) = (self.0.clone(), self.0.join(id.as_str()));
        let take = move || take(&folder, &path);
        async move {
            let file = blocking(take).await?;
            Ok(file.map(|file| Box::new(RotationFile(Some(file))) as Box<dyn Rotation>))
        }
        .boxed()
    }

    fn take_settling(&self, id: &ConnectionId) -> BoxFuture<'static, io::Result<Option<Settling>>> {
        if id.as_str().starts_with(prefix(Keep::Memory)) {
            return async { Ok(Some(Box::new(()) as Settling)) }.boxed();
        }
        let (folder, path) = (self.0.clone(), self.0.join(format!("{id}.settling")));
        let take = move || lock(&folder, &path);
        async move { Ok(blocking(take).await?.map(|file| Box::new(file) as Settling)) }.boxed()
    }

    fn forget(&self, id: &ConnectionId) -> BoxFuture<'static, ()> {
        let paths = [self.0.join(id.as_str()), self.0.join(format!("{id}.settling"))];
        async move {
            // A file that stays holds nothing anybody could open: its epoch is over.
            let _ = blocking(move || paths.iter().try_for_each(std::fs::remove_file)).await;
        }
        .boxed()
    }
}

fn lock(folder: &Path, path: &Path) -> io::Result<Option<File>> {
    std::fs::create_dir_all(folder)?;
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn take(folder: &Path, path: &Path) -> io::Result<Option<File>> {
    let Some(mut file) = lock(folder, path)? else { return Ok(None) };
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    if size < SLOT {
        file.seek(SeekFrom::End(0))?;
        file.write_all(&vec![0; SLOT - size])?;
        file.sync_all()?;
    }
    Ok(Some(file))
}

struct RotationFile(Option<File>);

impl RotationFile {
    /// Works on the file away from the runtime; the lock goes with the file.
    fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut File) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<'_, io::Result<T>> {
        async move {
            let mut file = self.0.take().ok_or(io::ErrorKind::BrokenPipe)?;
            let (file, result) = blocking(move || {
                let result = work(&mut file);
                Ok((file, result))
            })
            .await?;
            self.0 = Some(file);
            result
        }
        .boxed()
    }
}

impl Rotation for RotationFile {
    fn spilled(&mut self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        self.with(|file| {
            let mut slot = vec![0; SLOT];
            file.seek(SeekFrom::Start(0))?;
            file.read_exact(&mut slot)?;
            let content = slot.split_first_chunk::<LENGTH>().and_then(|(length, rest)| {
                let length =
                    usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length > 0)?;
                rest.get(..length).map(<[u8]>::to_vec)
            });
            Ok(content)
        })
    }

    fn spill(&mut self, bytes: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        self.with(move |file| {
            if bytes.len() > SLOT - LENGTH {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
            let mut slot = length.to_le_bytes().to_vec();
            slot.extend_from_slice(&bytes);
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&slot)?;
            file.sync_data()
        })
    }
}

/// For a connection that is nowhere but in memory.
pub(crate) struct NoSlot;

impl Rotation for NoSlot {
    fn spilled(&mut self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        async { Ok(None) }.boxed()
    }

    fn spill(&mut self, _: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        async { Ok(()) }.boxed()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ConnectionId {
        ConnectionId::try_from("c-1").unwrap()
    }

    #[tokio::test]
    async fn one_at_a_time_and_what_was_spilled_is_found_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let rotations = RotationFolder::new(folder.path());
        let mut first = rotations.take(&id()).await.unwrap().unwrap();
        assert!(rotations.take(&id()).await.unwrap().is_none(), "another one holds it");
        assert_eq!(first.spilled().await.unwrap(), None);
        first.spill(b"sealed".to_vec()).await.unwrap();
        drop(first);
        let mut next = rotations.take(&id()).await.unwrap().unwrap();
        assert_eq!(next.spilled().await.unwrap().as_deref(), Some(&b"sealed"[..]));
        next.spill(Vec::new()).await.unwrap();
        assert_eq!(next.spilled().await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_room_is_there_before_it_is_needed_and_never_grows() {
        let folder = tempfile::tempdir().unwrap();
        let mut held = RotationFolder::new(folder.path()).take(&id()).await.unwrap().unwrap();
        let size = || std::fs::metadata(folder.path().join("rotation/c-1")).unwrap().len();
        assert_eq!(size(), 16 * 1024);
        held.spill(vec![7; 16 * 1024 - 4]).await.unwrap();
        assert!(held.spill(vec![7; 16 * 1024 - 3]).await.is_err());
        assert_eq!(size(), 16 * 1024);
    }
}
