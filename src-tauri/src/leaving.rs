//! The end of the program: not before what is on its way is saved.
//!
//! A window that is closed, or a session that ends, in the second in which a provider has taken one refresh
//! token and is sending the next must not cost that sign-in.

use tauri::{AppHandle, Manager as _};

use crate::desk::Desk;
use crate::window;

/// Ends the program once everything is saved, unless somebody has opened the window again by then.
pub(crate) fn after_the_window(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let desk = app.state::<Desk>();
        desk.close().await;
        if window::is_there(&app) {
            desk.reopen();
        } else {
            app.exit(0);
        }
    });
}

/// Does the same when the system asks: at the end of a session, or with Ctrl+C in a terminal.
#[cfg(unix)]
pub(crate) fn listen(app: &AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            match signal(kind) {
                Ok(mut signals) => {
                    signals.recv().await;
                    app.state::<Desk>().close().await;
                    app.exit(0);
                }
                Err(error) => tracing::warn!(%error, "a request to end will end the program at once"),
            }
        });
    }
}

/// Only the window ends the program here.
#[cfg(not(unix))]
pub(crate) fn listen(_: &AppHandle) {}
