//! Preferences of the window, in the store plugin's file. Its writes are not atomic, so nothing that matters
//! is in it: losing the file loses a window size.

use std::path::Path;

use latchkey_protocol::{Notice, NoticeKind};
use serde_json::{Value, json};
use tauri::{AppHandle, Manager as _, WebviewWindow};
use tauri_plugin_store::StoreExt as _;

const FILE: &str = "settings.json";
const SIZE: &str = "window-size";
/// Sizes a screen may have, in logical pixels.
const SMALLEST: f64 = 320.0;
const LARGEST: f64 = 8192.0;

/// Sets a settings file aside that cannot be read, and says so.
pub(crate) fn check(data_dir: &Path) -> Option<Notice> {
    let path = data_dir.join(FILE);
    let text = std::fs::read_to_string(&path);
    let fault = match text {
        Ok(text) => serde_json::from_str::<serde_json::Map<String, Value>>(&text).err()?,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            serde::de::Error::custom("it is not text")
        }
        Err(_) => return None,
    };
    let kept = data_dir.join(format!("{FILE}.damaged"));
    let moved = std::fs::rename(&path, &kept).is_ok();
    let place = if moved { format!(" It is kept at {}.", kept.display()) } else { String::new() };
    Some(Notice {
        kind: NoticeKind::Settings,
        message: format!("{}, line {}: {fault}.{place}", path.display(), fault.line().max(1)),
        remedy: "Latchkey starts with its defaults. Only window preferences were in this file.".into(),
    })
}

/// The size the window had, if it is one that a screen can show.
pub(crate) fn window_size(app: &AppHandle) -> Option<(f64, f64)> {
    let size = app.store(app.path().app_local_data_dir().ok()?.join(FILE)).ok()?.get(SIZE)?;
    let number =
        |index: usize| size.get(index)?.as_f64().filter(|length| (SMALLEST..=LARGEST).contains(length));
    Some((number(0)?, number(1)?))
}

/// Remembers the size of the window.
pub(crate) fn save_window_size(window: &WebviewWindow) {
    let (Ok(size), Ok(scale)) = (window.inner_size(), window.scale_factor()) else { return };
    let logical = size.to_logical::<f64>(scale);
    let app = window.app_handle();
    let Ok(folder) = app.path().app_local_data_dir() else { return };
    if let Ok(store) = app.store(folder.join(FILE)) {
        store.set(SIZE, json!([logical.width, logical.height]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_is_named_with_its_line_and_kept() {
        for (content, line) in
            [(&b""[..], 1), (b"{\n\"window-size\": [900,\n", 3), (b"[]", 1), (b"\xff\xfe", 1)]
        {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(FILE), content).unwrap();
            let notice = check(folder.path()).unwrap();
            assert!(notice.message.contains(&format!("{FILE}, line {line}")), "{}", notice.message);
            assert_eq!(std::fs::read(folder.path().join("settings.json.damaged")).unwrap(), content);
            assert!(check(folder.path()).is_none());
        }
    }

    #[test]
    fn a_good_or_missing_file_is_no_news() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_none());
        std::fs::write(folder.path().join(FILE), b"{}").unwrap();
        assert!(check(folder.path()).is_none());
    }
}
