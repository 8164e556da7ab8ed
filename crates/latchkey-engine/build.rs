//! Checks the built-in provider files with the engine's own rules and embeds them.

use std::fmt::Write as _;
use std::path::Path;

#[path = "src/provider/api.rs"]
mod api;
#[path = "src/provider/file.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the build reads the same rules as the program and uses a part of them"
)]
mod file;
#[path = "src/provider/purpose.rs"]
mod purpose;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../providers");
    println!("cargo:rerun-if-changed={}", folder.display());
    for part in ["api.rs", "file.rs", "file", "purpose.rs"] {
        println!("cargo:rerun-if-changed=src/provider/{part}");
    }
    let mut list = "const BUILT_IN: &[(&str, &str)] = &[\n".to_owned();
    for path in provider_files(&folder) {
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Err(fault) = file::parse(&text) {
            panic!("{}:{}: {} {}", path.display(), fault.line.unwrap_or(0), fault.message, fault.remedy);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = path.canonicalize().unwrap_or(path);
        let _ = writeln!(list, "({name:?}, include_str!({:?})),", path.display().to_string());
    }
    list.push_str("];\n");
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    if let Err(error) = std::fs::write(Path::new(&out).join("built_in.rs"), list) {
        panic!("{out}: {error}");
    }
}

fn provider_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}
