//! Sleep and network, as the system tells them, on their way to the engine. It works without: then it notices
//! a sleep at its next look, and a network at its next try.

use tauri::AppHandle;

/// Reports to the engine for as long as the program runs.
#[cfg(target_os = "linux")]
pub(crate) fn watch(app: AppHandle) {
    use crate::desk::Desk;
    use tauri::Manager as _;

    tauri::async_runtime::spawn(async move {
        let desk = app.state::<Desk>();
        let Ok(engine) = desk.engine().await else { return };
        let watched = latchkey_engine::watch_system(|change| engine.surroundings_changed(change)).await;
        if let Err(error) = watched {
            tracing::info!(%error, "sleep and network are noticed without the system's help");
        }
    });
}

/// Nobody has built the watcher of this system yet.
#[cfg(not(target_os = "linux"))]
pub(crate) fn watch(_: AppHandle) {}
