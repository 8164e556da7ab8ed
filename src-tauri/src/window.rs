//! The window: made when it is needed, shown when it is there, and shut in.

use tauri::{AppHandle, Manager as _, Url, WebviewWindow, WebviewWindowBuilder, WindowEvent};

use crate::settings;

const LABEL: &str = "main";

/// Brings the window to the front. Must be called on the main thread.
pub(crate) fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let raised = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = raised {
            tracing::warn!(%error, "the window could not be raised");
        }
        return;
    }
    match make(app) {
        Ok(window) => remember_size(&window),
        Err(error) => tracing::error!(%error, "the window could not be made"),
    }
}

/// Whether there is a window.
pub(crate) fn is_there(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some()
}

fn make(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    let windows = &app.config().app.windows;
    let config = windows.iter().find(|window| window.label == LABEL).ok_or(tauri::Error::WindowNotFound)?;
    let (width, height) = settings::window_size(app).unwrap_or((config.width, config.height));
    WebviewWindowBuilder::from_config(app, config)?
        .inner_size(width, height)
        .on_navigation(is_ours)
        .on_new_window(|_, _| tauri::webview::NewWindowResponse::Deny)
        .build()
}

/// The window shows our own page and never goes anywhere else.
fn is_ours(url: &Url) -> bool {
    let development = cfg!(dev) && url.host_str() == Some("localhost") && url.port() == Some(5173);
    let built_in = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    built_in || development
}

fn remember_size(window: &WebviewWindow) {
    let for_event = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { .. } = event {
            settings::save_window_size(&for_event);
        }
    });
}
