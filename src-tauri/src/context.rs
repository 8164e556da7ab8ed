//! What Tauri generates from `tauri.conf.json`, kept apart because its code follows none of our lints.

/// The application's configuration, page and icons.
#[expect(
    clippy::pedantic,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::str_to_string,
    clippy::unwrap_used,
    reason = "generated"
)]
pub(crate) fn context() -> tauri::Context {
    tauri::tauri_build_context!()
}
