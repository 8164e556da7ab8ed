//! The environment of the private desktop: nothing of the outer session may shine through.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::Command,
};

/// Variable that every process of one desktop inherits; its value is the desktop's folder.
///
/// It finds what left its process group, for instance a browser started by `xdg-open`.
const MARK: &str = "LATCHKEY_RIG_DESKTOP";

/// Outer variables that would lead a program out of the private desktop.
const FOREIGN_PREFIXES: &[&str] =
    &["XDG_", "DBUS_", "WAYLAND_", "GNOME_", "GTK_", "LATCHKEY_", "LC_", "WEBKIT_"];
const FOREIGN: &[&str] = &[
    "DISPLAY",
    "XAUTHORITY",
    "BROWSER",
    "DESKTOP_SESSION",
    "SESSION_MANAGER",
    "SSH_AUTH_SOCK",
    "CHROMIUM_FLAGS",
    "CHROMIUM_USER_FLAGS",
    "LANGUAGE",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
];

/// The folders and variables that a program of the desktop sees.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// Everything of this desktop lies below, except a home folder that outlives it.
    pub(crate) root: PathBuf,
    /// `HOME`.
    pub(crate) home: PathBuf,
    /// `DISPLAY`, once there is one.
    pub(crate) display: Option<String>,
    /// `XAUTHORITY`, when the display is not the desktop's own.
    pub(crate) authority: Option<OsString>,
    /// `DBUS_SESSION_BUS_ADDRESS`, once there is one.
    pub(crate) bus: Option<String>,
}

impl Environment {
    /// `XDG_RUNTIME_DIR`.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Where the programs of the desktop leave their stderr.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Where the rig keeps the scripts through which it starts programs.
    pub(crate) fn scripts(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Where programs leave their temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The line in the environment of every process of this desktop.
    pub(crate) fn mark(&self) -> String {
        format!("{MARK}={}", self.root.display())
    }

    /// A command that runs inside the desktop.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if name.to_str().is_none_or(is_foreign) {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", &self.home)
            .env("XDG_RUNTIME_DIR", self.runtime())
            .env("TMPDIR", self.temporary())
            .env("XDG_CURRENT_DESKTOP", "GNOME")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("LANG", "C.UTF-8")
            .env(MARK, &self.root)
            .envs(self.display.iter().map(|display| ("DISPLAY", display)))
            .envs(self.authority.iter().map(|file| ("XAUTHORITY", file)))
            .envs(self.bus.iter().map(|bus| ("DBUS_SESSION_BUS_ADDRESS", bus)));
        command
    }
}

fn is_foreign(name: &str) -> bool {
    FOREIGN.contains(&name) || FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_session_does_not_shine_through() {
        for name in [
            "XDG_SESSION_ID",
            "DBUS_SESSION_BUS_ADDRESS",
            "WAYLAND_DISPLAY",
            "BROWSER",
            "LATCHKEY_SANDBOX_URL",
        ] {
            assert!(is_foreign(name), "{name}");
        }
        for name in ["PATH", "USER", "TMPDIR", "CARGO_HOME"] {
            assert!(!is_foreign(name), "{name}");
        }
    }

    #[test]
    fn a_command_sees_the_private_home() {
        let environment = Environment {
            root: "/r".into(),
            home: "/r/home".into(),
            display: Some(":7".into()),
            authority: None,
            bus: Some("unix:path=/b".into()),
        };
        let command = environment.command("true");
        let value = |wanted: &str| {
            command
                .get_envs()
                .find(|(name, _)| *name == wanted)
                .and_then(|(_, value)| value.map(OsStr::to_owned))
        };
        assert_eq!(value("HOME"), Some("/r/home".into()));
        assert_eq!(value("DISPLAY"), Some(":7".into()));
        assert_eq!(value(MARK), Some("/r".into()));
    }
}
