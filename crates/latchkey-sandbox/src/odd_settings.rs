//! The oddities of the odd face, each a switch of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the odd face does otherwise than the standard. With the defaults it is as the plain face is. It is as
/// strict about its oddities as the plain face is about the standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, set by name")]
pub struct OddSettings {
    /// What the client id is called.
    pub client_id_parameter: String,
    /// What the client secret is called.
    pub client_secret_parameter: String,
    /// What the scopes are called.
    pub scope_parameter: String,
    /// What stands between two scopes, in requests and in answers.
    pub scope_separator: String,
    /// Whether an answer lists its scopes.
    pub scopes_as_list: bool,
    /// The one code challenge that is taken.
    pub challenge: OddChallenge,
    /// The one way in which a client may prove itself.
    pub authentication: OddAuthentication,
    /// Whether token requests are JSON.
    pub json_body: bool,
    /// What every token request has to say beside.
    pub token_parameters: BTreeMap<String, String>,
    /// Whether refresh tokens are taken at `/odd/refresh` alone.
    pub refresh_apart: bool,
    /// The member of an answer in which the tokens are.
    pub token_member: Option<String>,
    /// The moment that an answer names as the end of access, in seconds since 1970, rather than a life.
    pub expires_at: Option<u64>,
    /// Whether the answers of the token endpoint are forms.
    pub form_answers: bool,
    /// What a refusal of the token endpoint looks like.
    pub refusal: OddRefusal,
    /// What a redirect brings beside the code.
    pub redirect_extra: BTreeMap<String, String>,
    /// What a token answer says beside the tokens.
    pub answer_extra: BTreeMap<String, Value>,
    /// The one spelling of the scopes that is taken, whatever it says, for a provider whose scopes are not the
    /// sandbox's.
    pub scopes: Option<String>,
    /// What `/odd/identity` takes and answers.
    pub identity: OddIdentity,
    /// How the call that names the account shows its token.
    pub presentation: OddPresentation,
    /// Headers that this call has to have.
    pub identity_headers: BTreeMap<String, String>,
    /// What a revocation has to look like.
    pub revocation: OddRevocation,
}

impl Default for OddSettings {
    fn default() -> Self {
        Self {
            client_id_parameter: "client_id".into(),
            client_secret_parameter: "client_secret".into(),
            scope_parameter: "scope".into(),
            scope_separator: " ".into(),
            scopes_as_list: false,
            challenge: OddChallenge::S256,
            authentication: OddAuthentication::None,
            json_body: false,
            token_parameters: BTreeMap::new(),
            refresh_apart: false,
            token_member: None,
            expires_at: None,
            form_answers: false,
            refusal: OddRefusal::Standard,
            redirect_extra: BTreeMap::new(),
            answer_extra: BTreeMap::new(),
            scopes: None,
            identity: OddIdentity::default(),
            presentation: OddPresentation::Bearer,
            identity_headers: BTreeMap::new(),
            revocation: OddRevocation::Rfc7009,
        }
    }
}

/// The one code challenge that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddChallenge {
    /// SHA-256 in base64url.
    S256,
    /// SHA-256 in hexadecimal, under the name of S256.
    S256Hex,
    /// The verifier itself.
    Plain,
    /// None: whoever sends one, or a verifier, is refused.
    Refused,
}

/// The one way in which a client may prove itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddAuthentication {
    /// By its id alone.
    None,
    /// In the header.
    Basic,
    /// In the body.
    Post,
}

/// What a refusal of the token endpoint looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddRefusal {
    /// As RFC 6749 5.2 asks.
    Standard,
    /// Status 200 with an `error` of its own words: `bad_refresh_token`.
    OwnWords,
    /// Status 200 with `{"ok": false, "error": …}`.
    OkFlag,
    /// Status 200 with `{"status": 401}`; success has `{"status": 0}`.
    StatusNumber,
}

/// How the call that names the account shows its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddPresentation {
    /// `Authorization: Bearer`
    Bearer,
    /// `Authorization: OAuth`
    Scheme,
    /// The parameter `access_token`.
    Query,
    /// The header `X-Odd-Token`.
    Header,
}

/// The call that names the account, as one provider has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OddIdentity {
    /// Whether it is a POST.
    pub post: bool,
    /// The body that it has to have.
    pub body: Option<String>,
    /// What is answered; `{id}` and `{name}` stand for the account.
    pub answer: Value,
}

/// What a revocation has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddRevocation {
    /// A form with `token` (RFC 7009 2.1).
    Rfc7009,
    /// DELETE, the client as Basic, JSON `access_token`.
    DeleteJsonBasic,
    /// DELETE, the token as bearer.
    DeleteBearer,
    /// POST, the token as bearer, no body.
    PostBearer,
    /// POST of a form with `token`, the same as bearer.
    FormBearer,
    /// POST of a form with `access_token`.
    FormAccess,
    /// POST of JSON `access_token`.
    JsonAccess,
    /// POST of JSON `token`, the client as Basic.
    JsonBasic,
    /// POST of JSON `token`, `client_id`, `client_secret`.
    JsonClient,
    /// POST of JSON `accessToken`, `clientId`, `clientSecret`.
    JsonCamel,
    /// POST of JSON `client_id`, `access_token`, with `Authorization: Client <secret>`.
    JsonClientHeader,
    /// POST of a form with `client_id` and `account`, the client secret as bearer.
    FormClientBearer,
}
