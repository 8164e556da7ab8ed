//! A private desktop: what a person's session has, made for one test and gone after it.
//!
//! Tests, the headless demo, screenshots and benchmarks need a display, a session bus, a keyring, a default
//! browser and hands that click. [`Desktop`] provides the first four, [`AppWindow`] and [`Browser`] the hands.
//! The crate knows nothing of the product: it starts programs and looks at them from outside.
//!
//! ```no_run
//! # async fn example() -> latchkey_rig::Result<()> {
//! use latchkey_rig::{App, AppWindow, Desktop, DesktopOptions};
//!
//! let desktop = Desktop::start(DesktopOptions::default())?;
//! desktop.allow_scheme("http://127.0.0.1:8302", "dev.latchkey.app")?;
//! let window = AppWindow::open(&desktop, &App::new("target/debug/latchkey-desktop")).await?;
//! window.page().click("[data-action=sign-in]").await?;
//! let browser = desktop.browser().await?;
//! browser.tab("/authorize").await?.click("#agree").await?;
//! window.page().wait_for("[data-health=connected]").await?;
//! # Ok(())
//! # }
//! ```

mod browser;
mod bus;
mod desktop;
mod display;
mod driver;
mod environment;
mod error;
mod keyring;
mod look;
mod oidc_provider;
mod page;
mod pocketbase;
pub mod process;
mod profile;
mod screen;
mod service;
mod target;
pub mod wait;
mod window;

pub use browser::Browser;
pub use desktop::{Desktop, DesktopOptions, Display, KeyringStart};
pub use error::{Error, Result};
pub use keyring::{Keyring, KeyringItem};
pub use oidc_provider::OidcProvider;
pub use page::Page;
pub use pocketbase::PocketBase;
pub use screen::Screen;
pub use target::Target;
pub use window::{App, AppWindow, ColourScheme};
