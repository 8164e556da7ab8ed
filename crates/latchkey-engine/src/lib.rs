//! The product: it owns sign-ins, keeps them alive, and says how they are.
//!
//! One engine, thin shells: an operation is a method of [`Engine`], and a window, a command line or a
//! local server adds nothing to it. A module uses only modules that stand below it in this list, from top
//! to bottom; `tests/architecture.rs` keeps that true.

// The order is the architecture: top may use what stands below.
mod engine;
mod scheduler;
mod comeback;
mod notices;
mod backup;
mod protection;
mod key_rotation;
mod diagnose;
mod spotify;
mod discord;
mod call;
mod lend;
mod check;
mod disconnect;
mod impersonate;
mod sign_in;
mod loopback;
mod refresh;
mod personal;
mod identity;
mod clients;
mod resting;
mod rollback;
mod overview;
mod live;
mod pending;
mod talk;
mod view;
mod health;
mod flow;
mod pocketbase;
mod issuer;
mod dpop;
mod pacing;
mod callback;
mod surroundings;
mod skew;
mod vault;
mod rotation;
mod store;
mod provider;
mod connection;
mod person;
mod choices;
mod credential;
mod http;
mod event;
mod entropy;
mod text;
mod passphrase;
mod prompt_answer;
mod clock;
mod tasks;
mod edges;
mod planted;
mod owner_lock;
mod data_folder;

pub use callback::{Refusal, SCHEME};
pub use clock::{Boot, Clock, Sleep, SystemClock};
pub use credential::ClientSecret;
pub use data_folder::Unfit;
pub use discord::Discord;
pub use edges::{
    Disk, DiskFault, DiskMood, Edges, Network, NoReply, Pause, Reply, Rotation, Rotations, Settling,
};
pub use engine::{Callback, Engine, Environment, Options, StartError};
pub use entropy::{Entropy, OsEntropy};
pub use lend::LentToken;
pub use owner_lock::{NotOwner, OwnerLock};
pub use passphrase::Passphrase;
pub use planted::Planted;
pub use prompt_answer::{PromptAnswer, Typed};
pub use spotify::Spotify;
pub use store::StoreError;
pub use surroundings::SurroundingsChange;
#[cfg(target_os = "linux")]
pub use surroundings::{WatchError, watch_system, watch_system_on};
pub use vault::{KeyFileError, Keychain, KeychainError, KeychainFactory, system_keychain};

#[cfg(feature = "testing")]
pub use clock::ManualClock;
#[cfg(feature = "testing")]
pub use planted::plant;
#[cfg(feature = "testing")]
pub use vault::{MemoryKeychain, Mood};
