//! The API of a provider, as far as Latchkey calls it.

use serde::{Deserialize, Serialize};

use super::file::RateLimitScope;

/// Where the API is, and which of Latchkey's clients knows it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    /// What every path of it begins with, without a slash at the end.
    pub url: String,
    /// Which client knows it; absent where only the account is asked for.
    pub client: Option<ApiClient>,
    /// What the address of every picture begins with, where the client makes one.
    pub pictures_url: Option<String>,
    /// Whom a request of the API to wait concerns: one account, unless the provider says otherwise.
    #[serde(default)]
    pub rate_limit: RateLimitScope,
}

/// An API that Latchkey knows beyond the call that names the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ApiClient {
    /// Spotify's Web API.
    Spotify,
    /// Discord's API, version 10.
    Discord,
}
