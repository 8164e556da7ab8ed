//! Hands Tauri the window's configuration.

fn main() {
    tauri_build::build();
}
