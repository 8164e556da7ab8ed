//! What memory knows for pacing, for catching up and for the timeline.

use latchkey_protocol::{ActivityKind, FailureKind, Health, HealthChange, Timestamp};

use super::{Parts, Slot, SlotState};
use crate::clock::Boot;
use crate::connection::Connection;
use crate::http::host_of;
use crate::pacing::{Ask, Limited};
use crate::pocketbase::Address;
use crate::provider::{Api, Protocol, Provider};
use crate::store::ApiWait;

/// Requests to wait that are at least this long are written down, in milliseconds: a minute. Shorter ones are
/// over before anybody has started Latchkey again.
const KEPT_MS: i64 = 60_000;

impl Parts {
    /// An answer of `endpoint` with this `Date` came to a request that left at `sent`.
    pub(crate) async fn learn_time(&self, endpoint: &str, date: Option<Timestamp>, sent: Boot) {
        let Some(date) = date else { return };
        let host = host_of(endpoint);
        if let Some(minutes) = self.skew.learn(host, date, sent, self.clock.as_ref())
            && let Err(error) = self.store.keep_clock_offset(host, minutes).await
        {
            tracing::warn!(%error, "what a provider's clock shows was not written down");
        }
    }

    /// Where the account of a connection is, at a server that the person named.
    pub(crate) fn address_of(&self, connection: &Connection) -> Option<Address> {
        match self.catalog.provider(&connection.provider)?.file.protocol {
            Protocol::Oauth2 | Protocol::Oidc | Protocol::Oauth1 => None,
            Protocol::Pocketbase => Address::from_key(&connection.account.key),
        }
    }

    /// What the gate is told of a connection that wants to ask its token endpoint.
    pub(crate) fn ask(&self, connection: &Connection) -> Ask {
        let provider = self.provider_of(connection);
        let file = provider.as_ref().map(|provider| &provider.file);
        Ask {
            who: connection.id.clone(),
            endpoint: file.map(|file| file.token.url.clone()).unwrap_or_default(),
            client_id: connection.client_id.clone(),
            account: connection.account.key.clone(),
            scope: file.map(|file| file.refresh.rate_limit).unwrap_or_default(),
        }
    }

    /// The same of one that wants to call the provider's API.
    pub(crate) fn ask_api(connection: &Connection, api: &Api) -> Ask {
        Ask {
            who: connection.id.clone(),
            endpoint: api.url.clone(),
            client_id: connection.client_id.clone(),
            account: connection.account.key.clone(),
            scope: api.rate_limit,
        }
    }

    /// The API of a connection's provider asked to be left alone for so many milliseconds, in answer to whatever. It
    /// is, by this process and the next; where the file names no API, nothing is remembered.
    pub(crate) async fn leave_api_alone(&self, slot: &Slot, provider: &Provider, wait_ms: i64) -> Timestamp {
        let until = self.now().plus(wait_ms);
        if let Some(api) = &provider.file.api {
            let ask = Self::ask_api(&slot.connection(), api);
            self.gate.limit(&ask, self.clock.boot().plus(wait_ms));
            self.tell(slot);
            self.keep_api_wait(slot, &ask, None, until).await;
        }
        until
    }

    /// Writes a request to wait down for the next process, where it is long.
    pub(crate) async fn keep_api_wait(
        &self,
        slot: &Slot,
        ask: &Ask,
        route: Option<String>,
        until: Timestamp,
    ) {
        if until.0.saturating_sub(self.now().0) < KEPT_MS {
            return;
        }
        let Limited { endpoint, client_id, account } = Limited::from(ask);
        // A bucket is the account's own, whomever the rest of the API counts together.
        let account = if route.is_some() { Some(ask.account.clone()) } else { account };
        let wait = ApiWait { api: endpoint, client_id, account, route, until };
        if let Err(error) = self.store.keep_api_wait(&slot.id, wait, self.now()).await {
            tracing::warn!(connection.id = %slot.id, %error, "a request to wait will not survive a restart");
        }
    }

    /// Until when the API of a connection's provider asked to be left alone.
    pub(crate) fn api_waits_until(&self, connection: &Connection) -> Option<Timestamp> {
        let provider = self.provider_of(connection)?;
        let api = provider.file.api.as_ref()?;
        let boot = self.clock.boot();
        let until = self.gate.limited_until(&Self::ask_api(connection, api), boot)?;
        Some(self.now().plus(until.0.saturating_sub(boot.0)))
    }
}

impl SlotState {
    /// When the access token ends; `None` where the provider does not say.
    pub(crate) fn access_ends(&self) -> Option<Boot> {
        self.expires
    }

    /// A sleep is over or the network is back: what was held back goes at `at`, and where the provider was
    /// `reached`, a backoff for want of a network is cut short.
    pub(crate) fn come_back(&mut self, at: Boot, reached: bool) {
        self.resting_until = Some(at);
        let failure = self.connection.track.last_failure.as_ref();
        if reached && failure.is_some_and(|failure| failure.kind == FailureKind::Network) {
            self.next_try = self.next_try.map(|next_try| next_try.min(at));
        }
    }

    /// Keeps a change of health for the timeline. That a refresh is under way is none.
    pub(super) fn note_health(&mut self, health: &Health, at: Timestamp) {
        let (grant, activity) = (health.grant.kind(), health.activity.kind());
        let change = HealthChange { at, severity: health.severity, grant, activity };
        let as_before = self.told.as_ref().is_some_and(|told| {
            (told.severity, told.grant.kind(), told.activity.kind()) == (change.severity, grant, activity)
        });
        if !as_before && activity != ActivityKind::Refreshing {
            self.unrecorded.push(change);
        }
    }

    /// Hands over what is to be written down.
    pub(crate) fn take_unrecorded(&mut self) -> Vec<HealthChange> {
        std::mem::take(&mut self.unrecorded)
    }
}
