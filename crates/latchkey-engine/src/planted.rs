//! Bugs that can be planted, so that the simulator can show that it would find them.
//!
//! A proof that has never failed proves nothing. Each of these is a mistake that somebody has made
//! somewhere; outside of tests every switch is the constant `false`.

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// No intent is written before the request leaves.
    NoIntent,
    /// Open intents are not taken up at the start.
    NoResume,
    /// What was spilled is never taken up.
    NoAdoption,
    /// What was spilled is taken up by the first refresh of a process only.
    AdoptionAtStartOnly,
    /// A full disk has no spill slot.
    NoSpill,
    /// Life is counted from the receipt of the answer.
    LifeFromReceipt,
    /// Life is measured on the wall clock.
    LifeOnWallClock,
    /// The scheduler trusts a timer across a suspend.
    TimerThroughSuspend,
    /// `invalid_client` ends the sign-in.
    ClientRefusedEnds,
    /// A 5xx ends the sign-in.
    FaultEnds,
    /// An HTML page ends the sign-in.
    PageEnds,
    /// An unreachable provider ends the sign-in.
    OfflineEnds,
    /// A request to wait ends the sign-in.
    ThrottleEnds,
    /// A locked keychain ends the sign-in.
    LockedEnds,
    /// The refresh runs in the future of the caller.
    InCallersFuture,
    /// Every caller starts a flight of its own.
    NoSingleFlight,
    /// An answer without a refresh token erases the one there was.
    AbsentErases,
    /// A late set after a disconnect is dropped instead of revoked.
    LateNotRevoked,
    /// A late set after a newer sign-in is revoked, and the newer grant with it.
    LateRevoked,
    /// The row is not read again under the lock.
    NoReload,
    /// There is no lock between processes.
    NoLock,
    /// The lock is given back before the commit.
    LockBeforeCommit,
    /// A refused token is tried again by the clock.
    RefusedAgain,
    /// An ambiguous attempt is not repeated.
    NoRepeat,
    /// An ambiguous attempt is repeated after a minute.
    LateRepeat,
    /// An ambiguous attempt is repeated while it is still on the wire.
    RepeatOnTheWire,
    /// The set is published before it is saved.
    PublishedBeforeCommit,
    /// A commit that fails drops the set.
    CommitErrorDrops,
    /// A write does not name its epoch and generation.
    NoVersion,
    /// After repeats without an answer the intent is closed.
    IntentClosed,
    /// Every refusal is told as a revocation.
    AmbiguityForgotten,
    /// A request to wait is not obeyed.
    ThrottleIgnored,
    /// The sealed row is erased before the keychain has the item.
    RowErasedFirst,
    /// The keychain item is read before the sealed row.
    ItemFirst,
    /// A flight that ended is never cleared.
    FlightStays,
    /// A token is lent whatever life it has left.
    DeadLent,
    /// A set that is not saved is lent as if it were.
    UnsavedUnmarked,
    /// Every call renews.
    RenewedEachCall,
}

#[cfg(feature = "testing")]
impl Planted {
    /// Those that the simulator must catch.
    pub const ALL: &[Self] = &[
        Self::NoIntent,
        Self::NoResume,
        Self::NoRepeat,
        Self::PublishedBeforeCommit,
        Self::LateNotRevoked,
        Self::LateRevoked,
        Self::IntentClosed,
        Self::NoAdoption,
        Self::AdoptionAtStartOnly,
        Self::NoSpill,
        Self::LifeFromReceipt,
        Self::LifeOnWallClock,
        Self::TimerThroughSuspend,
        Self::ClientRefusedEnds,
        Self::FaultEnds,
        Self::PageEnds,
        Self::OfflineEnds,
        Self::ThrottleEnds,
        Self::LockedEnds,
        Self::InCallersFuture,
        Self::NoSingleFlight,
        Self::AbsentErases,
        Self::NoReload,
        Self::NoLock,
        Self::LockBeforeCommit,
        Self::RefusedAgain,
        Self::LateRepeat,
        Self::RepeatOnTheWire,
        Self::CommitErrorDrops,
        Self::NoVersion,
        Self::AmbiguityForgotten,
        Self::ThrottleIgnored,
        Self::RowErasedFirst,
        Self::ItemFirst,
        Self::FlightStays,
        Self::DeadLent,
        Self::UnsavedUnmarked,
        Self::RenewedEachCall,
    ];
}

#[cfg(feature = "testing")]
mod switch {
    use std::cell::Cell;

    use crate::planted::Planted;

    thread_local! {
        static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    }

    /// Plants a bug in every engine of this thread, or takes it out.
    pub fn plant(bug: Option<Planted>) {
        PLANTED.set(bug);
    }

    /// Whether this bug is planted.
    pub(crate) fn planted(bug: Planted) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "testing")]
pub use switch::plant;
#[cfg(feature = "testing")]
pub(crate) use switch::planted;

/// Whether this bug is planted: never.
#[cfg(not(feature = "testing"))]
pub(crate) const fn planted(_: Planted) -> bool {
    false
}
