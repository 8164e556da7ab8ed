//! The engine against the sandbox, with a clock moved by hand: one file per subject.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod backup;
mod call;
mod callback;
mod certificates;
mod check;
mod clients;
mod comeback;
mod diagnose;
mod dialects;
mod discord;
mod discovery;
mod disk;
mod files;
mod identity;
mod items;
mod journey;
mod key_rotation;
mod keychain;
mod late;
mod leak;
mod loopback;
mod lying;
mod many;
mod notices;
mod odd;
mod openid;
mod openid_renewal;
mod pacing;
mod playing;
mod pocketbase;
mod protection;
mod pushed;
mod redirects;
mod refresh;
mod restart;
mod revocations;
mod rollback;
mod skew;
mod spotify;
mod support;
#[cfg(target_os = "linux")]
mod system_bus;
mod waits;
