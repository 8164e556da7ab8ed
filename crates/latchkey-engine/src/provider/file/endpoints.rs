//! What a file says of a provider's endpoints, and of every habit in which they differ from the standard.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The authorization endpoint (RFC 6749 4.1.1, RFC 7636).
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorization {
    /// Where the browser goes.
    pub url: String,
    /// Where the request may be pushed first (RFC 9126).
    pub par_url: Option<String>,
    /// Whether every request is pushed there, so that the browser carries none of it (RFC 9126 5).
    #[serde(default)]
    pub par_required: bool,
    /// Whether what is granted is bound to a key of each sign-in (RFC 9449). Access is then shown as "DPoP",
    /// whatever `authentication` says elsewhere.
    #[serde(default)]
    pub dpop: bool,
    /// Ways back from the browser, best first.
    pub redirects: Vec<RedirectKind>,
    /// The one port of a loopback redirect, for a provider that compares it too; else any port.
    pub loopback_port: Option<u16>,
    /// The scopes to ask for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What stands between two scopes, in requests and in answers.
    #[serde(default = "space")]
    pub scope_separator: String,
    /// What the scopes are called; "scope" unless the provider says otherwise.
    #[serde(default = "scope")]
    pub scope_parameter: String,
    /// What each scope means, in words a person agrees to.
    #[serde(default)]
    pub scope_words: BTreeMap<String, String>,
    /// Whether the provider knows code challenges.
    #[serde(default)]
    pub pkce: Pkce,
    /// How the challenge is made from the verifier.
    #[serde(default)]
    pub challenge: Challenge,
    /// Further parameters of the authorization request.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The issuer; when present, an `iss` in the answer must equal it (RFC 9207 2.4).
    pub issuer: Option<String>,
    /// Whether the provider promises an `iss` in each answer (RFC 9207 3).
    #[serde(default)]
    pub issuer_in_answer: bool,
    /// What is asked of the issuer's discovery document. Absent: its keys, where the protocol is "oidc" and there
    /// is an issuer; else nothing.
    pub discovery: Option<Discovery>,
}

/// What is asked of an issuer's discovery document (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Discovery {
    /// Nothing: ID tokens are not verified.
    None,
    /// Where its keys are, with which ID tokens are verified.
    Keys,
    /// The same, and at each sign-in its endpoints, by their names in braces.
    Endpoints,
}

fn space() -> String {
    " ".to_owned()
}

fn scope() -> String {
    "scope".to_owned()
}

/// A way back from the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RedirectKind {
    /// A private-use URI scheme (RFC 8252 7.1).
    DeepLink,
    /// A port on a loopback literal (RFC 8252 7.3).
    Loopback,
}

/// Whether a provider knows code challenges (RFC 7636).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pkce {
    /// A sign-in without one is refused.
    #[default]
    Required,
    /// It takes one.
    Supported,
    /// It refuses or breaks on one. None is sent; `state` alone ties the answer to the request.
    Unsupported,
}

/// How a code challenge is made (RFC 7636 4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Challenge {
    /// SHA-256 in base64url.
    #[default]
    S256,
    /// The verifier itself.
    Plain,
    /// SHA-256 in hexadecimal, under the name of S256.
    S256Hex,
}

/// The token endpoint (RFC 6749 3.2), and what its answers look like.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// Where codes and refresh tokens are exchanged.
    pub url: String,
    /// Where refresh tokens are exchanged, if that is another place.
    pub refresh_url: Option<String>,
    /// How a request is written.
    #[serde(default)]
    pub body: TokenBody,
    /// Further parameters of every token request.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// What an answer may be.
    #[serde(default)]
    pub answer: TokenAnswerForm,
    /// JSON Pointer to the object in which the tokens are, if that is not the whole answer.
    pub pointer: Option<String>,
    /// JSON Pointer to the error code, if that is not "/error". 0, "0", "ok" and "success" are no error.
    pub error_pointer: Option<String>,
    /// The provider's own error codes, and what RFC 6749 5.2 calls them. One that is not listed ends nothing.
    #[serde(default)]
    pub errors: BTreeMap<String, TokenError>,
    /// JSON Pointer to the life in seconds, if that is not "/expires_in".
    pub expires_in_pointer: Option<String>,
    /// JSON Pointer to the moment at which access ends, in seconds since 1970.
    pub expires_at_pointer: Option<String>,
    /// Seconds after which access is renewed where the answer names no life.
    pub assumed_life_seconds: Option<u32>,
    /// Whether access for which the answer names no life does not end.
    #[serde(default)]
    pub endless: bool,
    /// Whether `token_type` says something else than the kind of token.
    #[serde(default)]
    pub any_type: bool,
}

/// How a token request is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenBody {
    /// As a form (RFC 6749 4.1.3).
    #[default]
    Form,
    /// As a JSON object.
    Json,
}

/// What a token answer may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TokenAnswerForm {
    /// A JSON object (RFC 6749 5.1).
    #[default]
    Json,
    /// A JSON object or a form.
    Form,
}

/// What an error of a token endpoint means (RFC 6749 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenError {
    /// The grant is over: the person signs in again.
    InvalidGrant,
    /// The client is not accepted.
    InvalidClient,
    /// The request is not accepted.
    InvalidRequest,
    /// It may pass.
    TemporarilyUnavailable,
}

impl TokenError {
    /// As RFC 6749 writes it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest => "invalid_request",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// The call that names the account. Each field is a list of JSON Pointers (RFC 6901), first match wins.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// Where it goes. Absent where there is no such call: then the pointers lead into the token answer.
    pub url: Option<String>,
    /// By which method.
    #[serde(default)]
    pub method: Method,
    /// How the access token is shown.
    #[serde(default)]
    pub authentication: Presentation,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body of a POST: JSON if it begins with a brace, else a form.
    pub body: Option<String>,
    /// The immutable key.
    pub key: Vec<String>,
    /// The name to show.
    pub name: Vec<String>,
    /// The picture's URL.
    #[serde(default)]
    pub picture: Vec<String>,
    /// JSON Pointer to an error code, for a provider that refuses with status 200.
    pub error_pointer: Option<String>,
    /// The codes there that say that the access token is dead.
    #[serde(default)]
    pub refused: Vec<String>,
}

/// A method of HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Method {
    /// GET
    #[default]
    #[serde(rename = "GET")]
    Get,
    /// POST
    #[serde(rename = "POST")]
    Post,
}

/// How an access token is shown: "bearer", "scheme:OAuth", "query:access_token" or "header:X-Access-Token".
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Presentation {
    /// `Authorization: Bearer` (RFC 6750 2.1).
    #[default]
    Bearer,
    /// `Authorization` with another word.
    Scheme(String),
    /// A parameter of the URL (RFC 6750 2.3).
    Query(String),
    /// A header of its own.
    Header(String),
}

#[cfg(test)]
impl schemars::JsonSchema for Presentation {
    fn schema_name() -> String {
        "Presentation".to_owned()
    }

    fn json_schema(generator: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        String::json_schema(generator)
    }
}

impl TryFrom<String> for Presentation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let word = |name: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            (!name.is_empty() && name.bytes().all(fits)).then(|| name.to_owned())
        };
        let known = match text.split_once(':') {
            None if text == "bearer" => Some(Self::Bearer),
            Some(("scheme", name)) => word(name).map(Self::Scheme),
            Some(("query", name)) => word(name).map(Self::Query),
            Some(("header", name)) => word(name).map(Self::Header),
            None | Some(_) => None,
        };
        known.ok_or_else(|| {
            format!("\"{}\" is neither bearer nor scheme:…, query:… or header:…", text.escape_debug())
        })
    }
}

impl From<Presentation> for String {
    fn from(presentation: Presentation) -> Self {
        match presentation {
            Presentation::Bearer => "bearer".to_owned(),
            Presentation::Scheme(name) => format!("scheme:{name}"),
            Presentation::Query(name) => format!("query:{name}"),
            Presentation::Header(name) => format!("header:{name}"),
        }
    }
}

/// Where and how tokens are revoked.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Revocation {
    /// Where.
    pub url: String,
    /// How.
    #[serde(default)]
    pub style: RevocationStyle,
    /// Further parameters of the request.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// What a revocation request looks like. All but the first reach the access token, or the grant by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RevocationStyle {
    /// A form with `token` and `token_type_hint` (RFC 7009 2.1), the refresh token first.
    #[default]
    Rfc7009,
    /// DELETE with the client as Basic and JSON `{"access_token"}`.
    DeleteJsonBasic,
    /// DELETE with the access token as bearer.
    DeleteBearer,
    /// POST with the access token as bearer and no body.
    PostBearer,
    /// POST of a form with `token`, the same token as bearer.
    FormBearer,
    /// POST of a form with `access_token`.
    FormAccess,
    /// POST of JSON `{"access_token"}`.
    JsonAccess,
    /// POST of JSON `{"token"}` with the client as Basic; the refresh token where there is one.
    JsonBasic,
    /// POST of JSON `{"token", "client_id", "client_secret"}`.
    JsonClient,
    /// POST of JSON `{"accessToken", "clientId", "clientSecret"}`.
    JsonCamel,
    /// POST of JSON `{"client_id", "access_token"}` with `Authorization: Client <secret>`.
    JsonClientHeader,
    /// POST of a form with `client_id` and the parameters, the client secret as bearer.
    FormClientBearer,
}

/// The device flow (RFC 8628): a code that is typed on another device.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    /// Where a device asks for its code.
    pub url: String,
    /// What the scopes are called there.
    #[serde(default = "scope")]
    pub scope_parameter: String,
}

/// A call that the provider wants from everybody who holds a token of its own.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Validation {
    /// Where.
    pub url: String,
    /// How often; the first time at the start.
    pub every_seconds: u32,
    /// How the access token is shown.
    #[serde(default)]
    pub authentication: Presentation,
}
