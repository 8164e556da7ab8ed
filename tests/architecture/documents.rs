//! Documents that tell the truth: files they name exist, and a promised behaviour has its test.

use std::collections::BTreeSet;

use crate::repository::{Fault, Source};
use crate::rust;

/// Endings by which a name in backticks is taken for a file of this repository.
const ENDINGS: [&str; 9] = [".rs", ".ts", ".js", ".mjs", ".svelte", ".toml", ".sql", ".md", ".css"];

/// Functions that a page names as `begin()` and that nobody wrote.
pub(crate) fn missing_functions(page: &Source, code: &[&Source]) -> Vec<Fault> {
    let written = |name: &str| {
        let forms = [
            format!("fn {name}("),
            format!("fn {name}<"),
            format!("function {name}("),
            format!("\n  {name}("),
            format!("\n  async {name}("),
        ];
        code.iter().any(|file| forms.iter().any(|form| file.text.contains(form)))
    };
    let mut faults = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        let words = line.split(|c: char| !(rust::is_part(c) || "().:".contains(c)));
        let called = words.filter_map(|word| word.trim_end_matches(['.', ':']).strip_suffix("()"));
        let names = called.map(|path| path.rsplit(['.', ':']).next().unwrap_or(path));
        for name in names.filter(|name| !name.is_empty() && !written(name)) {
            faults.push(Fault {
                path: page.path.clone(),
                line: index + 1,
                what: format!("there is no function `{name}`"),
                rule: "a document names only functions that exist",
                remedy: "Follow the code and write the name it has.".to_owned(),
            });
        }
    }
    faults
}

/// The table of modules, where it differs from the list of modules.
pub(crate) fn wrong_order(page: &Source, modules: &[String]) -> Option<Fault> {
    let rows = page.text.lines().enumerate().filter_map(|(index, line)| {
        let name = line.strip_prefix("| `")?.split('`').next()?.strip_suffix(".rs")?;
        Some((index, name))
    });
    let rows: Vec<_> = rows.collect();
    let length = rows.len().max(modules.len());
    let differs =
        (0..length).find(|at| rows.get(*at).map(|row| row.1) != modules.get(*at).map(String::as_str))?;
    Some(Fault {
        path: page.path.clone(),
        line: rows.get(differs).or(rows.last()).map_or(0, |row| row.0) + 1,
        what: format!("row {} is not `{}`", differs + 1, modules.get(differs).map_or("nothing", |name| name)),
        rule: "the table of modules is the list of the engine's lib.rs",
        remedy: "Bring the table into the order of the list.".to_owned(),
    })
}

/// Names in backticks or code blocks, and links, that lead to no file. A name may leave out the folders it begins with
/// (`sign_in/finish.rs`); one with a placeholder (`<config folder>`, `*`) is no name.
pub(crate) fn missing_files(page: &Source, paths: &[&str]) -> Vec<Fault> {
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut faults = Vec::new();
    let mut in_block = false;
    for (index, line) in page.text.lines().enumerate() {
        in_block ^= line.starts_with("```");
        let words: Vec<&str> =
            if in_block { line.split_whitespace().collect() } else { quoted(line).collect() };
        let named = words.into_iter().filter(|name| names_file(name) && !exists(name, paths));
        let linked = links(line).filter(|link| !paths.contains(&resolved(folder, link).as_str()));
        for name in named.chain(linked) {
            faults.push(Fault {
                path: page.path.clone(),
                line: index + 1,
                what: format!("{name} does not exist"),
                rule: "a document names only files that exist",
                remedy: "Write the name the file has, or remove the sentence.".to_owned(),
            });
        }
    }
    faults
}

fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .map(|target| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.contains(':') && ENDINGS.iter().any(|ending| target.ends_with(ending)))
}

fn names_file(name: &str) -> bool {
    let placeholder = name.contains(|c: char| c.is_whitespace() || "<>*{}$…".contains(c));
    let ending = ENDINGS.iter().any(|ending| name.ends_with(ending) && name.len() > ending.len());
    !placeholder && (ending || name.starts_with("script/"))
}

fn exists(name: &str, paths: &[&str]) -> bool {
    let ending = format!("/{name}");
    paths.iter().any(|path| *path == name || path.ends_with(&ending))
}

fn resolved(folder: &str, link: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A line of `docs/behavior.md`: where it begins, and the tests that prove it.
pub(crate) struct Promise<'p> {
    line: usize,
    proofs: Vec<&'p str>,
}

/// Every line that begins with "Given", with the names in backticks after its last dash.
pub(crate) fn promises(page: &Source) -> Vec<Promise<'_>> {
    let mut promises = Vec::new();
    let mut at = 0;
    for paragraph in page.text.split_inclusive("\n- ") {
        if paragraph.starts_with("Given ") {
            let text = paragraph.split("\n\n").next().unwrap_or(paragraph);
            let proofs = text.rsplit_once('—').map_or(Vec::new(), |(_, proofs)| quoted(proofs).collect());
            promises.push(Promise { line: rust::line(&page.text, at), proofs });
        }
        at += paragraph.len();
    }
    promises
}

/// The names of all tests.
pub(crate) fn names_of_tests<'s>(files: impl Iterator<Item = &'s Source>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        let code = rust::code(&file.text);
        for mark in ["#[test]", "#[tokio::test"] {
            let after = code.match_indices(mark).filter_map(|(at, _)| code[at..].split("fn ").nth(1));
            names.extend(after.map(|rest| rust::first_identifier(rest).to_owned()));
        }
    }
    names
}

/// Promises without a proof, and proofs that are no test.
pub(crate) fn unproven(page: &Source, tests: &BTreeSet<String>) -> Vec<Fault> {
    let fault = |line, what: String| Fault {
        path: page.path.clone(),
        line,
        what,
        rule: "each line of docs/behavior.md names the test that proves it",
        remedy: "Name the test as it is called today; without a test, write it or remove the promise."
            .to_owned(),
    };
    let mut faults = Vec::new();
    for promise in promises(page) {
        if promise.proofs.is_empty() {
            faults.push(fault(promise.line, "the promise names no test".to_owned()));
        }
        let unknown = promise.proofs.iter().filter(|name| !tests.contains(**name));
        faults.extend(unknown.map(|name| fault(promise.line, format!("there is no test `{name}`"))));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Source {
        Source { path: "docs/x.md".to_owned(), text: text.to_owned() }
    }

    fn source_of(text: &str) -> Source {
        Source { path: "x.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_name_without_a_file_is_noticed() {
        let paths = ["a/sign_in/finish.rs", "docs/y.md", "script/run"];
        let good = "`sign_in/finish.rs`, `<config folder>/x.toml`, `a.b()`, [y](y.md#z), [y](../docs/y.md), `script/run`";
        assert_eq!(missing_files(&page(good), &paths), []);
        for bad in ["`finish2.rs`", "`script/walk`", "[z](z.md)", "x\n`in/finish.rs` `n_in/finish.rs`"] {
            assert!(!missing_files(&page(bad), &paths).is_empty(), "{bad}");
        }
    }

    #[test]
    fn a_function_nobody_wrote_is_noticed() {
        let code = source_of("pub fn begin(a: u8) {}\nasync fn run<T>() {}");
        let text = "`Engine::begin()` and `x.run()`, then `end()`.\n```\nbegin() gone()\n```";
        let faults = missing_functions(&page(text), &[&code]);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_table_in_another_order_is_noticed() {
        let modules = ["a".to_owned(), "b".to_owned()];
        assert_eq!(wrong_order(&page("| `a.rs` | x |\n| `b.rs`, `b/c.rs` | y |\n"), &modules), None);
        for text in [
            "| `b.rs` | x |\n| `a.rs` | y |\n",
            "| `a.rs` | x |\n",
            "| `a.rs` | |\n| `b.rs` | |\n| `c.rs` | |",
        ] {
            assert!(wrong_order(&page(text), &modules).is_some(), "{text}");
        }
    }

    #[test]
    fn a_promise_without_its_test_is_noticed() {
        let source = source_of("#[test]\nfn it_holds() {}\n#[tokio::test]\nasync fn so_does_this() {}");
        let known = names_of_tests(std::iter::once(&source));
        let found = |text: &str| -> Vec<_> {
            unproven(&page(text), &known).into_iter().map(|fault| (fault.line, fault.what)).collect()
        };
        assert_eq!(
            found("# X\n\n- Given a, then b — `it_holds`,\n  `so_does_this`\n- Given c — `it_holds`\n"),
            []
        );
        assert_eq!(
            found("# X\n\n- Given a — `gone`\n\n`other`\n"),
            [(3, "there is no test `gone`".to_owned())]
        );
        assert_eq!(found("# X\n\n- Given a, when `it_holds`\n").len(), 1);
    }
}
