//! Hands Tauri the capabilities, and the list of commands that the window may be given.
//!
//! Without a declared list every local window may call every command.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    if let Err(error) = write_placeholder_page() {
        panic!("ui/dist: {error}");
    }
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().commands(latchkey_protocol::Operation::NAMES))
        .codegen(tauri_build::CodegenContext::new());
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("tauri-build: {error:#}");
    }
}

/// Cargo works on a fresh checkout, before the UI was built.
fn write_placeholder_page() -> std::io::Result<()> {
    let page = Path::new("ui/dist/index.html");
    if page.exists() {
        return Ok(());
    }
    std::fs::create_dir_all("ui/dist")?;
    std::fs::write(
        page,
        "<!doctype html><title>Latchkey</title><p>Build the UI first: npm --prefix ui run build</p>",
    )
}
