//! One error for the whole rig: whoever reads it must learn which part of the desktop did not come up.

use std::{io, path::Path, time::Duration};

/// What the rig's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a part of the private desktop did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program of the rig is not installed.
    #[error("`{program}` is not installed; `script/setup --test` installs it")]
    Missing {
        /// The program as it was called.
        program: String,
    },
    /// The operating system refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was attempted.
        doing: String,
        /// The refusal.
        source: io::Error,
    },
    /// Something awaited did not come in time.
    #[error("waited {limit:?} for {what}{last}")]
    Timeout {
        /// What was awaited.
        what: String,
        /// How long.
        limit: Duration,
        /// What was seen last, empty when there is nothing to tell.
        last: String,
    },
    /// A program ended, or failed, although it was needed.
    #[error("{program} failed: {detail}")]
    Failed {
        /// The program.
        program: String,
        /// Its last words.
        detail: String,
    },
    /// What a page shows is not what is awaited; a wait that ends quotes it.
    #[error("{0}")]
    NotYet(String),
    /// The session bus or a service on it answered with an error.
    #[error("{doing}: {source}")]
    Bus {
        /// What was attempted.
        doing: String,
        /// The answer.
        source: Box<zbus::Error>,
    },
    /// A WebDriver command failed.
    #[error("{doing}: {source}")]
    Page {
        /// What was attempted.
        doing: String,
        /// The driver's answer.
        source: Box<fantoccini::error::CmdError>,
    },
}

impl Error {
    /// Wraps an I/O error with what was attempted.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Wraps an I/O error with an action and the path it was done to.
    pub(crate) fn file(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{verb} {}", path.display()))
    }

    /// Wraps the error of a program that could not be started.
    pub(crate) fn start(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| {
            if source.kind() == io::ErrorKind::NotFound {
                Self::Missing { program }
            } else {
                Self::Io { doing: format!("start {program}"), source }
            }
        }
    }

    /// Wraps an error of the bus with what was attempted.
    pub(crate) fn bus(doing: impl Into<String>) -> impl FnOnce(zbus::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Bus { doing, source: Box::new(source) }
    }

    /// Wraps an error of WebDriver with what was attempted.
    pub(crate) fn page(doing: impl Into<String>) -> impl FnOnce(fantoccini::error::CmdError) -> Self {
        let doing = doing.into();
        move |source| Self::Page { doing, source: Box::new(source) }
    }

    /// Tells that a program ended or failed.
    pub(crate) fn failed(program: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Failed { program: program.into(), detail: detail.into() }
    }
}
