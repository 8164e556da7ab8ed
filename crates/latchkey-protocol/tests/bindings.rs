//! The committed TypeScript declarations are those of the Rust types.
//!
//! `script/types` runs this with `UPDATE_BINDINGS=1`, which writes the file instead of comparing it.
#![cfg(feature = "bindings")]

use std::path::Path;

#[test]
fn the_committed_typescript_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/api/bindings.ts");
    let fresh = latchkey_protocol::bindings::typescript();
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "{} is stale: run script/types", path.display());
}
