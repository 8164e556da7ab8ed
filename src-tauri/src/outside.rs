//! The two ways out of the program: the system browser and the clipboard. Addresses with a `state` in them
//! pass here, from Rust to Rust, and are not logged.

use latchkey_protocol::{Problem, ProblemCode};
use tauri::AppHandle;
use tauri_plugin_clipboard_manager::ClipboardExt as _;
use tauri_plugin_opener::OpenerExt as _;
use url::Url;

/// Opens the system browser, never a window of our own (RFC 8252 8.12).
pub(crate) fn open(app: &AppHandle, url: &Url) -> Result<(), Problem> {
    app.opener().open_url(url.as_str(), None::<&str>).map_err(|_| {
        Problem::new(ProblemCode::BrowserUnavailable, "The browser could not be opened.")
            .hint("Copy the link and open it yourself.")
    })
}

/// Opens the browser where there is a page to open.
pub(crate) fn open_any(app: &AppHandle, url: Option<&Url>) -> Result<(), Problem> {
    url.map_or(Ok(()), |url| open(app, url))
}

/// Puts a text on the clipboard.
pub(crate) fn copy(app: &AppHandle, text: String) -> Result<(), Problem> {
    app.clipboard().write_text(text).map_err(|error| {
        Problem::new(ProblemCode::Internal, format!("The clipboard could not be written: {error}."))
            .hint("Try again.")
    })
}
