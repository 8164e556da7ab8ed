//! The repository as the rules read it: texts by path, and faults that say what to do.

use std::fmt;
use std::path::Path;

/// Folders that hold nothing written by hand.
const LEFT_OUT: [&str; 9] =
    [".git", "target", "node_modules", "python", "gen", "permissions", "dist", "icons", "screenshots"];

/// One text of the repository.
pub(crate) struct Source {
    /// From the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// What follows the last dot of the name.
    pub(crate) fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// Every text of the repository, by path.
pub(crate) struct Repository(Vec<Source>);

impl Repository {
    pub(crate) fn read() -> Self {
        let mut files = Vec::new();
        collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self(files)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    pub(crate) fn below(&self, folder: &str) -> impl Iterator<Item = &Source> {
        let folder = format!("{folder}/");
        self.0.iter().filter(move |file| file.path.starts_with(&folder))
    }

    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(move |file| file.path.rsplit('/').next() == Some(name))
    }

    pub(crate) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(move |file| file.extension() == extension)
    }

    /// Every page written for people.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Source> {
        self.with_extension("md").filter(|file| !file.path.contains('/') || file.path.starts_with("docs/"))
    }

    pub(crate) fn paths(&self) -> Vec<&str> {
        self.0.iter().map(|file| file.path.as_str()).collect()
    }

    pub(crate) fn file(&self, path: &str) -> &Source {
        let found = self.0.iter().find(|file| file.path == path);
        found.unwrap_or_else(|| panic!("{path} is missing: a rule of tests/architecture.rs reads it"))
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        &self.file(path).text
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files);
            }
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push(Source { path, text });
        }
    }
}

/// A rule that is broken somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// What is there.
    pub(crate) what: String,
    pub(crate) rule: &'static str,
    /// What to do.
    pub(crate) remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {}", self.path, self.line, self.what)?;
        writeln!(f, "  rule: {}", self.rule)?;
        writeln!(f, "  do:   {}", self.remedy)
    }
}

/// Fails with every fault, if there is one.
#[track_caller]
pub(crate) fn hold(faults: impl IntoIterator<Item = Fault>) {
    let told: Vec<String> = faults.into_iter().map(|fault| fault.to_string()).collect();
    assert!(told.is_empty(), "{} broken:\n\n{}", told.len(), told.join("\n"));
}
