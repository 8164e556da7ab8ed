//! The keychain on a thread of its own, with a deadline.
//!
//! A Secret Service call can block for as long as a password dialog is open that nobody sees, and on one
//! platform an item is visible only to the thread that wrote it. So one plain thread owns the store,
//! callers wait a bounded time, and nothing ever joins that thread.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::edges::Pause;

/// How long a caller waits for the keychain.
const DEADLINE: Duration = Duration::from_secs(8);

/// Why the keychain does not help, told apart because a person can act on each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It is there and locked.
    #[error("the keychain is locked")]
    Locked,
    /// There is none, or it cannot be reached.
    #[error("this computer offers no keychain ({0})")]
    Absent(String),
    /// It does not answer in time; perhaps it waits for a password.
    #[error("the keychain does not answer")]
    Slow,
    /// It answers, and no.
    #[error("the keychain refuses ({0})")]
    Refused(String),
    /// The value is larger than one of its items.
    #[error("the sign-in is larger than an item of the keychain")]
    TooLarge,
}

/// A keychain: named items of bytes. Called from one thread only.
pub trait Keychain: Send {
    /// The item, if there is one.
    fn read(&mut self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError>;
    /// Writes the item.
    fn write(&mut self, item: &str, secret: &[u8]) -> Result<(), KeychainError>;
    /// Removes the item; none being there is fine.
    fn delete(&mut self, item: &str) -> Result<(), KeychainError>;
}

/// Makes the keychain on the thread that will own it.
pub type KeychainFactory = Box<dyn FnOnce() -> Box<dyn Keychain> + Send>;

pub(crate) enum Request {
    Read(String, oneshot::Sender<Result<Option<Zeroizing<Vec<u8>>>, KeychainError>>),
    Write(String, Zeroizing<Vec<u8>>, oneshot::Sender<Result<(), KeychainError>>),
    Delete(String, oneshot::Sender<Result<(), KeychainError>>),
}

/// The way to the thread; in the simulator, which has one thread for everything, to the keychain itself.
pub(crate) enum KeychainThread {
    Thread(mpsc::Sender<Request>),
    Simulated(Arc<Mutex<Box<dyn Keychain>>>, Arc<dyn Pause>),
}

impl KeychainThread {
    pub(crate) fn spawn(factory: KeychainFactory) -> Self {
        let (requests, received) = mpsc::channel::<Request>();
        let serve = move || {
            let mut keychain = factory();
            for request in received {
                answer(keychain.as_mut(), request);
            }
        };
        // Without the thread every request ends as `Absent`, which is the truth.
        let _ = std::thread::Builder::new().name("keychain".into()).spawn(serve);
        Self::Thread(requests)
    }

    pub(crate) fn simulated(factory: KeychainFactory, pause: Arc<dyn Pause>) -> Self {
        Self::Simulated(Arc::new(Mutex::new(factory())), pause)
    }

    pub(crate) async fn read(&self, item: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Read(item.to_owned(), answer), answered).await
    }

    pub(crate) async fn write(&self, item: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let (answer, answered) = oneshot::channel();
        let request = Request::Write(item.to_owned(), Zeroizing::new(secret.to_vec()), answer);
        self.ask(request, answered).await
    }

    pub(crate) async fn delete(&self, item: &str) -> Result<(), KeychainError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Delete(item.to_owned(), answer), answered).await
    }

    async fn ask<T>(
        &self,
        request: Request,
        answered: oneshot::Receiver<Result<T, KeychainError>>,
    ) -> Result<T, KeychainError> {
        let gone = || KeychainError::Absent("its thread has ended".into());
        match self {
            Self::Thread(requests) => requests.send(request).map_err(|_| gone())?,
            Self::Simulated(keychain, pause) => {
                pause.pause("before the keychain").await;
                answer(keychain.lock().unwrap_or_else(PoisonError::into_inner).as_mut(), request);
                pause.pause("after the keychain").await;
            }
        }
        match tokio::time::timeout(DEADLINE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(gone()),
            Err(_) => Err(KeychainError::Slow),
        }
    }
}

fn answer(keychain: &mut dyn Keychain, request: Request) {
    // A caller that has given up does not hear the answer; the work is done all the same.
    match request {
        Request::Read(item, answer) => drop(answer.send(keychain.read(&item))),
        Request::Write(item, secret, answer) => drop(answer.send(keychain.write(&item, &secret))),
        Request::Delete(item, answer) => drop(answer.send(keychain.delete(&item))),
    }
}
