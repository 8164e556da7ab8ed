//! The engine as real processes: the real database, real sockets, and a provider in another process than the
//! one that is killed, starved of disk, or started several times on one folder.
//!
//! `LATCHKEY_KILLS` says how often the campaign kills (100 without it), `LATCHKEY_SEED` which moments it draws.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod full;
mod host;
#[cfg(target_os = "linux")]
mod keyring;
mod kills;
mod oracle;
mod oidc;
mod proxy;
mod together;
mod waits;
mod world;
