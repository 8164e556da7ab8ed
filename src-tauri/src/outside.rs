//! The two ways out of the program: the system browser and the clipboard. Addresses with a `state` in them
//! pass here, from Rust to Rust, and are not logged.

use latchkey_engine::Engine;
use latchkey_protocol::{BrowserId, Problem, ProblemCode, SignInId};
use tauri::AppHandle;
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use tauri_plugin_opener::OpenerExt as _;
use url::Url;

use crate::browsers;

/// Opens the system browser, never a window of our own (RFC 8252 8.12).
pub(crate) fn open(app: &AppHandle, url: &Url) -> Result<(), Problem> {
    app.opener().open_url(url.as_str(), None::<&str>).map_err(|_| {
        Problem::new(ProblemCode::BrowserUnavailable, "The browser could not be opened.")
            .hint("Copy the link and open it yourself.")
    })
}

/// Opens the page of a sign-in, where there is one: in the browser that was picked for it, else in that of its
/// connection, else in the standard one. Of a browser that is gone its card says so.
pub(crate) fn open_sign_in(
    app: &AppHandle,
    engine: &Engine,
    sign_in: &SignInId,
    url: Option<&Url>,
    picked: Option<BrowserId>,
) -> Result<(), Problem> {
    let Some(url) = url else { return Ok(()) };
    let wanted = picked.or_else(|| engine.browser_of(sign_in));
    let opened = wanted.as_ref().is_some_and(|browser| browsers::open(browser, url));
    engine.browser_opened(sign_in, wanted.is_some() && !opened);
    if opened { Ok(()) } else { open(app, url) }
}

/// Puts a text on the clipboard.
pub(crate) fn copy(app: &AppHandle, text: String) -> Result<(), Problem> {
    app.clipboard().write_text(text).map_err(|error| {
        Problem::new(ProblemCode::Internal, format!("The clipboard could not be written: {error}."))
            .hint("Try again.")
    })
}
