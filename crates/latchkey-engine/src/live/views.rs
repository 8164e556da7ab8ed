//! What everybody may see of what memory knows.

use latchkey_protocol::{ConnectionView, Health, ProviderView, RestingPlace, SealedReason, Timestamp};

use super::{Parts, SignInCard, Slot, SlotState};
use crate::health::{Moment, health};
use crate::http::host_of;
use crate::provider::Provider;
use crate::view;

impl Parts {
    /// How a connection is.
    pub(crate) fn view_of(&self, slot: &Slot) -> ConnectionView {
        let sign_in = self.sign_in_on(&SignInCard::Connection(slot.id.clone()));
        let now = self.now();
        slot.read(|state| {
            let provider = self.provider_of(&state.connection);
            view::connection(&state.connection, &self.moment_of(state, now), sign_in, provider, now)
        })
    }

    pub(super) fn health_of(&self, state: &SlotState, now: Timestamp) -> Health {
        health(&state.connection, &self.moment_of(state, now), now)
    }

    fn moment_of(&self, state: &SlotState, now: Timestamp) -> Moment {
        let provider = self.provider_of(&state.connection);
        let endpoint = provider.map(|provider| host_of(&provider.file.authorization.token_url));
        let clock_ahead_ms = endpoint.and_then(|host| self.skew.wrong_by(host, self.clock.as_ref()));
        let api_waits_until = self.api_waits_until(&state.connection);
        let moment = Moment { clock_ahead_ms, api_waits_until, ..state.moment(self.clock.boot(), now) };
        if self.vault.wants_to_move(RestingPlace::Sealed) {
            return moment;
        }
        Moment { unsettled: Some(SealedReason::ByChoice), ..moment }
    }

    /// How a provider is.
    pub(crate) fn view_of_provider(&self, provider: &Provider) -> ProviderView {
        let sign_in = self.sign_in_on(&SignInCard::Provider(provider.id.clone()));
        view::provider(provider, self.client_id_source(provider), sign_in)
    }
}
