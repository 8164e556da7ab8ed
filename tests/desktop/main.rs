//! The real app on a real desktop: window, browser, deep link, keychain, database.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod discord;
mod files;
mod hostile;
mod journey;
mod killed;
mod leak;
mod oidc;
mod passphrase;
mod personal;
mod pocketbase;
mod spotify;
mod stage;
