//! The form of a provider file, and what makes one wrong.
//!
//! The build script compiles this file too, so that a built-in file which this page refuses never ships.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::api::Api;
use super::purpose::{self, Purpose};

/// A provider as data. Unknown keys are refused, so that a typing error is not a silent default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    /// Lower-case letters, digits and hyphens; part of redirect URIs, so it never changes.
    pub id: String,
    /// The name people know.
    pub name: String,
    /// What connecting it is good for, in one sentence.
    pub summary: String,
    /// The provider's page where a person removes access.
    pub manage_url: Option<String>,
    /// Whether it exists only for trying things out.
    #[serde(default)]
    pub for_testing: bool,
    /// The client registration.
    #[serde(default)]
    pub client: Client,
    /// The authorization code flow.
    pub authorization: Authorization,
    /// What a person may allow or leave, beyond the scopes that are always asked for.
    #[serde(default)]
    pub purposes: Vec<Purpose>,
    /// The call that names the account.
    pub identity: Identity,
    /// The API, where Latchkey calls it.
    pub api: Option<Api>,
    /// What the provider does to grants.
    #[serde(default)]
    pub grant: Grant,
    /// When access is renewed.
    #[serde(default)]
    pub refresh: Refresh,
}

/// The client registration (RFC 6749 2).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// A client id that everybody may use; absent where each person brings one.
    pub id: Option<String>,
    /// The page where applications are registered.
    pub register_url: Option<String>,
    /// What to do there, each step one sentence.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// The authorization code flow (RFC 6749 4.1, RFC 7636).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorization {
    /// Where the browser goes.
    pub url: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: String,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_url: Option<String>,
    /// Ways back from the browser, best first.
    pub redirects: Vec<RedirectKind>,
    /// The scopes to ask for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What each scope means, in words a person agrees to.
    #[serde(default)]
    pub scope_words: BTreeMap<String, String>,
    /// Further parameters of the authorization request.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The issuer; when present, an `iss` in the answer must equal it (RFC 9207 2.4).
    pub issuer: Option<String>,
    /// Whether the provider promises an `iss` in each answer (RFC 9207 3).
    #[serde(default)]
    pub issuer_in_answer: bool,
}

/// A way back from the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RedirectKind {
    /// A private-use URI scheme (RFC 8252 7.1).
    DeepLink,
    /// A port on a loopback literal (RFC 8252 7.3).
    Loopback,
}

/// The call that names the account. Each field is a list of JSON Pointers (RFC 6901), first match wins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// Answers a GET with a bearer token.
    pub url: String,
    /// The immutable key.
    pub key: Vec<String>,
    /// The name to show.
    pub name: Vec<String>,
    /// The picture's URL.
    #[serde(default)]
    pub picture: Vec<String>,
}

/// What the provider does to grants.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    /// Days after which a grant ends whatever happens.
    pub life_days: Option<u16>,
    /// What a revocation ends: one grant, unless the provider says otherwise.
    #[serde(default)]
    pub revocation_ends: RevocationEnds,
}

/// What a revocation ends (RFC 7009 2.1 leaves it to the provider).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RevocationEnds {
    /// The grant of the revoked token.
    #[default]
    Grant,
    /// Every grant of the account to the client id.
    Account,
}

/// When access is renewed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// Seconds before the end of access at which it is renewed.
    #[serde(default = "five_minutes")]
    pub buffer_seconds: u32,
    /// Whom a request of the token endpoint to wait concerns: one account, unless the provider says otherwise.
    #[serde(default)]
    pub rate_limit: RateLimitScope,
}

/// Whom a request to wait concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RateLimitScope {
    /// The account that was asked about.
    #[default]
    Account,
    /// Every account of the client id.
    Client,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { buffer_seconds: five_minutes(), rate_limit: RateLimitScope::default() }
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

impl FileFault {
    fn new(text: &str, key: &str, value: &str, message: String, remedy: impl Into<String>) -> Self {
        Self { line: line_of(text, key, value), message, remedy: remedy.into() }
    }
}

/// Reads and checks the text of a provider file.
pub(crate) fn parse(text: &str) -> Result<ProviderFile, FileFault> {
    let file: ProviderFile = toml::from_str(text).map_err(|error| FileFault {
        line: error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
        message: error.message().trim().replace('\n', " "),
        remedy: "Compare the key with docs/add-a-provider.md and save the file again.".to_owned(),
    })?;
    check(&file, text)?;
    Ok(file)
}

fn check(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    check_id(file, text)?;
    check_urls(file, text)?;
    check_pointers(file, text)?;
    check_purposes(file, text)?;
    check_authorization(file, text)
}

fn check_id(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (1..=40).contains(&file.id.len())
        && file.id.bytes().all(plain)
        && !file.id.starts_with('-')
        && !file.id.ends_with('-');
    if good {
        return Ok(());
    }
    let message = format!("the id \"{}\" cannot be part of a redirect URI", file.id.escape_debug());
    Err(FileFault::new(text, "id", &file.id, message, "Use 1 to 40 of a-z, 0-9 and inner hyphens."))
}

fn check_urls(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let authorization = &file.authorization;
    let always = [
        ("url", Some(&authorization.url)),
        ("token_url", Some(&authorization.token_url)),
        ("revocation_url", authorization.revocation_url.as_ref()),
        ("issuer", authorization.issuer.as_ref()),
        ("url", Some(&file.identity.url)),
        ("url", file.api.as_ref().map(|api| &api.url)),
        ("pictures_url", file.api.as_ref().and_then(|api| api.pictures_url.as_ref())),
        ("manage_url", file.manage_url.as_ref()),
        ("register_url", file.client.register_url.as_ref()),
    ];
    for (key, url) in always {
        let Some(url) = url else { continue };
        check_url(url).map_err(|why| {
            let remedy = "Use an https URL; http is allowed for 127.0.0.1 and [::1] only.";
            FileFault::new(text, key, url, format!("{key} = \"{}\": {why}", url.escape_debug()), remedy)
        })?;
    }
    Ok(())
}

/// Whether a secret may be sent to `url`: https, or http to a loopback literal, which never leaves the
/// computer (RFC 6749 3.1.2.1, RFC 8252 8.3).
pub(crate) fn check_url(url: &str) -> Result<Url, &'static str> {
    // The sandbox picks its port when it starts; its address stands in for this name.
    let url = url.replace("{sandbox}", "http://127.0.0.1:1");
    let url = Url::parse(&url).map_err(|_| "this is not a URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL must not carry a user name or password");
    }
    if url.fragment().is_some() {
        return Err("an endpoint has no fragment");
    }
    let loopback = matches!(url.host(), Some(url::Host::Ipv4(ip)) if ip.is_loopback())
        || matches!(url.host(), Some(url::Host::Ipv6(ip)) if ip.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err("a sign-in would travel unprotected"),
    }
}

fn check_pointers(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let identity = &file.identity;
    for (key, pointers) in [("key", &identity.key), ("name", &identity.name), ("picture", &identity.picture)]
    {
        if let Some(bad) = pointers.iter().find(|pointer| !pointer.starts_with('/')) {
            let message = format!("\"{}\" in {key} is no JSON Pointer", bad.escape_debug());
            return Err(FileFault::new(text, key, bad, message, "A pointer begins with a slash: \"/id\"."));
        }
    }
    if identity.key.is_empty() {
        let message = "without a key no account can be told from another".to_owned();
        return Err(FileFault::new(
            text,
            "key",
            "",
            message,
            "Name the field that holds the immutable account id.",
        ));
    }
    Ok(())
}

fn check_purposes(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    purpose::fault(&file.purposes).map_or(Ok(()), |(key, value, message)| {
        let remedy = "Give each purpose an id of its own, words, and at least one scope.";
        Err(FileFault::new(text, key, &value, message, remedy))
    })
}

/// Parameters that belong to the protocol, not to a file.
const RESERVED: [&str; 9] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

fn check_authorization(file: &ProviderFile, text: &str) -> Result<(), FileFault> {
    let authorization = &file.authorization;
    if authorization.redirects.is_empty() {
        let message = "there is no way back from the browser".to_owned();
        return Err(FileFault::new(
            text,
            "redirects",
            "",
            message,
            "List \"deep-link\", \"loopback\" or both.",
        ));
    }
    if let Some(name) = authorization.parameters.keys().find(|name| RESERVED.contains(&name.as_str())) {
        let message = format!("the parameter {name} is set by Latchkey itself");
        return Err(FileFault::new(
            text,
            name,
            "",
            message,
            format!("Remove {name} from [authorization.parameters]."),
        ));
    }
    if authorization.issuer_in_answer && authorization.issuer.is_none() {
        let message = "issuer_in_answer needs an issuer to compare with".to_owned();
        return Err(FileFault::new(text, "issuer_in_answer", "", message, "Add issuer = \"https://…\"."));
    }
    Ok(())
}

/// The line where `key` is given a value in which `value` occurs.
fn line_of(text: &str, key: &str, value: &str) -> Option<usize> {
    let gives = |line: &str| {
        let rest = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix('=')?;
        rest.contains(value).then_some(())
    };
    text.lines().position(|line| gives(line).is_some()).map(|index| index + 1)
}
