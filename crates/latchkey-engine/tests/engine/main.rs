//! The engine against the sandbox, with a clock moved by hand: one file per subject.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod backup;
mod callback;
mod check;
mod clients;
mod comeback;
mod dialects;
mod files;
mod items;
mod journey;
mod key_rotation;
mod keychain;
mod late;
mod leak;
mod loopback;
mod notices;
mod odd;
mod pacing;
mod protection;
mod redirects;
mod refresh;
mod restart;
mod revocations;
mod rollback;
mod skew;
mod support;
#[cfg(target_os = "linux")]
mod system_bus;
mod waits;
