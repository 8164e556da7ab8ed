//! What a provider is, and which providers there are.

pub(crate) mod api;
mod asking;
pub(crate) mod catalog;
mod discovered;
pub(crate) mod file;
pub(crate) mod purpose;

pub(crate) use api::{Api, ApiClient};
pub(crate) use catalog::{Catalog, CatalogNotice};
pub(crate) use file::{Protocol, ProviderFile, RateLimitScope, RedirectKind, RevocationEnds};
pub(crate) use purpose::Purpose;

use latchkey_protocol::{ProviderId, Timestamp};

use crate::connection::{Access, Values};
use crate::person::Person;

/// A provider, read and checked: every URL parses, every pointer points.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    /// Its id, which is also its connection context in redirect URIs.
    pub id: ProviderId,
    /// What its file says, checked.
    pub file: ProviderFile,
}

impl Api {
    /// The person whom an answer of the identity call describes, where Latchkey keeps more than their name.
    pub(crate) fn person(&self, body: &serde_json::Value) -> Option<Person> {
        match self.client? {
            ApiClient::Discord => Person::read(body, self.pictures_url.as_deref()?),
            ApiClient::Spotify => None,
        }
    }
}

impl Provider {
    /// The environment variable that may name the client id: `LATCHKEY_SPOTIFY_CLIENT_ID`.
    pub(crate) fn client_id_variable(&self) -> String {
        let name = self.id.as_str().to_ascii_uppercase().replace('-', "_");
        format!("LATCHKEY_{name}_CLIENT_ID")
    }

    /// The environment variable that may name the client secret: `LATCHKEY_SPOTIFY_CLIENT_SECRET`.
    pub(crate) fn client_secret_variable(&self) -> String {
        let name = self.id.as_str().to_ascii_uppercase().replace('-', "_");
        format!("LATCHKEY_{name}_CLIENT_SECRET")
    }

    /// The provider with `values` in the place of their names.
    pub(crate) fn filled(&self, values: &Values) -> Self {
        Self { id: self.id.clone(), file: self.file.filled(values) }
    }

    /// How long before its end access is renewed, in milliseconds, for access that lives `life` ms:
    /// five minutes unless the file says otherwise, and never more than half the life.
    pub(crate) fn buffer_ms(&self, life: i64) -> i64 {
        let wanted = i64::from(self.file.refresh.buffer_seconds) * 1000;
        wanted.min(life / 2).max(0)
    }

    /// Milliseconds from the authorization to the end of the grant, where the provider sets one.
    pub(crate) fn grant_life_ms(&self) -> Option<i64> {
        self.file.grant.life_days.map(|days| i64::from(days) * 86_400_000)
    }

    /// Whether a refresh token that was sent may be gone, whatever came back.
    pub(crate) fn spends_refresh_tokens(&self) -> bool {
        match self.file.protocol {
            Protocol::Oauth2 | Protocol::Oidc | Protocol::Oauth1 => true,
            Protocol::Pocketbase => false,
        }
    }

    /// Whether the file allows this way back from the browser.
    pub(crate) fn allows(&self, kind: RedirectKind) -> bool {
        self.file.authorization.redirects.contains(&kind)
    }
}

/// Life assumed where the provider does not say: one hour, in milliseconds (R37).
const ASSUMED_LIFE_MS: i64 = 3_600_000;
/// Access is renewed at least daily, whatever life the provider claims (F18).
const LONGEST_PLAN_MS: i64 = 86_400_000;

impl Provider {
    /// When access is renewed by itself; `None` where it cannot be.
    pub(crate) fn renewal_at(&self, access: &Access) -> Option<Timestamp> {
        let token = &self.file.token;
        if access.expires_at.is_none() && token.endless {
            return None;
        }
        let assumed = token.assumed_life_seconds.map_or(ASSUMED_LIFE_MS, |life| i64::from(life) * 1000);
        let life = access.expires_at.map_or(assumed, |at| at.0.saturating_sub(access.obtained_at.0));
        let wait = (life - self.buffer_ms(life)).clamp(0, LONGEST_PLAN_MS);
        access.renewable.then(|| access.obtained_at.plus(wait))
    }
}
