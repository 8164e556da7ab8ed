//! Where the engine touches the world beside the clock, the random source and the keychain: disk, network,
//! and the locks between processes. The simulator puts its own in their place; a program takes the
//! system's and never looks in here.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use latchkey_protocol::ConnectionId;

/// What an engine reaches the world through. `Default` is the operating system.
#[derive(Clone, Default)]
pub struct Edges {
    pub(crate) disk: Option<Arc<dyn Disk>>,
    pub(crate) network: Option<Arc<dyn Network>>,
    pub(crate) rotations: Option<Arc<dyn Rotations>>,
    pub(crate) keychain: Option<Arc<dyn Pause>>,
    pub(crate) shared: bool,
}

#[cfg(feature = "testing")]
impl Edges {
    /// A simulated world.
    pub fn simulated(
        disk: Arc<dyn Disk>,
        network: Arc<dyn Network>,
        rotations: Arc<dyn Rotations>,
        keychain: Arc<dyn Pause>,
    ) -> Self {
        Self {
            disk: Some(disk),
            network: Some(network),
            rotations: Some(rotations),
            keychain: Some(keychain),
            shared: true,
        }
    }

    /// The operating system, but for the database and what becomes of its transactions.
    pub fn on_disk(disk: Arc<dyn Disk>) -> Self {
        Self { disk: Some(disk), ..Self::default() }
    }

    /// The operating system, without the rule that a data folder has one owner: what stays right when that
    /// rule is broken is what tests of several processes ask.
    pub fn without_owner() -> Self {
        Self { shared: true, ..Self::default() }
    }
}

/// A place where a simulated process may be slowed down or killed.
pub trait Pause: Send + Sync {
    /// Returns when the process goes on.
    fn pause(&self, place: &'static str) -> BoxFuture<'static, ()>;
}

/// What a disk does to one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskMood {
    /// It does what it is asked.
    Willing,
    /// It fails, and nothing was written.
    Failing(DiskFault),
    /// It says that it failed, and everything was written.
    Lying(DiskFault),
}

/// Why a disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// It has no room left.
    Full,
    /// It cannot be written, or not be synchronised: `EIO`.
    InputOutput,
    /// It may not be written: a file or a file system that was made read-only.
    ReadOnly,
}

/// A disk with one database on it that all its processes share.
pub trait Disk: Pause {
    /// The database, open and shared.
    fn database(&self) -> Arc<std::sync::Mutex<rusqlite::Connection>>;
    /// Asked before each transaction that may write.
    fn mood(&self) -> DiskMood;
}

/// The way to providers.
pub trait Network: Send + Sync {
    /// Sends one request; at most `limit` bytes are read of what comes back.
    fn send(&self, request: reqwest::Request, limit: usize) -> BoxFuture<'static, Result<Reply, NoReply>>;
}

/// An answer, whole.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: http::HeaderMap,
    /// The content.
    pub body: Vec<u8>,
}

/// Why there is no answer. Neither carries the URL, which may hold what must not be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReply {
    /// Nothing was sent: no name, no connection, no TLS.
    #[error("the provider cannot be reached ({0})")]
    NotSent(String),
    /// Nothing was sent: the certificate is not trusted here.
    #[error("the provider's certificate is not trusted on this computer ({0})")]
    Untrusted(String),
    /// Nothing was sent: the proxy on the way wants a name and a password.
    #[error("the proxy wants a name and a password")]
    ProxyRefused,
    /// Something may have been sent and no whole answer came back.
    #[error("the provider's answer did not arrive ({0})")]
    Lost(String),
    /// The answer is larger than anything this call may answer.
    #[error("the provider's answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// What guards the rotation of each connection between processes.
pub trait Rotations: Send + Sync {
    /// Takes the connection's lock without waiting; `None` while another process holds it. The operating
    /// system gives it back when this process dies.
    fn take(&self, id: &ConnectionId) -> BoxFuture<'static, std::io::Result<Option<Box<dyn Rotation>>>>;
    /// Takes, without waiting, the lock under which the connection's set moves to the keychain, so that an
    /// older one never arrives last; `None` while another process holds it.
    fn take_settling(&self, id: &ConnectionId) -> BoxFuture<'static, std::io::Result<Option<Settling>>>;
    /// The connection is gone, and so is what guards it.
    fn forget(&self, id: &ConnectionId) -> BoxFuture<'static, ()>;
}

/// A held lock; it is given back when this is dropped.
pub type Settling = Box<dyn std::any::Any + Send>;

/// A held lock, and the spill slot that comes with it: room that was reserved while the disk had some.
pub trait Rotation: Send {
    /// What was spilled and not taken out yet.
    fn spilled(&mut self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>>;
    /// Puts `bytes` into the slot, durably; an empty slice empties it.
    fn spill(&mut self, bytes: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>>;
}
