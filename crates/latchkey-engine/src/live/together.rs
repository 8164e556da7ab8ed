//! Connections that end together: where a provider's revocation ends every sign-in of an account and a client id,
//! it ends those of other connections too.

use std::sync::Arc;

use super::{Parts, Slot};
use crate::connection::Connection;
use crate::provider::{Provider, RevocationEnds};

impl Parts {
    /// The connections that a revocation at `provider` ends for this client id and account. They are at providers
    /// of other files with the same revocation endpoint, or at this one.
    pub(crate) fn end_together(
        &self,
        provider: Option<&Provider>,
        client_id: &str,
        account_key: &str,
    ) -> Vec<Arc<Slot>> {
        let Some(provider) = provider else { return Vec::new() };
        match provider.file.grant.revocation_ends {
            RevocationEnds::Grant => return Vec::new(),
            RevocationEnds::Account => {}
        }
        let endpoint = revoked_at(provider);
        let ends = |known: &Connection| {
            let own = self.provider_of(known);
            own.is_some_and(|own| revoked_at(&own) == endpoint)
                && known.client_id == client_id
                && known.account.key == account_key
        };
        self.slots().into_iter().filter(|slot| slot.read(|state| ends(&state.connection))).collect()
    }
}

fn revoked_at(provider: &Provider) -> Option<&str> {
    provider.file.revocation.as_ref().map(|revocation| revocation.url.as_str())
}
