//! The smallest window that the parts of the desktop shell can make: what of a start and of the memory is
//! theirs, and no work of ours can take away.

fn context() -> tauri::Context {
    tauri::generate_context!()
}

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(context())
}
