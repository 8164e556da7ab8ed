//! The engine against the sandbox, with a clock moved by hand: one file per subject.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callback;
mod check;
mod comeback;
mod files;
mod items;
mod journey;
mod keychain;
mod late;
mod leak;
mod loopback;
mod notices;
mod pacing;
mod redirects;
mod refresh;
mod restart;
mod skew;
mod support;
#[cfg(target_os = "linux")]
mod system_bus;
mod waits;
