//! How a connection is, for whoever looks at it.

use latchkey_protocol::{ConnectionView, Health, RestingPlace, SealedReason, Timestamp};

use super::{Parts, SignInCard, Slot, SlotState};
use crate::choices::called;
use crate::connection::Connection;
use crate::health::{Moment, health};
use crate::http::host_of;
use crate::view;

impl Parts {
    /// How a connection is.
    pub(crate) fn view_of(&self, slot: &Slot) -> ConnectionView {
        let sign_in = self.sign_in_on(&SignInCard::Connection(slot.id.clone()));
        let now = self.now();
        slot.read(|state| {
            let provider = self.provider_of(&state.connection);
            let moment = self.moment_of(state, now);
            view::connection(&state.connection, &state.choices, &moment, sign_in, provider.as_deref(), now)
        })
    }

    /// How a connection is named to people who may have several: by alias and account.
    pub(crate) fn called(&self, connection: &Connection) -> String {
        let alias = self.slot(&connection.id).and_then(|slot| slot.read(|state| state.choices.alias.clone()));
        called(alias.as_deref(), &connection.account.name)
    }

    pub(super) fn health_of(&self, state: &SlotState, now: Timestamp) -> Health {
        health(&state.connection, &self.moment_of(state, now), now)
    }

    fn moment_of(&self, state: &SlotState, now: Timestamp) -> Moment {
        let provider = self.provider_of(&state.connection);
        let endpoint = provider.as_ref().map(|provider| host_of(&provider.file.token.url));
        let clock_ahead_ms = endpoint.and_then(|host| self.skew.wrong_by(host, self.clock.as_ref()));
        let api_waits_until = self.api_waits_until(&state.connection);
        let moment = Moment { clock_ahead_ms, api_waits_until, ..state.moment(self.clock.boot(), now) };
        if self.vault.wants_to_move(RestingPlace::Sealed) {
            return moment;
        }
        Moment { unsettled: Some(SealedReason::ByChoice), ..moment }
    }
}
