//! Links from the operating system to the engine. Never to the web view, never to the log.
//!
//! A link is the only argument of a new process. When Latchkey already runs, that process hands its
//! arguments over and ends; they arrive on a D-Bus thread, possibly while this process is still starting,
//! and touching a window there would freeze both. So links go into a mailbox that the main thread empties
//! once it is ready.

mod registration;

use std::sync::{Mutex, PoisonError};

use latchkey_engine::Callback;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager as _, Wry};

use crate::arguments::Arguments;
use crate::desk::Desk;
use crate::window;

pub(crate) use registration::register_in_background;

/// What arrived before the program was ready, or `None` once it is.
static MAILBOX: Mutex<Option<Vec<Arguments>>> = Mutex::new(Some(Vec::new()));

/// The plugin that keeps a second window from opening. It is no lock: the engine has its own.
pub(crate) fn single_instance() -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::init(|app, arguments, _folder| {
        let arguments = Arguments::read(arguments.into_iter().map(Into::into));
        let mut mailbox = MAILBOX.lock().unwrap_or_else(PoisonError::into_inner);
        match mailbox.as_mut() {
            Some(waiting) => waiting.push(arguments),
            None => deliver(app, arguments),
        }
    })
}

/// Takes the argument of this start, and what has arrived meanwhile.
pub(crate) fn open_mailbox(app: &AppHandle, own: &Arguments) {
    let waiting = MAILBOX.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Arguments::Link(link) = own {
        take_link(app, link.clone());
    }
    for arguments in waiting.into_iter().flatten() {
        deliver(app, arguments);
    }
}

fn deliver(app: &AppHandle, arguments: Arguments) {
    match arguments {
        Arguments::None => show(app),
        Arguments::Link(link) => take_link(app, link),
        Arguments::Ignored => tracing::info!("a start with unknown arguments was ignored"),
    }
}

fn take_link(app: &AppHandle, link: String) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let desk = app.state::<Desk>();
        let Ok(engine) = desk.engine().await else { return };
        match engine.complete_sign_in(&link).await {
            Callback::Taken => show(&app),
            Callback::Ignored(reason) => {
                let reason =
                    reason.map_or_else(|| "no sign-in waits for it".to_owned(), |reason| reason.to_string());
                tracing::info!(length = link.len(), reason, "a link was ignored");
            }
        }
    });
}

fn show(app: &AppHandle) {
    let for_main = app.clone();
    if let Err(error) = app.run_on_main_thread(move || window::show(&for_main)) {
        tracing::warn!(%error, "the window could not be raised");
    }
}
