//! Where messages go: standard error, filtered by `LATCHKEY_LOG`. What may stand in them is in
//! `docs/logging.md`: never a link, a token or a name.

use tracing_subscriber::EnvFilter;

/// Starts logging. A second start, as in tests, changes nothing.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("LATCHKEY_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,latchkey_engine=info,latchkey_desktop=info"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
