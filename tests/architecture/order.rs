//! The order of the engine's modules: the list in its `lib.rs` is the architecture, read from top to bottom.

use crate::repository::{Fault, Source};
use crate::rust;

pub(crate) const FOLDER: &str = "crates/latchkey-engine/src";
pub(crate) const LIST: &str = "crates/latchkey-engine/src/lib.rs";

const RULE: &str =
    "inside the engine a module uses only modules that stand below it in the list of its lib.rs";

/// The modules, topmost first.
pub(crate) fn modules(lib: &str) -> Vec<String> {
    let code = rust::product_code(lib);
    let lines = code.lines().map(str::trim);
    let names = lines.filter_map(|line| line.split("mod ").nth(1).filter(|_| line.ends_with(';')));
    names.map(|name| name.trim_end_matches(';').to_owned()).collect()
}

/// Paths of one file that point upwards. Files of a folder belong to the folder's module; test files point
/// where they like.
pub(crate) fn faults(modules: &[String], file: &Source) -> Vec<Fault> {
    let path = file.path.strip_prefix(FOLDER).unwrap_or(&file.path).trim_start_matches('/');
    if path.ends_with("tests.rs") || file.extension() != "rs" {
        return Vec::new();
    }
    let own = path.split('/').next().unwrap_or(path).trim_end_matches(".rs");
    let code = rust::product_code(&file.text);
    let crate_paths = code
        .match_indices("crate::")
        .flat_map(|(at, mark)| first_names(&code[at + mark.len()..]).into_iter().map(move |name| (at, name)));
    let upwards = crate_paths.filter_map(|(at, name)| Some((at, upward(modules, own, name)?)));
    let depth = path.split('/').count();
    let escapes = escapes(&code, depth).map(|at| {
        let remedy = "Write the path from `crate::`, so that its module is seen.";
        (at, ("a `super::` path leaves the module".to_owned(), remedy.to_owned()))
    });
    let found = upwards.chain(escapes);
    let fault = |(at, (what, remedy))| Fault {
        path: file.path.clone(),
        line: rust::line(&code, at),
        what,
        rule: RULE,
        remedy,
    };
    found.map(fault).collect()
}

fn upward(modules: &[String], own: &str, name: &str) -> Option<(String, String)> {
    let place = |name: &str| modules.iter().position(|module| module == name);
    match (place(own), place(name)) {
        (Some(own), Some(used)) if own <= used => None,
        (Some(_), Some(_)) => Some((
            format!("`{own}` uses `{name}`, which stands above it"),
            format!(
                "Take what is needed from `{name}` as an argument or move it below `{own}`. If the order itself is \
                 wrong, change {LIST} and the table of docs/architecture.md together."
            ),
        )),
        (Some(_), None) => Some((
            format!("`crate::{name}` names no module"),
            "Name the module in which it is declared, not its re-export.".to_owned(),
        )),
        (None, _) => {
            Some((format!("the module `{own}` is not in the list"), format!("Give it its place in {LIST}.")))
        }
    }
}

/// The names right after `crate::`: one, or those of a list in braces.
fn first_names(rest: &str) -> Vec<&str> {
    let Some(list) = rest.trim_start().strip_prefix('{') else {
        return vec![rust::first_identifier(rest.trim_start())];
    };
    let (mut depth, mut at_start, mut names) = (1, true, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => at_start = true,
            c if at_start && rust::is_part(c) => {
                names.push(rust::first_identifier(&list[at..]));
                at_start = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Where `super::` is repeated so often that it reaches the crate itself.
fn escapes(code: &str, depth: usize) -> impl Iterator<Item = usize> {
    let climb = "super::".repeat(depth);
    let at: Vec<usize> = code.match_indices(&climb).map(|(at, _)| at).collect();
    at.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let modules =
            modules("//! x\n#[cfg(unix)]\nmod engine;\npub(crate) mod refresh;\nmod store;\nmod text;\n");
        let file = Source { path: format!("{FOLDER}/{path}"), text: text.to_owned() };
        faults(&modules, &file).into_iter().map(|fault| (fault.line, fault.what)).collect()
    }

    #[test]
    fn a_path_upwards_is_noticed_in_every_form() {
        let up = |line: usize| vec![(line, "`store` uses `engine`, which stands above it".to_owned())];
        assert_eq!(found("store.rs", "//! x\nuse crate::engine::Engine;"), up(2));
        assert_eq!(found("store.rs", "use crate::{text, engine::{Engine, Options}};"), up(1));
        assert_eq!(found("store/rows.rs", "fn f() {\n    crate::engine::start()\n}"), up(2));
        assert_eq!(found("store/rows.rs", "use super::super::engine;").len(), 1);
        assert_eq!(found("store.rs", "use super::engine;").len(), 1);
        assert_eq!(found("store.rs", "use crate::Engine;").len(), 1);
        assert_eq!(found("new.rs", "use crate::text::x;").len(), 1);
    }

    #[test]
    fn paths_downwards_comments_and_tests_are_fine() {
        let text = "// crate::engine\nuse crate::{store, text::{a, b}};\nuse crate::engine::X;\n\
                    const S: &str = \"crate::engine\";\n#[cfg(test)]\nmod tests { use super::*; use crate::engine; }";
        assert_eq!(found("engine.rs", text), []);
        assert_eq!(found("store/rows.rs", "use super::Store;\nuse crate::text::x;"), []);
        assert_eq!(found("store/tests.rs", "use crate::engine::Engine;"), []);
    }
}
