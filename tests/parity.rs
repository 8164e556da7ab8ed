//! The lists that no compiler compares: every operation has its permission, its command and its method in the
//! window; and what `tauri.conf.json` says is what the code says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use latchkey_engine::SCHEME;
use latchkey_protocol::Operation;
use serde_json::{Value, json};

/// Where the window may load from, and whom it may call. Anything else is a hole in the wall.
const SOURCES: [&str; 5] = ["'none'", "'self'", "data:", "ipc:", "http://ipc.localhost"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Compares a list with the operations, and says which file to change.
#[track_caller]
fn same(file: &str, found: &BTreeSet<String>, form: impl Fn(&str) -> String) {
    let wanted: BTreeSet<String> = Operation::NAMES.iter().map(|name| form(name)).collect();
    let missing: Vec<_> = wanted.difference(found).collect();
    let surplus: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{file} differs from the list in crates/latchkey-protocol/src/operation.rs.\n\
         Add to {file}: {missing:?}\nRemove from {file}: {surplus:?}"
    );
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_uppercase() + rest
    })
}

/// The name that follows the first `mark`.
fn name_after(text: &str, mark: &str) -> String {
    let rest = text.split_once(mark).unwrap_or_else(|| panic!("there is no `{mark}`")).1;
    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The keys of an object of functions, or of an interface: what begins an indented line and is called.
fn methods(text: &str, opening: &str, ends: [&str; 2]) -> BTreeSet<String> {
    let body = text.split_once(opening).unwrap_or_else(|| panic!("there is no `{opening}`")).1;
    let body = body.split_once("\n}").map_or(body, |(body, _)| body);
    let name = |line: &str| {
        let line = line.trim_start();
        let end = ends.iter().filter_map(|end| line.find(end)).min()?;
        let name = &line[..end];
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| name.to_owned())
    };
    body.lines().filter_map(name).collect()
}

#[test]
fn the_window_is_permitted_every_operation_and_nothing_else() {
    let file = "src-tauri/capabilities/main.json";
    let capability = json(file);
    let permissions = capability["permissions"].as_array().unwrap();
    let found: BTreeSet<String> = permissions.iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    assert_eq!(found.len(), permissions.len(), "{file} names a permission twice");
    same(file, &found, |name| format!("allow-{}", name.replace('_', "-")));
    assert_eq!(capability["windows"], json!(["main"]), "{file}: one window, by name");
    for key in ["webviews", "remote", "platforms"] {
        assert_eq!(capability[key], Value::Null, "{file}: `{key}` would widen or split the surface");
    }
    let files = std::fs::read_dir(path("src-tauri/capabilities")).unwrap().count();
    assert_eq!(files, 1, "src-tauri/capabilities: another file would grant what this test does not see");
}

#[test]
fn every_operation_is_a_command() {
    let file = "src-tauri/src/commands.rs";
    let code = text(file);
    let items = code.split("#[tauri::command]").skip(1).map(|item| name_after(item, "fn "));
    let found: BTreeSet<String> = items.collect();
    same(file, &found, str::to_owned);
}

#[test]
fn every_operation_is_a_method_of_the_window() {
    let backend = "ui/src/lib/api/backend.ts";
    same(backend, &methods(&text(backend), "export interface Backend {", ["(", "("]), camel);
    let door = "ui/src/lib/api/tauri.ts";
    same(door, &methods(&text(door), "return {", [":", ","]), camel);
    let called = text(door).split("=> call").skip(1).map(|rest| name_after(rest, "('")).collect();
    same(door, &called, str::to_owned);
}

#[test]
fn the_configured_names_are_those_of_the_code() {
    let config = json("tauri.conf.json");
    let schemes = &config["plugins"]["deep-link"]["desktop"]["schemes"];
    assert_eq!(
        *schemes,
        json!([SCHEME]),
        "tauri.conf.json registers another scheme than latchkey_engine::SCHEME"
    );
    let start = text("src-tauri/src/start.rs");
    let service = start.split("KEYCHAIN_SERVICE: &str = \"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(
        config["identifier"].as_str(),
        service,
        "the identifier of tauri.conf.json names the folders, KEYCHAIN_SERVICE the items: a backup needs both alike"
    );
    assert_eq!(config["version"].as_str(), Some(env!("CARGO_PKG_VERSION")), "tauri.conf.json: version");
}

#[test]
fn the_window_is_shut_in() {
    let app = &json("tauri.conf.json")["app"];
    let windows = app["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1, "tauri.conf.json: one window");
    assert_eq!(windows[0]["label"], "main", "the capability knows the window by this label");
    assert_eq!(windows[0]["create"], false, "the shell makes the window, with its guards against navigation");
    assert_eq!(
        app["withGlobalTauri"], false,
        "a global would be a second door beside ui/src/lib/api/tauri.ts"
    );
    let security = app["security"].as_object().unwrap();
    let known: Vec<_> = security.keys().map(String::as_str).collect();
    assert_eq!(
        known,
        ["csp", "freezePrototype"],
        "tauri.conf.json: a further key of `security` needs a reason"
    );
    assert_eq!(security["freezePrototype"], true);
    for directive in security["csp"].as_str().unwrap().split(';') {
        let mut words = directive.split_whitespace();
        let name = words.next().unwrap();
        for source in words {
            assert!(SOURCES.contains(&source), "tauri.conf.json, csp: `{name}` allows {source}");
        }
    }
    assert!(security["csp"].as_str().unwrap().starts_with("default-src 'none';"));
}

#[test]
fn the_example_of_an_environment_has_every_variable_of_the_documents() {
    let variable =
        |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let document = text("docs/configuration.md");
    let rows = document
        .lines()
        .take_while(|line| !line.starts_with("| File"))
        .filter(|line| line.starts_with("| `"));
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`'));
    let documented: BTreeSet<_> = names.filter(variable).collect();
    let example = text(".env.example");
    let lines = example.lines().filter_map(|line| line.strip_prefix("# ")?.split_once('='));
    let example: BTreeSet<_> = lines.map(|(name, _)| name).filter(variable).collect();
    let of_a_provider = |name: &&&str| name.contains("_CLIENT_");
    let beyond: Vec<_> = example.difference(&documented).filter(|name| !of_a_provider(name)).collect();
    let not_set_by_people = ["DISPLAY", "WAYLAND_DISPLAY"];
    let missing: Vec<_> =
        documented.difference(&example).filter(|name| !not_set_by_people.contains(*name)).collect();
    assert!(
        beyond.is_empty() && missing.is_empty(),
        "undocumented: {beyond:?}, not in the example: {missing:?}"
    );
}
