//! A provider to try things against: an OAuth 2.0 server that distrusts its client, remembers every request and
//! fails on command.
//!
//! It exists so that tests, demo and development share one fake world. It imports none of our crates, because a
//! shared mistake would agree with itself. A request passes `wire` (sockets), `door` (record, faults), `route`
//! (which endpoint of which face) and one small handler over [`Settings`] and the pure state machines of `grant`.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use latchkey_sandbox::{Endpoint, Fault, Sandbox, SandboxOptions};
//!
//! let sandbox = Sandbox::start(SandboxOptions::default()).await?;
//! sandbox.control().set_fault(Endpoint::Refresh, Fault::status(503), 2);
//! let requests = sandbox.control().requests();
//! # let _ = requests; Ok(()) }
//! ```

mod account;
mod account_page;
mod answer;
mod authorize;
mod client;
mod client_authentication;
mod clock;
mod control;
mod control_routes;
mod core;
mod decision;
mod device;
mod discord;
mod door;
mod exchange;
mod face;
mod fault_effects;
mod faults;
mod gate;
mod grant;
mod ledger;
mod odd;
mod odd_settings;
mod pages;
mod params;
mod picture;
mod random;
mod record;
mod refusal;
mod revoke;
mod route;
mod scope;
mod server;
mod settings;
mod spotify;
mod spotify_library;
mod spotify_plays;
mod token;
mod token_answer;
mod userinfo;
mod wire;

pub use client::Client;
pub use clock::{ClockMode, Timestamp};
pub use control::Control;
pub use core::Issued;
pub use face::Face;
pub use faults::{Fault, FaultOrder, Moment};
pub use gate::{HeldRequest, Release};
pub use grant::RevokedBecause;
pub use ledger::{GrantView, RefreshTokenView};
pub use odd_settings::{
    OddAuthentication, OddChallenge, OddIdentity, OddPresentation, OddRefusal, OddRevocation, OddSettings,
};
pub use params::Params;
pub use record::{Entry, Outcome, SelectedHeaders};
pub use route::Endpoint;
pub use server::{Sandbox, SandboxOptions};
pub use settings::{
    Callback, Consent, DiscordMood, DiscordSettings, ExpiresIn, RefreshTokenMember, Rotation, ScopeMember,
    Settings, SpotifySettings, Standing, TokenType,
};
