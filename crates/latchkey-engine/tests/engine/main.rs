//! The engine against the sandbox, with a clock moved by hand: one file per subject.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod journey;
mod support;
