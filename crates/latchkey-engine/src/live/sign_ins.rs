//! The sign-ins under way, and where they are shown.

use std::sync::Arc;

use latchkey_protocol::{ConnectionId, EventBody, ProviderId, SignInId, SignInStage, SignInView, Timestamp};
use secrecy::SecretString;
use tokio::sync::Notify;

use super::{Parts, lock};
use crate::pending::PendingSignIn;
use crate::talk::Talk;

/// A sign-in under way, or one that ended and whose end is still shown.
#[derive(Clone)]
pub(crate) struct LiveSignIn {
    pub(crate) view: SignInView,
    /// Present until it ends.
    pub(crate) pending: Option<PendingSignIn>,
    /// What has been learnt of a sign-in that is led in the window; absent while an answer is being worked on.
    pub(crate) talk: Option<Talk>,
    /// Ends what serves it: the loopback listener.
    pub(crate) stop: Arc<Notify>,
}

impl LiveSignIn {
    /// Whether it waits for the person.
    pub(crate) fn waits(&self) -> bool {
        match self.view.stage {
            SignInStage::WaitingForBrowser | SignInStage::Asking { .. } => true,
            SignInStage::Finishing | SignInStage::Ended { .. } => false,
        }
    }

    /// Whether an answer with this state, arriving at `now`, is for it.
    pub(crate) fn waits_for(&self, state: &SecretString, now: Timestamp) -> bool {
        let waits = self.view.stage == SignInStage::WaitingForBrowser && now < self.view.expires_at;
        waits && self.pending.as_ref().is_some_and(|pending| pending.has_state(state))
    }
}

impl Parts {
    /// Works on the list of sign-ins.
    pub(crate) fn with_sign_ins<T>(&self, work: impl FnOnce(&mut Vec<LiveSignIn>) -> T) -> T {
        work(&mut lock(&self.sign_ins))
    }

    /// One sign-in.
    pub(crate) fn sign_in(&self, id: &SignInId) -> Option<LiveSignIn> {
        self.with_sign_ins(|sign_ins| sign_ins.iter().find(|live| &live.view.id == id).cloned())
    }

    pub(super) fn sign_in_on(&self, card: &SignInCard) -> Option<SignInView> {
        self.with_sign_ins(|sign_ins| {
            sign_ins.iter().find(|live| &SignInCard::of(&live.view) == card).map(|live| live.view.clone())
        })
    }

    /// Tells everybody how the card of a sign-in is.
    pub(crate) fn tell_card(&self, card: &SignInCard) {
        match card {
            SignInCard::Connection(id) => {
                if let Some(slot) = self.slot(id) {
                    self.tell(&slot);
                }
            }
            SignInCard::Provider(id) => {
                if let Some(provider) = self.catalog.provider(id) {
                    let provider = Box::new(self.view_of_provider(provider));
                    self.events.send(EventBody::ProviderChanged { provider });
                }
            }
        }
    }
}

/// Where a sign-in is shown: on the connection it renews, else on the provider. One at a time on each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignInCard {
    Connection(ConnectionId),
    Provider(ProviderId),
}

impl SignInCard {
    pub(crate) fn of(view: &SignInView) -> Self {
        match &view.connection {
            Some(id) => Self::Connection(id.clone()),
            None => Self::Provider(view.provider.clone()),
        }
    }
}
