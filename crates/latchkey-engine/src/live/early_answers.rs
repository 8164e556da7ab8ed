//! Answers that arrive before the key does: a link may start the program, and the sign-in it is for rests sealed
//! under a key that the person still has to make available.

use std::sync::{Mutex, PoisonError};

use crate::callback::AuthorizationResponse;

/// The most answers that are kept for sealed sign-ins: anybody may send one.
const MOST_EARLY: usize = 4;

/// Answers that came before the key for their sign-ins was at hand.
#[derive(Default)]
pub(crate) struct EarlyAnswers(Mutex<Early>);

#[derive(Default)]
struct Early {
    /// Whether sign-ins wait under a key that is not at hand.
    waiting: bool,
    answers: Vec<AuthorizationResponse>,
}

impl EarlyAnswers {
    fn with<T>(&self, work: impl FnOnce(&mut Early) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A sign-in could not be opened; `may_pass` where its key may come.
    pub(crate) fn sealed(&self, may_pass: bool) {
        self.with(|early| early.waiting |= may_pass);
    }

    pub(crate) fn opening(&self) {
        self.with(|early| early.waiting = false);
    }

    /// Whether sign-ins wait under a key that is not at hand.
    pub(crate) fn wait(&self) -> bool {
        self.with(|early| early.waiting)
    }

    pub(crate) fn keep(&self, response: AuthorizationResponse) {
        self.with(|early| {
            early.answers.truncate(MOST_EARLY - 1);
            early.answers.push(response);
        });
    }

    pub(crate) fn take(&self) -> Vec<AuthorizationResponse> {
        self.with(|early| std::mem::take(&mut early.answers))
    }
}
