//! Makes the scheme ours: asks who owns it, registers where nobody does, and says so where it fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use latchkey_engine::SCHEME;
use latchkey_protocol::{Notice, NoticeKind};
use tauri::{AppHandle, Manager as _};
use tauri_plugin_deep_link::DeepLinkExt as _;

use crate::desk::Desk;
use crate::presenter;

/// Registers on a thread of its own: the desktop's tools take longer than a window.
pub(crate) fn register_in_background(app: &AppHandle) {
    let app = app.clone();
    std::thread::spawn(move || {
        if let Err(reason) = register(&app) {
            tracing::warn!(reason, "the link scheme is not ours");
            tauri::async_runtime::spawn(tell(app, reason));
        }
    });
}

async fn tell(app: AppHandle, reason: String) {
    let desk = app.state::<Desk>();
    if let Ok(engine) = desk.engine().await {
        engine.set_deep_links(false);
    }
    desk.add_notice(notice(&reason));
    presenter::refresh_notices(&app).await;
}

fn notice(reason: &str) -> Notice {
    Notice {
        kind: NoticeKind::DeepLink,
        message: format!("Links to Latchkey could not be registered: {reason}."),
        remedy:
            "Sign-ins come back over a port of this computer instead. To use links, install xdg-utils and \
                 desktop-file-utils and start Latchkey again."
                .into(),
    }
}

fn register(app: &AppHandle) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    if handler().is_some_and(|handler| starts(&handler, &program)) {
        return Ok(());
    }
    app.deep_link().register_all().map_err(|error| error.to_string())?;
    let file = own_file(&program).ok_or("the home folder is unknown")?;
    unquote(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    match handler() {
        Some(handler) if starts(&handler, &program) => Ok(()),
        Some(handler) => Err(format!("they belong to {}", handler.display())),
        None => Err("the desktop's tools are missing".into()),
    }
}

/// The desktop file that answers links of our scheme at this moment.
fn handler() -> Option<PathBuf> {
    let asked =
        Command::new("xdg-mime").args(["query", "default", &format!("x-scheme-handler/{SCHEME}")]).output();
    let name = String::from_utf8(asked.ok()?.stdout).ok()?;
    let name = name.trim();
    if name.is_empty() || name.contains('/') {
        return None;
    }
    application_folders().into_iter().map(|folder| folder.join(name)).find(|path| path.exists())
}

fn application_folders() -> Vec<PathBuf> {
    let shared = std::env::var("XDG_DATA_DIRS").unwrap_or_else(|_| "/usr/local/share:/usr/share".into());
    let shared = shared.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from);
    data_home().into_iter().chain(shared).map(|folder| folder.join("applications")).collect()
}

fn data_home() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_DATA_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")))
}

/// The name under which the plugin registers.
fn own_file(program: &Path) -> Option<PathBuf> {
    let name = program.file_name()?.to_str()?;
    Some(data_home()?.join("applications").join(format!("{name}-handler.desktop")))
}

fn starts(desktop_file: &Path, program: &Path) -> bool {
    let text = std::fs::read_to_string(desktop_file).unwrap_or_default();
    let Some(command) = text.lines().find_map(|line| line.strip_prefix("Exec=")) else { return false };
    let first = command.strip_prefix('"').and_then(|rest| rest.split('"').next());
    let first = first.or_else(|| command.split_whitespace().next()).unwrap_or_default();
    let takes_link = command.contains("%u") || command.contains("%U");
    let same = Path::new(first) == program || program.file_name().is_some_and(|name| name == first);
    same && takes_link
}

/// The plugin quotes the program's path; some versions of `xdg-open` then start nothing.
fn unquote(desktop_file: &Path) -> std::io::Result<()> {
    let text = std::fs::read_to_string(desktop_file)?;
    let fixed: Vec<String> = text.lines().map(unquoted).collect();
    std::fs::write(desktop_file, fixed.join("\n") + "\n")
}

fn unquoted(line: &str) -> String {
    let plain = |path: &str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let parts = line.strip_prefix("Exec=\"").and_then(|rest| rest.split_once('"'));
    match parts {
        Some((path, rest)) if plain(path) => format!("Exec={path}{rest}"),
        Some(_) | None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_removed_where_none_are_needed() {
        assert_eq!(unquoted("Exec=\"/opt/latchkey-desktop\" %u"), "Exec=/opt/latchkey-desktop %u");
        assert_eq!(unquoted("Exec=\"/my apps/latchkey\" %u"), "Exec=\"/my apps/latchkey\" %u");
        assert_eq!(unquoted("Name=Latchkey"), "Name=Latchkey");
    }

    #[test]
    fn a_handler_is_ours_when_it_starts_this_program_with_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.desktop");
        let starts_with = |exec: &str| {
            std::fs::write(&file, format!("[Desktop Entry]\nExec={exec}\n")).unwrap();
            starts(&file, Path::new("/opt/latchkey-desktop"))
        };
        assert!(starts_with("/opt/latchkey-desktop %u"));
        assert!(starts_with("\"/opt/latchkey-desktop\" %u"));
        assert!(starts_with("latchkey-desktop %U"));
        assert!(!starts_with("/opt/latchkey-desktop"), "the link would be lost");
        assert!(!starts_with("/opt/other %u"));
    }
}
