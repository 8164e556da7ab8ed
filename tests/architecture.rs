//! What no compiler checks of the architecture: directions, boundaries, sizes, and documents that tell the
//! truth.
//!
//! Each rule is a pure function from texts to faults, beside a test that plants a fault and sees it named. The
//! tests of this page hold the rules against the repository as it is.

#[path = "architecture/dependencies.rs"]
mod dependencies;
#[path = "architecture/documents.rs"]
mod documents;
#[path = "architecture/form.rs"]
mod form;
#[path = "architecture/order.rs"]
mod order;
#[path = "architecture/repository.rs"]
mod repository;
#[path = "architecture/rust.rs"]
mod rust;
#[path = "architecture/secrets.rs"]
mod secrets;

use repository::{Repository, hold};

#[test]
fn an_engine_module_uses_only_modules_below_it() {
    let repository = Repository::read();
    let modules = order::modules(repository.text(order::LIST));
    assert!(modules.len() > 20, "the list of {} was not understood: {modules:?}", order::LIST);
    let files = repository.below(order::FOLDER).filter(|file| file.path != order::LIST);
    hold(files.flat_map(|file| order::faults(&modules, file)));
}

#[test]
fn a_dependency_passes_only_where_it_belongs() {
    let repository = Repository::read();
    let manifests: Vec<_> = repository.named("Cargo.toml").map(dependencies::Manifest::read).collect();
    assert!(manifests.len() >= 7, "{} manifests were found", manifests.len());
    hold(manifests.iter().flat_map(dependencies::faults));
}

#[test]
fn nothing_that_leaves_the_engine_can_hold_a_secret() {
    let repository = Repository::read();
    hold(repository.below("crates/latchkey-protocol/src").flat_map(secrets::in_protocol));
}

#[test]
fn no_secret_of_the_engine_is_serializable() {
    let repository = Repository::read();
    let engine: Vec<_> = repository.below(order::FOLDER).collect();
    hold(secrets::unknown(&engine).into_iter().chain(engine.into_iter().flat_map(secrets::in_engine)));
}

#[test]
fn one_file_of_the_window_talks_to_tauri() {
    let repository = Repository::read();
    hold(repository.below("ui/src").flat_map(form::imports_of_tauri));
}

#[test]
fn files_are_short_and_say_why_they_exist() {
    let repository = Repository::read();
    hold(repository.all().flat_map(|file| form::too_long(file).into_iter().chain(form::no_header(file))));
}

#[test]
fn commands_are_adapters() {
    let repository = Repository::read();
    let commands = repository.file("src-tauri/src/commands.rs");
    assert!(commands.text.matches(form::COMMAND).count() > 10, "commands.rs was not understood");
    hold(form::long_commands(commands));
}

#[test]
fn documents_name_files_that_exist() {
    let repository = Repository::read();
    let paths = repository.paths();
    hold(repository.documents().flat_map(|page| documents::missing_files(page, &paths)));
}

#[test]
fn documents_name_functions_that_exist() {
    let repository = Repository::read();
    let code: Vec<_> =
        ["rs", "ts", "svelte"].iter().flat_map(|ending| repository.with_extension(ending)).collect();
    hold(repository.documents().flat_map(|page| documents::missing_functions(page, &code)));
}

#[test]
fn the_table_of_modules_is_the_list_of_modules() {
    let repository = Repository::read();
    let modules = order::modules(repository.text(order::LIST));
    hold(documents::wrong_order(repository.file("docs/architecture.md"), &modules));
}

#[test]
fn every_promised_behaviour_names_a_test_that_exists() {
    let repository = Repository::read();
    let tests = documents::names_of_tests(repository.with_extension("rs"));
    let page = repository.file("docs/behavior.md");
    assert!(documents::promises(page).len() > 20, "docs/behavior.md was not understood");
    hold(documents::unproven(page, &tests));
}
