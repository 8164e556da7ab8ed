//! The sandbox over real HTTP: what it refuses, what it grants, and how each fault looks to a client.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where its world is not as it says"
)]

mod binary;
mod client_authentication;
mod consent;
mod control;
mod discord;
mod faults;
mod refresh;
mod revocation;
mod sign_in;
mod spotify;
mod support;
