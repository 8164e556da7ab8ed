//! Which package may depend on what. `deny.toml` guards the same borders in the whole tree, this page in our
//! own manifests, where a message can name the line.
//!
//! What only tests use (`dev-dependencies`) does not ship and is free, with one exception: the sandbox and the
//! rig know nothing of ours, not even in tests, because a shared mistake would agree with itself.

use crate::repository::{Fault, Source};

/// A package's manifest, as far as the rules need it.
pub(crate) struct Manifest {
    path: String,
    name: String,
    /// Line, package, and whether only tests use it.
    dependencies: Vec<(usize, String, bool)>,
}

/// Packages that may pass one border only: a name, or its beginning or end with `*`, and who may use it.
const BORDERS: [(&str, &[&str], &str); 10] = [
    (
        "tauri*",
        &["latchkey-desktop", "bare-window"],
        "only the desktop shell knows Tauri (bare-window measures it)",
    ),
    ("axum*", &["latchkey-sandbox"], "only the sandbox answers as a server"),
    ("keyring*", &["latchkey-engine"], "only the engine reaches the keychain"),
    ("*-keyring-store", &["latchkey-engine"], "only the engine reaches the keychain"),
    ("oauth2", &["latchkey-engine"], "only the engine speaks OAuth as a client"),
    ("rusqlite*", &["latchkey-engine"], "only the engine has a database"),
    ("reqwest", &["latchkey-engine"], "the engine's client is the only one that ships"),
    ("latchkey-envelope", &["latchkey-engine"], "only the engine seals and opens"),
    ("latchkey-oidc", &["latchkey-engine"], "only the engine decides who somebody is"),
    ("latchkey-engine", &["latchkey-desktop"], "only a shell stands above the engine"),
];

/// Packages that depend on these and nothing else.
const CLOSED: [(&str, &[&str], &str); 3] = [
    ("latchkey-protocol", &["serde", "ts-rs"], "the protocol is plain serde types: no I/O and no secret"),
    (
        "latchkey-envelope",
        &["aes-gcm", "argon2", "sha2", "thiserror", "zeroize"],
        "the envelope has no I/O, no clock, no randomness",
    ),
    (
        "latchkey-oidc",
        &[
            "aws-lc-rs",
            "base64",
            "jsonwebtoken",
            "serde",
            "serde_json",
            "sha2",
            "subtle",
            "thiserror",
            "url",
            "zeroize",
        ],
        "what is checked of an identity has no I/O and no clock",
    ),
];

/// Packages that depend on none of ours, tests included.
const STRANGERS: [&str; 3] = ["latchkey-sandbox", "latchkey-rig", "bare-window"];
const STRANGER_RULE: &str = "the sandbox, the rig and the bare window know nothing of the product";

impl Manifest {
    pub(crate) fn read(file: &Source) -> Self {
        let mut manifest = Self { path: file.path.clone(), name: String::new(), dependencies: Vec::new() };
        let mut section = String::new();
        for (index, line) in file.text.lines().map(str::trim).enumerate() {
            if let Some(head) = line.strip_prefix('[') {
                head.trim_end_matches(']').clone_into(&mut section);
                // `[dependencies.name]`
                if let Some((kind, name)) = section.clone().rsplit_once('.')
                    && kind.ends_with("dependencies")
                    && kind != "workspace.dependencies"
                {
                    manifest.add(index, name, kind);
                }
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                let key = key.trim().trim_matches('"');
                if section == "package" && key == "name" {
                    value.trim().trim_matches('"').clone_into(&mut manifest.name);
                } else if section.ends_with("dependencies") && section != "workspace.dependencies" {
                    let renamed = value.split("package = \"").nth(1).and_then(|rest| rest.split('"').next());
                    let name = renamed.unwrap_or_else(|| key.split('.').next().unwrap_or(key));
                    let kind = section.clone();
                    manifest.add(index, name, &kind);
                }
            }
        }
        manifest
    }

    fn add(&mut self, index: usize, name: &str, kind: &str) {
        self.dependencies.push((index + 1, name.to_owned(), kind.ends_with("dev-dependencies")));
    }

    fn fault(&self, line: usize, name: &str, rule: &'static str, remedy: String) -> Fault {
        Fault {
            path: self.path.clone(),
            line,
            what: format!("{} depends on {name}", self.name),
            rule,
            remedy,
        }
    }
}

/// Dependencies of one package that pass a border.
pub(crate) fn faults(manifest: &Manifest) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (line, name, only_tests) in &manifest.dependencies {
        if STRANGERS.contains(&manifest.name.as_str()) && name.starts_with("latchkey-") {
            let remedy = "Pass what is needed as a command line, a variable or a request.".to_owned();
            faults.push(manifest.fault(*line, name, STRANGER_RULE, remedy));
        }
        if *only_tests {
            continue;
        }
        for (pattern, allowed, rule) in BORDERS {
            if matches(pattern, name) && !allowed.contains(&manifest.name.as_str()) {
                let remedy =
                    format!("Move the code that needs it into {}, or pass values.", allowed.join(" or "));
                faults.push(manifest.fault(*line, name, rule, remedy));
            }
        }
        for (package, allowed, rule) in CLOSED {
            if package == manifest.name && !allowed.contains(&name.as_str()) {
                let remedy = format!("Do it in the engine; here only {} are used.", allowed.join(", "));
                faults.push(manifest.fault(*line, name, rule, remedy));
            }
        }
    }
    faults
}

fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(start), _) => name.starts_with(start),
        (None, Some(end)) => name.ends_with(end),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, lines: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n{lines}\n");
        let manifest = Manifest::read(&Source { path: "Cargo.toml".to_owned(), text });
        faults(&manifest).into_iter().map(|fault| format!("{}: {}", fault.line, fault.what)).collect()
    }

    #[test]
    fn a_dependency_beyond_its_border_is_noticed() {
        let engine = "latchkey-engine";
        assert_eq!(found(engine, "[dependencies]\ntauri = \"2\""), ["4: latchkey-engine depends on tauri"]);
        assert_eq!(found(engine, "[dependencies.axum]\nversion = \"1\"").len(), 1);
        assert_eq!(found(engine, "[target.'cfg(unix)'.dependencies]\nx = { package = \"axum\" }").len(), 1);
        assert_eq!(
            found("latchkey-protocol", "[dependencies]\nserde.workspace = true\nurl = \"2\"").len(),
            1
        );
        assert_eq!(found("latchkey-envelope", "[dependencies]\ntokio = \"1\"").len(), 1);
        assert_eq!(found("latchkey-desktop", "[build-dependencies]\nrusqlite = \"1\"").len(), 1);
        assert_eq!(found("latchkey-rig", "[dev-dependencies]\nlatchkey-engine.workspace = true").len(), 1);
    }

    #[test]
    fn what_belongs_or_only_tests_use_is_fine() {
        assert_eq!(found("latchkey-desktop", "[dependencies]\ntauri-plugin-store = \"2\""), [""; 0]);
        assert_eq!(found("latchkey-desktop", "[dev-dependencies]\nrusqlite.workspace = true"), [""; 0]);
        assert_eq!(
            found("x", "[workspace.dependencies]\naxum = \"0.8\"\n[lints]\nworkspace = true"),
            [""; 0]
        );
    }
}
