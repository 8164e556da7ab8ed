//! Tokens as they are shown: alone, or with proofs of the key that they are bound to.

use std::sync::Arc;

use latchkey_oidc::DpopKey;
use secrecy::SecretString;

use super::Parts;
use crate::credential::TokenSet;
use crate::dpop::{Holder, Shown};

impl Parts {
    /// Who proves possession of `key`, where there is one.
    pub(crate) fn holder<'p>(&'p self, key: Option<&'p Arc<DpopKey>>) -> Option<Holder<'p>> {
        Some(Holder {
            key: key?,
            nonces: &self.nonces,
            skew: &self.skew,
            clock: self.clock.as_ref(),
            entropy: &self.entropy,
        })
    }

    /// The access token of a set, for an API.
    pub(crate) fn shown<'p>(&'p self, set: &'p TokenSet) -> Shown<'p> {
        self.shown_with(&set.access, set.key.as_ref())
    }

    /// An access token for an API, with the key that it is bound to, where it is.
    pub(crate) fn shown_with<'p>(
        &'p self,
        token: &'p SecretString,
        key: Option<&'p Arc<DpopKey>>,
    ) -> Shown<'p> {
        Shown { token, holder: self.holder(key) }
    }
}
