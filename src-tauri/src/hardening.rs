//! Keeps the memory of this process, where tokens are in the clear, out of files and out of other programs.
//!
//! No protection against root, nor against a program that starts Latchkey itself: docs/security.md says what
//! is promised.

/// Forbids core dumps and, in a release, that another program of the same person reads this one's memory. A
/// debug build can be debugged. Where the system refuses, Latchkey works all the same.
pub(crate) fn shut_memory() {
    #[cfg(target_os = "linux")]
    {
        linux::forbid_core_dumps();
        if !cfg!(debug_assertions) {
            linux::forbid_reading();
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    pub(super) fn forbid_core_dumps() {
        if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
            tracing::warn!(%error, "core dumps could not be forbidden");
        }
    }

    pub(super) fn forbid_reading() {
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!(%error, "reading this program's memory could not be forbidden");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn no_core_is_written_and_nobody_reads_the_memory() {
        super::linux::forbid_core_dumps();
        super::linux::forbid_reading();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
