//! The desktop shell: window, deep links, browser, clipboard. The only place that knows Tauri.
//!
//! It adds nothing to the engine. A command is an adapter of a few lines, an event is passed on, and what
//! may not reach the web view (links, codes, tokens) goes from Rust to Rust.

mod arguments;
mod browsers;
mod commands;
mod context;
mod deep_link;
mod desk;
mod hardening;
mod leaving;
mod log;
mod outside;
mod presenter;
mod settings;
mod start;
mod surroundings;
mod window;

use std::process::ExitCode;

use tauri::{RunEvent, generate_handler};

use arguments::Arguments;

/// The handlers of all operations: one that is missing does not compile.
macro_rules! handlers {
    ($($name:ident => $variant:ident, $purpose:literal;)*) => {
        generate_handler![$(commands::$name),*]
    };
}

/// Runs until the person quits.
pub fn run() -> ExitCode {
    log::start();
    hardening::shut_memory();
    let arguments = Arguments::read(std::env::args_os());
    if let Err(message) = start::check_display() {
        return start::refuse(&message);
    }
    let built = tauri::Builder::default()
        .plugin(deep_link::single_instance())
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_store::Builder::default().build())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .invoke_handler(latchkey_protocol::operations!(handlers))
        .setup(|app| start::open_desk(app.handle()).map_err(Into::into))
        .build(context::context());
    let app = match built {
        Ok(app) => app,
        Err(error) => return start::refuse(&error.to_string()),
    };
    app.run(move |app, event| {
        if let RunEvent::Ready = event {
            deep_link::register_in_background(app);
            window::show(app);
            deep_link::open_mailbox(app, &arguments);
            leaving::listen(app);
        } else if let RunEvent::ExitRequested { code: None, api, .. } = event {
            // With a code it is our own wish, after everything is saved.
            api.prevent_exit();
            leaving::after_the_window(app);
        }
    });
    ExitCode::SUCCESS
}
