//! The form of files: short, with a reason at the top, adapters thin, one door to Tauri.

use crate::repository::{Fault, Source};
use crate::rust;

pub(crate) const COMMAND: &str = "#[tauri::command]";

const LONGEST_FILE: usize = 500;
const LONGEST_COMMAND: usize = 5;
/// The door, and the test that plays Tauri to it.
const DOOR: [&str; 2] = ["ui/src/lib/api/tauri.ts", "ui/src/lib/api/tauri.test.ts"];
/// Written by programs.
const GENERATED: [&str; 1] = ["ui/src/lib/api/bindings.ts"];
const SOURCES: [&str; 8] = ["rs", "ts", "js", "mjs", "svelte", "css", "sql", "sh"];

/// Source files beyond the length that one sitting reads.
pub(crate) fn too_long(file: &Source) -> Option<Fault> {
    let script = file.path.starts_with("script/");
    let source = SOURCES.contains(&file.extension()) || script;
    let lines = file.text.lines().count();
    let fault = || Fault {
        path: file.path.clone(),
        line: lines,
        what: format!("the file has {lines} lines"),
        rule: "a file has at most 500 lines",
        remedy: "Find the second concept in it and give that a file of its own.".to_owned(),
    };
    (source && lines > LONGEST_FILE && !GENERATED.contains(&file.path.as_str())).then(fault)
}

/// Rust files that do not say why they exist.
pub(crate) fn no_header(file: &Source) -> Option<Fault> {
    let fault = || Fault {
        path: file.path.clone(),
        line: 1,
        what: "the file does not begin with `//!`".to_owned(),
        rule: "every Rust file begins with a sentence that says why it exists",
        remedy: "Write that sentence.".to_owned(),
    };
    (file.extension() == "rs" && !file.text.starts_with("//! ")).then(fault)
}

/// Commands that do more than adapt.
pub(crate) fn long_commands(file: &Source) -> Vec<Fault> {
    let code = rust::code(&file.text);
    let long = code.match_indices(COMMAND).filter_map(|(at, mark)| {
        let item = &code[at + mark.len()..];
        let item = &item[..rust::item_length(item)];
        let body = item.find('{').map_or("", |open| &item[open..]);
        let lines = body.matches('\n').count().saturating_sub(1);
        let name = item.split("fn ").nth(1).map(rust::first_identifier).unwrap_or_default();
        (lines > LONGEST_COMMAND).then_some((at, name, lines))
    });
    let fault = |(at, name, lines): (usize, &str, usize)| Fault {
        path: file.path.clone(),
        line: rust::line(&code, at),
        what: format!("the command `{name}` has {lines} lines"),
        rule: "a command is an adapter of at most five lines",
        remedy: "Move what it decides into the engine.".to_owned(),
    };
    long.map(fault).collect()
}

/// Files of the window that import Tauri beside its one door.
pub(crate) fn imports_of_tauri(file: &Source) -> Vec<Fault> {
    if DOOR.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let lines = file.text.lines().enumerate();
    let imports = lines.filter(|(_, line)| line.contains("'@tauri-apps") || line.contains("\"@tauri-apps"));
    let fault = |(index, _)| Fault {
        path: file.path.clone(),
        line: index + 1,
        what: "the file imports a Tauri package".to_owned(),
        rule: "one file of the window talks to Tauri: whoever reads it knows everything that reaches Rust",
        remedy: format!("Add a method to the Backend interface and implement it in {}.", DOOR[0]),
    };
    imports.map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn long_files_and_missing_headers_are_noticed() {
        assert!(too_long(&source("a/b.rs", &"x\n".repeat(501))).is_some());
        assert!(too_long(&source("script/run", &"x\n".repeat(501))).is_some());
        assert!(too_long(&source("a/b.rs", &"x\n".repeat(500))).is_none());
        assert!(too_long(&source(GENERATED[0], &"x\n".repeat(900))).is_none());
        assert!(no_header(&source("a/b.rs", "use x;\n")).is_some());
        assert!(no_header(&source("a/b.rs", "//! Why.\n")).is_none());
    }

    #[test]
    fn a_command_that_decides_is_noticed() {
        let command =
            |lines: &str| format!("{COMMAND}\npub(crate) async fn go(\n    a: u8,\n) -> u8 {{\n{lines}}}\n");
        assert_eq!(long_commands(&source("c.rs", &command(&"    x;\n".repeat(5)))), []);
        assert_eq!(long_commands(&source("c.rs", &command(&"    x;\n".repeat(6)))).len(), 1);
    }

    #[test]
    fn a_second_door_is_noticed() {
        let text = "import { x } from './x';\nimport { invoke } from '@tauri-apps/api/core';";
        assert_eq!(imports_of_tauri(&source("ui/src/App.svelte", text))[0].line, 2);
        assert_eq!(imports_of_tauri(&source(DOOR[0], text)), []);
    }
}
