//! The default browser of the desktop: a real Chromium with a profile of its own.

use std::{
    env,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{Error, Result, environment::Environment};

/// Names under which Chromium or a twin of it is installed.
const PROGRAMS: &[&str] = &["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"];

/// Words of a shell command. Port 0: the browser takes a free one and writes it into its profile, so nobody can take it in between.
const FLAGS: &[&str] = &[
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--test-type",
    "--password-store=basic",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-crash-restore-bubble",
    "--disable-search-engine-choice-screen",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--no-proxy-server",
    // A page that waits for a font of another host would wait as long as the network lets it.
    "'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'",
    "--window-position=140,60",
    "--window-size=1000,780",
];

const DEFAULTS: &str = "[Default Applications]
x-scheme-handler/http=rig-browser.desktop
x-scheme-handler/https=rig-browser.desktop
text/html=rig-browser.desktop
";

/// The browser's profile folder.
pub(crate) fn folder(environment: &Environment) -> PathBuf {
    environment.home.join("browser")
}

/// The word on the browser's command line that no other browser has.
pub(crate) fn word(environment: &Environment) -> String {
    format!("--user-data-dir={}", folder(environment).display())
}

/// Registers the browser as the default one. The browser itself may be missing until it is opened.
pub(crate) fn install(environment: &Environment) -> Result<()> {
    let program = PROGRAMS.iter().find(|program| is_installed(program)).unwrap_or(&PROGRAMS[0]);
    let script = environment.scripts().join("browser");
    let flags = FLAGS.join(" ");
    let (profile, log) = (word(environment), environment.logs().join("browser.log"));
    let text = format!("#!/bin/sh\nexec {program} '{profile}' {flags} \"$@\" >>'{}' 2>&1\n", log.display());
    write(&script, &text)?;
    fs::set_permissions(&script, Permissions::from_mode(0o755)).map_err(Error::file("protect", &script))?;
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Browser\nExec={} %u\nTerminal=false\n\
         MimeType=x-scheme-handler/http;x-scheme-handler/https;text/html;\n",
        script.display()
    );
    write(&environment.home.join(".local/share/applications/rig-browser.desktop"), &entry)?;
    let list = environment.home.join(".config/mimeapps.list");
    if list.exists() {
        return Ok(());
    }
    write(&list, DEFAULTS)
}

/// Lets pages of `origin` open links of `scheme` without a question.
pub(crate) fn allow_scheme(environment: &Environment, origin: &str, scheme: &str) -> Result<()> {
    if folder(environment).join("DevToolsActivePort").exists() {
        return Err(Error::failed("browser", "has started already and would overwrite its preferences"));
    }
    let path = folder(environment).join("Default/Preferences");
    let mut preferences: Value =
        fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(calm);
    preferences["protocol_handler"]["allowed_origin_protocol_pairs"][origin][scheme] = json!(true);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    }
    write(&path, &preferences.to_string())
}

/// Preferences of a browser that offers nothing on its own.
fn calm() -> Value {
    json!({
        "browser": { "check_default_browser": false },
        "credentials_enable_service": false,
        "profile": { "password_manager_enabled": false },
        "translate": { "enabled": false },
    })
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::file("write", path))
}
