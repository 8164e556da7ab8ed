//! What a file says of the client that Latchkey is to a provider (RFC 6749 2).

use serde::{Deserialize, Serialize};

/// The client registration.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// A client id that everybody may use; absent where each person brings one.
    pub id: Option<String>,
    /// The page where applications are registered.
    pub register_url: Option<String>,
    /// What to do there, each step one sentence.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Whether a client of this kind has a secret.
    #[serde(default)]
    pub secret: SecretNeed,
    /// How the client names itself at the token endpoint, best first. Absent: by its id alone where it has no
    /// secret, in the body where it has one.
    #[serde(default)]
    pub authentication: Vec<ClientAuthentication>,
    /// What the client id is called; "client_id" unless the provider says otherwise.
    #[serde(default = "client_id")]
    pub id_parameter: String,
    /// What the client secret is called; "client_secret" unless the provider says otherwise.
    #[serde(default = "client_secret")]
    pub secret_parameter: String,
    /// Where Latchkey registers itself at the first sign-in.
    pub registration: Option<Registration>,
}

fn client_id() -> String {
    "client_id".to_owned()
}

fn client_secret() -> String {
    "client_secret".to_owned()
}

/// Whether a client has a secret (RFC 6749 2.1). A native app is public wherever the provider permits it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SecretNeed {
    /// None, and none is asked for.
    #[default]
    None,
    /// It works without; one that the person has is used.
    Optional,
    /// The token endpoint asks for one.
    Required,
}

/// How a client proves at the token endpoint that it is the one (RFC 6749 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientAuthentication {
    /// It has no secret and names its id.
    None,
    /// Id and secret in an `Authorization: Basic` header; without a secret, an empty one.
    Basic,
    /// Id and secret in the body.
    Post,
}

/// Registration at run time.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// Where to send the request.
    pub url: String,
    /// In which form.
    #[serde(default)]
    pub style: RegistrationStyle,
}

/// The form of a registration request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RegistrationStyle {
    /// JSON (RFC 7591 3.1).
    #[default]
    Rfc7591,
    /// A form with `client_name`, `redirect_uris` and `scopes`, as Mastodon has it.
    Mastodon,
}

impl Client {
    /// How a client with or without a secret proves itself, by the file's own order.
    pub(crate) fn authentication_with(&self, secret: bool) -> ClientAuthentication {
        let fits = |way: &&ClientAuthentication| (**way == ClientAuthentication::None) != secret;
        let empty = self.secret == SecretNeed::None && self.authentication == [ClientAuthentication::Basic];
        let usual = match (secret, empty) {
            (true, _) => ClientAuthentication::Post,
            (false, true) => ClientAuthentication::Basic,
            (false, false) => ClientAuthentication::None,
        };
        self.authentication.iter().find(fits).copied().unwrap_or(usual)
    }
}
