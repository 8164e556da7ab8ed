//! Where the installation key is kept, as the person chooses: keychain, passphrase, key file.
//!
//! A change of place is written down together with the key itself, and takes a new installation key into use:
//! what is left in the old place opens nothing that is sealed afterwards. Nothing is ever chosen silently.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use latchkey_envelope::{Cost, KeyRing, PassphraseEnvelope, PassphraseError, PassphraseKey, WrappingKey};
use latchkey_protocol::{Problem, ProblemCode};

use crate::live::Parts;
use crate::overview::retell;
use crate::passphrase::Passphrase;
use crate::vault::{self, KeyFileError, KeyPlace, VaultError};
use crate::{key_rotation, resting, sign_in};

/// Seals the installation key under a passphrase and takes every sign-in out of the keychain.
pub(crate) async fn protect_with_passphrase(
    parts: &Arc<Parts>,
    passphrase: Passphrase,
) -> Result<(), Problem> {
    let _changing = parts.vault.changing.lock().await;
    if matches!(parts.vault.place(), KeyPlace::Passphrase(_)) {
        let problem = Problem::new(ProblemCode::InvalidInput, "There is a passphrase already.");
        return Err(problem.hint("Change it instead."));
    }
    let ring = successor(parts).await?;
    seal_under(parts, passphrase, ring).await
}

/// Seals the installation key under another passphrase.
pub(crate) async fn change_passphrase(
    parts: &Arc<Parts>,
    old: Passphrase,
    new: Passphrase,
) -> Result<(), Problem> {
    let _changing = parts.vault.changing.lock().await;
    let KeyPlace::Passphrase(sealed) = parts.vault.place() else {
        return Err(no_passphrase());
    };
    check_length(&new)?;
    let (ring, _) = try_passphrase(parts, sealed, old).await?;
    // Whoever knows the old passphrase and has an old copy of the database has the old key.
    let ring = ring.rotated(fresh_key(parts)).unwrap_or(ring);
    seal_under(parts, new, ring).await
}

/// Takes the passphrase after a start.
pub(crate) async fn unlock(parts: &Arc<Parts>, passphrase: Passphrase) -> Result<(), Problem> {
    let _changing = parts.vault.changing.lock().await;
    let KeyPlace::Passphrase(sealed) = parts.vault.place() else {
        return Err(no_passphrase());
    };
    let place = KeyPlace::Passphrase(sealed.clone());
    let (ring, derived) = try_passphrase(parts, sealed, passphrase).await?;
    parts.vault.set_place(place, Some(ring), Some(derived));
    sign_in::restore_waiting(parts).await;
    go_on(parts);
    Ok(())
}

/// Keeps the installation key in a file of the person's own. With `create` the file is made; else it must be
/// there: one of this installation that was moved, or one that the person brings along.
pub(crate) async fn use_key_file(parts: &Arc<Parts>, path: PathBuf, create: bool) -> Result<(), Problem> {
    let _changing = parts.vault.changing.lock().await;
    check_path(parts, &path)?;
    let found = match vault::read_key_file(path.clone()).await {
        Ok(_) if create => return Err(file_exists(&path)),
        Ok(ring) => Some(ring),
        Err(KeyFileError::Missing(_)) if create => None,
        Err(_) if create => return Err(file_exists(&path)),
        Err(error) => return Err(VaultError::from(error).into()),
    };
    let ring = match (found, own_ring(parts).await) {
        (None, own) => rotated(parts, own?),
        (Some(found), Ok(Some(own))) if found.current().id() != own.current().id() => {
            // The person's own key takes over; what is sealed under ours is rewrapped.
            own.rotated(found.current().clone()).ok_or_else(rotating)?
        }
        (Some(found), Ok(_)) => found,
        (Some(found), Err(problem)) => {
            if !wraps_what_rests(parts, &found).await? {
                return Err(problem);
            }
            found
        }
    };
    vault::write_key_file(path.clone(), ring.clone()).await.map_err(VaultError::from)?;
    adopt(parts, KeyPlace::KeyFile(path), ring, None).await
}

/// Keeps the installation key in the keychain, where sign-ins then rest too.
pub(crate) async fn use_keychain(parts: &Arc<Parts>) -> Result<(), Problem> {
    let _changing = parts.vault.changing.lock().await;
    if parts.vault.place() == KeyPlace::Keychain {
        return Ok(());
    }
    let ring = successor(parts).await?;
    parts.vault.put_ring(&ring).await?;
    adopt(parts, KeyPlace::Keychain, ring, None).await
}

/// The key to go on with: a new one in front of the old, which still opens what there is. Where nothing is
/// sealed under a key that cannot be reached, a new one alone.
async fn successor(parts: &Arc<Parts>) -> Result<KeyRing, Problem> {
    let own = own_ring(parts).await?;
    Ok(rotated(parts, own))
}

fn rotated(parts: &Parts, own: Option<KeyRing>) -> KeyRing {
    let fresh = fresh_key(parts);
    match own {
        // While a rotation is under way its two keys go on together.
        Some(own) => own.rotated(fresh).unwrap_or(own),
        None => KeyRing::new(fresh),
    }
}

/// The key there is; `None` where there is none that anything needs.
async fn own_ring(parts: &Arc<Parts>) -> Result<Option<KeyRing>, Problem> {
    match parts.vault.ring().await {
        Ok(ring) => Ok(Some(ring)),
        Err(error) if sign_in::others_need_the_key(parts, None) => {
            let hint = "The sign-ins are sealed under the key that is there. Make it available, or disconnect and \
                        forget the sign-ins, and try again.";
            Err(Problem::from(error).hint(hint))
        }
        Err(_) => Ok(None),
    }
}

/// Whether a file holds the very key that cannot be reached: it was moved.
async fn wraps_what_rests(parts: &Parts, ring: &KeyRing) -> Result<bool, Problem> {
    Ok(parts.store.sealed_rows().await?.iter().any(|row| ring.wraps(&row.envelope)))
}

fn fresh_key(parts: &Parts) -> WrappingKey {
    parts.entropy.with(WrappingKey::generate)
}

async fn seal_under(parts: &Arc<Parts>, passphrase: Passphrase, ring: KeyRing) -> Result<(), Problem> {
    check_length(&passphrase)?;
    let derived = derive(parts, passphrase, Cost::DEFAULT).await?;
    let place = key_rotation::sealed(parts, &derived, &ring)?;
    adopt(parts, place, ring, Some(derived)).await
}

/// Derives a key under a fresh salt, on a thread that may be busy.
pub(crate) async fn derive(
    parts: &Arc<Parts>,
    passphrase: Passphrase,
    cost: Cost,
) -> Result<PassphraseKey, Problem> {
    let salted = parts.clone();
    let derive = move || PassphraseKey::derive(passphrase.bytes(), cost, &mut Drawn(&salted));
    on_a_blocking_thread(derive).await.map_err(damaged)
}

/// Draws from the shared source without holding it while a key is derived.
struct Drawn<'a>(&'a Parts);

impl latchkey_envelope::Entropy for Drawn<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.entropy.with(|source| source.fill(bytes));
    }
}

/// Writes the place down, together with the sealed key where that is in it, and goes on there.
async fn adopt(
    parts: &Arc<Parts>,
    place: KeyPlace,
    ring: KeyRing,
    derived: Option<PassphraseKey>,
) -> Result<(), Problem> {
    let left = parts.vault.place();
    parts.store.save_key_since(parts.now()).await?;
    parts.store.save_key_place(place.to_text()).await?;
    tracing::info!(place = ?place.view(), "the installation key is kept there from here on");
    let leaves_keychain = left == KeyPlace::Keychain && place != KeyPlace::Keychain;
    parts.vault.set_place(place, Some(ring), derived);
    if leaves_keychain && let Err(error) = parts.vault.delete_ring().await {
        tracing::warn!(%error, "the former installation key stays in the keychain; it is being replaced");
    }
    key_rotation::begin_soon(parts);
    go_on(parts);
    Ok(())
}

/// The key is at hand: what waited for it goes on, and what rests elsewhere moves.
fn go_on(parts: &Arc<Parts>) {
    let boot = parts.clock.boot();
    for slot in parts.slots() {
        slot.write(|state| {
            state.doing = state.doing.without_lock();
            state.rest_until(boot);
        });
        resting::settle_in_background(parts, &slot);
    }
    parts.due_changed.notify_one();
    retell(parts);
}

/// Opens the sealed key, and makes whoever guesses wait.
async fn try_passphrase(
    parts: &Parts,
    sealed: PassphraseEnvelope,
    passphrase: Passphrase,
) -> Result<(KeyRing, PassphraseKey), Problem> {
    let mut tries = parts.vault.tries.lock().await;
    if let Some(wait) = tries.wait(parts.clock.boot()) {
        return Err(too_soon(wait));
    }
    let binding = parts.vault.binding();
    let open = move || sealed.open(passphrase.bytes(), binding.as_bytes());
    match on_a_blocking_thread(open).await {
        Ok((bytes, derived)) => {
            tries.succeeded();
            let ring = KeyRing::from_bytes(&bytes).ok_or_else(|| damaged(PassphraseError::Damaged))?;
            Ok((ring, derived))
        }
        Err(PassphraseError::WrongPassphrase) => Err(wrong(tries.failed(parts.clock.boot()))),
        Err(
            error @ (PassphraseError::Damaged | PassphraseError::Version(_) | PassphraseError::TooCostly),
        ) => Err(damaged(error)),
    }
}

/// Deriving a key takes a tenth of a second and more on purpose.
pub(crate) async fn on_a_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PassphraseError> + Send + 'static,
) -> Result<T, PassphraseError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(PassphraseError::Damaged))
}

/// Refuses a passphrase that is too short to be chosen.
pub(crate) fn check_length(passphrase: &Passphrase) -> Result<(), Problem> {
    if passphrase.is_long_enough() {
        return Ok(());
    }
    let problem = Problem::new(ProblemCode::InvalidInput, "This passphrase is too short.");
    Err(problem.hint("Use at least twelve characters; several words are good."))
}

fn check_path(parts: &Parts, path: &Path) -> Result<(), Problem> {
    let usable = path.is_absolute() && path.file_name().is_some();
    let whole = |path: &Path| path.canonicalize().ok();
    let inside = parts.store.folder().is_some_and(|data| {
        let (folder, data) = (path.parent().and_then(whole), whole(data));
        folder.zip(data).is_some_and(|(folder, data)| folder.starts_with(data))
    });
    if usable && !inside {
        return Ok(());
    }
    let message = "This is no place for a key file.";
    let hint = "Give the whole path of a file outside Latchkey's own folder: who has the database must not have the \
                key with it.";
    Err(Problem::new(ProblemCode::InvalidInput, message).hint(hint))
}

fn file_exists(path: &Path) -> Problem {
    let message = format!("{} is there already and is left as it is.", path.display());
    Problem::new(ProblemCode::InvalidInput, message)
        .hint("Choose another name, or use the file without making a new one.")
}

fn rotating() -> Problem {
    let message = "The installation key is being replaced at this moment.";
    Problem::new(ProblemCode::Temporary, message).hint("Try again in a quarter of an hour.")
}

fn no_passphrase() -> Problem {
    Problem::new(ProblemCode::InvalidInput, "No passphrase is set.")
        .hint("The key is kept elsewhere; nothing has to be entered.")
}

fn too_soon(wait_ms: i64) -> Problem {
    let seconds = wait_ms.unsigned_abs().div_ceil(1000);
    let mut problem =
        Problem::new(ProblemCode::Temporary, "The last passphrase was wrong, so the next one has to wait.")
            .hint(format!("Try again in {seconds} s."));
    problem.retry_after_ms = Some(wait_ms.unsigned_abs());
    problem
}

fn wrong(wait_ms: i64) -> Problem {
    let mut problem = Problem::new(ProblemCode::InvalidInput, "This is not the passphrase.")
        .hint("Nothing is lost. Look at the keyboard layout and try again.");
    problem.retry_after_ms = Some(wait_ms.unsigned_abs());
    problem
}

fn damaged(error: PassphraseError) -> Problem {
    let message = format!("The sealed installation key cannot be read: {error}.");
    Problem::new(ProblemCode::Storage, message)
        .hint("Put a backup of latchkey.db in its place and start Latchkey again.")
}
