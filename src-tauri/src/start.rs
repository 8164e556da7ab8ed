//! Starting: is there a display, where is the data, does the engine run?

use std::process::ExitCode;
use std::sync::Arc;

use latchkey_engine::{
    Edges, Engine, NotOwner, Options, OsEntropy, StartError, SystemClock, system_keychain,
};
use latchkey_protocol::{Problem, ProblemCode};
use tauri::{AppHandle, Manager as _};

use crate::desk::Desk;
use crate::settings;

/// Names our items in the keychain. It is the identifier of `tauri.conf.json`.
const KEYCHAIN_SERVICE: &str = "dev.latchkey.desktop";

/// Without a display the toolkit panics, also in a second process that only wants to hand over a link.
pub(crate) fn check_display() -> Result<(), String> {
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !named("DISPLAY") && !named("WAYLAND_DISPLAY") {
        return Err("There is no display. Start Latchkey in a desktop session, or use script/run, \
                    which brings a display of its own."
            .into());
    }
    Ok(())
}

/// Says why the program does not start, where a person can read it.
pub(crate) fn refuse(message: &str) -> ExitCode {
    use std::io::Write as _;
    // Whoever started it without a terminal does not see this; there is no display either.
    let _ = writeln!(std::io::stderr(), "Latchkey: {message}");
    ExitCode::FAILURE
}

/// Starts the engine beside the window, and puts it where commands wait for it. Where it does not start
/// the window says why.
pub(crate) fn open_desk(app: &AppHandle) -> tauri::Result<()> {
    let paths = app.path();
    let options = Options {
        data_dir: paths.app_local_data_dir()?,
        config_dir: paths.app_config_dir()?,
        clock: Arc::new(SystemClock),
        entropy: Box::new(OsEntropy),
        keychain: system_keychain(KEYCHAIN_SERVICE),
        environment: Box::new(|name| std::env::var(name).ok()),
        edges: Edges::default(),
    };
    let desk = Desk::default();
    if let Some(notice) = settings::check(&options.data_dir) {
        desk.add_notice(notice);
    }
    app.manage(desk);
    crate::surroundings::watch(app.clone());
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let engine = Engine::start(options).await.map_err(problem);
        if let Err(problem) = &engine {
            tracing::error!(%problem, "the engine does not start");
        }
        app.state::<Desk>().open(engine);
    });
    Ok(())
}

fn problem(error: StartError) -> Problem {
    match error {
        StartError::NotOwner(NotOwner::Taken) => Problem::new(
            ProblemCode::Storage,
            "Latchkey is already running for you, in a place where this window cannot reach it.",
        )
        .hint("Use the window that is open, or end that program and start Latchkey again."),
        StartError::NotOwner(error @ NotOwner::Unusable(_)) => {
            Problem::new(ProblemCode::Storage, format!("Latchkey cannot use its data folder: {error}."))
                .hint("Make the folder writable for you and start Latchkey again.")
        }
        StartError::DataFolder { path, source } => Problem::new(
            ProblemCode::Storage,
            format!("Latchkey cannot use its data folder {}: {source}.", path.display()),
        )
        .hint("Make the folder writable for you and start Latchkey again."),
        StartError::UnfitFolder { path, why } => Problem::new(
            ProblemCode::Storage,
            format!("Latchkey does not keep sign-ins in {}: {why}.", path.display()),
        )
        .hint("Move the folder to a disk of this computer that nothing copies, and start Latchkey again."),
        StartError::Store(error) => error.into(),
    }
}
