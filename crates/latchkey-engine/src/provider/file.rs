//! The form of a provider file.
//!
//! The build script compiles this page and those below it too, so that a built-in file which they refuse never
//! ships. Paths are named, because for the build script this page is in another place of the tree.

#[path = "file/client.rs"]
mod client;
#[path = "file/endpoints.rs"]
mod endpoints;
#[path = "file/place.rs"]
mod place;
#[path = "file/rules.rs"]
mod rules;
#[cfg(test)]
#[path = "file/schema.rs"]
mod schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use client::{Client, ClientAuthentication, Registration, RegistrationStyle, SecretNeed};
pub(crate) use endpoints::{
    Authorization, Challenge, Device, Discovery, Identity, Method, Pkce, Presentation, RedirectKind,
    Revocation, RevocationStyle, Token, TokenAnswerForm, TokenBody, Validation,
};
pub(crate) use place::{DISCOVERED, Kept, Pattern, Values, Variable};
pub(crate) use rules::check_url;

use super::api::Api;
use super::purpose::Purpose;

/// A provider as data. Unknown keys are refused, so that a typing error is not a silent default.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    /// Lower-case letters, digits and hyphens; part of redirect URIs, so it never changes.
    pub id: String,
    /// The name people know.
    pub name: String,
    /// What connecting it is good for, in one sentence.
    pub summary: String,
    /// Among what people look for it.
    #[serde(default)]
    pub category: Category,
    /// What it speaks.
    #[serde(default)]
    pub protocol: Protocol,
    /// The service itself.
    pub website: Option<String>,
    /// What the provider says about its OAuth.
    pub docs_url: Option<String>,
    /// The provider's page where a person removes access.
    pub manage_url: Option<String>,
    /// Whether it exists only for trying things out.
    #[serde(default)]
    pub for_testing: bool,
    /// Who may use it, and from where.
    #[serde(default)]
    pub availability: Availability,
    /// What the person says before a sign-in, by name; `{name}` in URLs.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// The client registration.
    #[serde(default)]
    pub client: Client,
    /// The authorization endpoint.
    pub authorization: Authorization,
    /// What a person may allow or leave, beyond the scopes that are always asked for.
    #[serde(default)]
    pub purposes: Vec<Purpose>,
    /// The token endpoint.
    pub token: Token,
    /// The call that names the account.
    pub identity: Identity,
    /// The API, where Latchkey calls it.
    pub api: Option<Api>,
    /// Where tokens are revoked.
    pub revocation: Option<Revocation>,
    /// The device flow.
    pub device: Option<Device>,
    /// A call that the provider wants again and again.
    pub validation: Option<Validation>,
    /// What of redirects and token answers is stored with a connection, by name; `{name}` in later URLs.
    #[serde(default)]
    pub keep: BTreeMap<String, Kept>,
    /// What the provider does to grants.
    #[serde(default)]
    pub grant: Grant,
    /// When access is renewed.
    #[serde(default)]
    pub refresh: Refresh,
}

/// Among what people look for a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Category {
    /// Accounting, sales, payments.
    Business,
    /// Talking to people.
    Chat,
    /// Making software.
    Developer,
    /// Keeping files.
    Files,
    /// Playing.
    Games,
    /// Body and sport.
    Health,
    /// Saying who one is.
    Identity,
    /// Post.
    Mail,
    /// Places.
    Maps,
    /// Music, pictures, films.
    Media,
    /// Anything else.
    #[default]
    Other,
    /// Getting things done.
    Productivity,
    /// On a server of one's own.
    SelfHosted,
    /// Meeting people.
    Social,
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    /// OAuth 2.0 (RFC 6749).
    #[default]
    Oauth2,
    /// OpenID Connect: where the file names an issuer and asks for `openid`, ID tokens are verified.
    Oidc,
    /// OAuth 1.0a (RFC 5849), which Latchkey does not speak.
    Oauth1,
    /// PocketBase's own, on a server that the person names while signing in.
    Pocketbase,
}

/// Who may use a provider, and from where.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Availability {
    /// Who may register a client.
    #[serde(default)]
    pub status: Status,
    /// What a desktop program needs there.
    #[serde(default)]
    pub fit: Fit,
    /// Why it cannot be connected to from here; absent where it can.
    pub reason: Option<String>,
}

/// Who may register a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// Anybody.
    #[default]
    Open,
    /// Whoever passes a review.
    Approval,
    /// Chosen partners.
    Limited,
    /// Nobody any more.
    Closed,
    /// The service is switched off.
    Sunset,
}

/// What a desktop program needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fit {
    /// No secret.
    #[default]
    Native,
    /// A client id and a secret of the person's own.
    ByoSecret,
    /// A server in between, for an https redirect or a secret that must not be on a desktop.
    Broker,
    /// It is not open to desktop programs.
    Restricted,
}

/// What the provider does to grants.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// Days after which a grant ends whatever happens.
    pub life_days: Option<u16>,
    /// What a revocation ends: one grant, unless the provider says otherwise.
    #[serde(default)]
    pub revocation_ends: RevocationEnds,
}

/// What a revocation ends (RFC 7009 2.1 leaves it to the provider).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RevocationEnds {
    /// The grant of the revoked token.
    #[default]
    Grant,
    /// Every grant of the account to the client id.
    Account,
}

/// When access is renewed.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// Seconds before the end of access at which it is renewed.
    #[serde(default = "five_minutes")]
    pub buffer_seconds: u32,
    /// Whom a request of the token endpoint to wait concerns: one account, unless the provider says otherwise.
    #[serde(default)]
    pub rate_limit: RateLimitScope,
    /// What the provider is known to do with a refresh token that was used. Whatever it does is followed.
    #[serde(default)]
    pub rotation: RotationHabit,
}

/// Whom a request to wait concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RateLimitScope {
    /// The account that was asked about.
    #[default]
    Account,
    /// Every account of the client id.
    Client,
}

/// What becomes of a refresh token that was used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RotationHabit {
    /// Another one takes its place.
    Always,
    /// It stays.
    Never,
    /// Nobody has found out.
    #[default]
    Unknown,
}

impl Default for Refresh {
    fn default() -> Self {
        let (rate_limit, rotation) = (RateLimitScope::default(), RotationHabit::default());
        Self { buffer_seconds: five_minutes(), rate_limit, rotation }
    }
}

fn five_minutes() -> u32 {
    300
}

/// What is wrong with a provider file, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileFault {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// Reads and checks the text of a provider file.
pub(crate) fn parse(text: &str) -> Result<ProviderFile, FileFault> {
    let file: ProviderFile = toml::from_str(text).map_err(|error| FileFault {
        line: error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
        message: error.message().trim().replace('\n', " "),
        remedy: "Compare the key with docs/add-a-provider.md and save the file again.".to_owned(),
    })?;
    rules::check(&file, text)?;
    Ok(file)
}

impl ProviderFile {
    /// Every URL of the file that a name in braces may stand in, with its key.
    pub(crate) fn urls(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let authorization = &self.authorization;
        let list = [
            ("url", Some(&authorization.url)),
            ("par_url", authorization.par_url.as_ref()),
            ("issuer", authorization.issuer.as_ref()),
            ("url", Some(&self.token.url)),
            ("refresh_url", self.token.refresh_url.as_ref()),
            ("url", self.identity.url.as_ref()),
            ("url", self.api.as_ref().map(|api| &api.url)),
            ("pictures_url", self.api.as_ref().and_then(|api| api.pictures_url.as_ref())),
            ("url", self.revocation.as_ref().map(|revocation| &revocation.url)),
            ("url", self.device.as_ref().map(|device| &device.url)),
            ("url", self.validation.as_ref().map(|validation| &validation.url)),
            ("url", self.client.registration.as_ref().map(|registration| &registration.url)),
            ("manage_url", self.manage_url.as_ref()),
            ("register_url", self.client.register_url.as_ref()),
            ("website", self.website.as_ref()),
            ("docs_url", self.docs_url.as_ref()),
        ];
        list.into_iter().filter_map(|(key, url)| Some((key, url?)))
    }

    /// Whether anything is to be put into it.
    pub(crate) fn is_open(&self) -> bool {
        let identity = &self.identity;
        let headers = identity.headers.values().chain(&identity.body);
        let revocation = self.revocation.iter().flat_map(|revocation| revocation.parameters.values());
        let mut texts = self.urls().map(|(_, url)| url).chain(headers).chain(revocation);
        texts.any(|text| !place::names(text).is_empty())
    }

    /// The file with `values` in the place of their names.
    pub(crate) fn filled(&self, values: &Values) -> Self {
        let mut file = self.clone();
        let in_url = |text: &mut String| {
            *text = place::fill(text, values, |value| {
                if value.contains("://") { value.to_owned() } else { in_a_url(value) }
            });
        };
        let plain = |text: &mut String| *text = place::fill(text, values, str::to_owned);
        let in_json =
            |text: &mut String| *text = place::fill(text, values, |value| value.replace(['"', '\\'], ""));
        in_url(&mut file.authorization.url);
        in_url(&mut file.token.url);
        file.authorization.issuer.iter_mut().for_each(in_url);
        file.authorization.par_url.iter_mut().for_each(in_url);
        file.authorization.scopes = self.scopes(values);
        file.token.refresh_url.iter_mut().for_each(in_url);
        file.identity.url.iter_mut().for_each(in_url);
        file.identity.headers.values_mut().for_each(plain);
        file.identity.body.iter_mut().for_each(in_json);
        if let Some(api) = &mut file.api {
            in_url(&mut api.url);
            api.pictures_url.iter_mut().for_each(in_url);
        }
        if let Some(revocation) = &mut file.revocation {
            in_url(&mut revocation.url);
            revocation.parameters.values_mut().for_each(plain);
        }
        file.device.iter_mut().for_each(|device| in_url(&mut device.url));
        file.validation.iter_mut().for_each(|validation| in_url(&mut validation.url));
        file.client.registration.iter_mut().for_each(|registration| in_url(&mut registration.url));
        file.manage_url.iter_mut().for_each(in_url);
        file.client.register_url.iter_mut().for_each(in_url);
        file
    }

    /// The scopes, with those that the person names in the place of their name.
    fn scopes(&self, values: &Values) -> Vec<String> {
        let filled = self.authorization.scopes.iter().map(|scope| place::fill(scope, values, str::to_owned));
        let scopes: Vec<_> = filled.collect();
        scopes
            .iter()
            .flat_map(|scope| scope.split(' '))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// What is asked of its issuer's discovery document.
    pub(crate) fn discovery(&self) -> Discovery {
        let usual = match (self.protocol, &self.authorization.issuer) {
            (Protocol::Oidc, Some(_)) => Discovery::Keys,
            (Protocol::Oidc | Protocol::Oauth2 | Protocol::Oauth1 | Protocol::Pocketbase, _) => {
                Discovery::None
            }
        };
        self.authorization.discovery.unwrap_or(usual)
    }

    /// The issuer whose ID tokens are verified, for a file that asks for them.
    pub(crate) fn verified_issuer(&self) -> Option<&str> {
        let asked = self.authorization.scopes.iter().any(|scope| scope == "openid");
        let issuer = self.authorization.issuer.as_deref()?;
        (asked && self.discovery() != Discovery::None).then_some(issuer)
    }

    /// The file with the endpoints of a discovery document in the place of their names. What the issuer does not
    /// offer is left out.
    pub(crate) fn discovered(&self, endpoints: &Values) -> Self {
        let mut file = self.filled(endpoints);
        let missing = |url: &String| place::names(url).iter().any(|(_, name, _)| DISCOVERED.contains(name));
        file.identity.url = file.identity.url.filter(|url| !missing(url));
        file.authorization.par_url = file.authorization.par_url.filter(|url| !missing(url));
        file.revocation = file.revocation.filter(|revocation| !missing(&revocation.url));
        file.device = file.device.filter(|device| !missing(&device.url));
        file.client.registration = file.client.registration.filter(|known| !missing(&known.url));
        file
    }

    /// Whether Latchkey can register itself wherever the account is, rather than only where discovery says so.
    pub(crate) fn always_registers(&self) -> bool {
        let named = |url: &String| place::names(url).iter().any(|(_, name, _)| DISCOVERED.contains(name));
        self.client.registration.as_ref().is_some_and(|known| !named(&known.url))
    }

    /// The values of its variables: what is given, else their defaults. `Err` names the first that has none, or
    /// that is not what its pattern asks for.
    pub(crate) fn values(&self, given: &Values) -> Result<Values, (&str, &Variable)> {
        let value = |(name, variable): (&'_ String, &'_ Variable)| {
            let typed = given.get(name).map(String::as_str).filter(|value| !value.trim().is_empty());
            let value = typed.or(variable.default.as_deref()).and_then(|value| variable.pattern.admit(value));
            value.map(|value| (name.clone(), value))
        };
        self.variables.iter().map(|one| value(one).ok_or((one.0.as_str(), one.1))).collect()
    }
}

/// A host and its port as they are, anything else with what a URL reserves encoded.
fn in_a_url(value: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte);
    if value.bytes().all(fits) {
        return value.to_owned();
    }
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20")
}
