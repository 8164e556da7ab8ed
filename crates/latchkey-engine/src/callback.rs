//! The redirect, read as hostile input.
//!
//! Anybody on this computer, and any page in its browser, can send a link of Latchkey's scheme. So the
//! raw text is checked before any URL parser may repair it: the `url` crate strips control characters,
//! resolves `%2e%2e` and lower-cases schemes, each of which would let a different text pass as ours.

use std::collections::BTreeMap;

use latchkey_protocol::ProviderId;
use secrecy::SecretString;
use url::form_urlencoded;

use crate::text::displayable;

const LONGEST_LINK: usize = 8192;
const LONGEST_VALUE: usize = 4096;

/// The scheme of Latchkey's links, in reverse-domain form (RFC 8252 7.1). One constant, so that a build
/// of another channel can own another scheme.
pub const SCHEME: &str = match option_env!("LATCHKEY_SCHEME") {
    Some(scheme) => scheme,
    None => "dev.latchkey.app",
};

/// What the redirect brought (RFC 6749 4.1.2, 4.1.2.1, RFC 9207).
#[derive(Debug)]
pub(crate) struct AuthorizationResponse {
    /// The connection context of the path.
    pub(crate) context: ProviderId,
    /// The `state`, still to be compared.
    pub(crate) state: SecretString,
    /// The issuer, where the answer names one.
    pub(crate) issuer: Option<String>,
    /// What the provider said.
    pub(crate) answer: Answer,
    /// Further parameters, of which a provider's file may keep some.
    pub(crate) others: BTreeMap<String, String>,
}

/// What the provider said in a redirect.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A code to exchange.
    Code(SecretString),
    /// A refusal.
    Error {
        /// The error code.
        error: String,
        /// Its text, made safe for display.
        description: Option<String>,
    },
    /// A code and an error at once, or neither: whoever wrote it knows the `state` and breaks the protocol.
    Malformed,
}

/// Why a link is ignored. Carries nothing of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than 8,192 bytes, or a value longer than 4,096.
    #[error("too long")]
    TooLong,
    /// A byte outside 0x21 to 0x7E.
    #[error("a character that no link has")]
    BadCharacter,
    /// Another scheme, two slashes, a host, a user name.
    #[error("not a sign-in link")]
    NotOurs,
    /// A path that is no connection context, to the letter.
    #[error("an unknown path")]
    UnknownPath,
    /// A fragment.
    #[error("a fragment")]
    Fragment,
    /// A parameter of the protocol occurs twice.
    #[error("a repeated parameter")]
    Repeated,
    /// A token in the link: nobody may send one this way (RFC 6750 5.3).
    #[error("a token in the link")]
    TokenInLink,
    /// No `state`, or an empty one.
    #[error("no state")]
    NoState,
}

/// Reads a link as the operating system hands it over.
pub(crate) fn parse_link(raw: &str) -> Result<AuthorizationResponse, Refusal> {
    check_raw(raw)?;
    let rest = raw.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(':')).ok_or(Refusal::NotOurs)?;
    parse_target(rest)
}

/// Reads the target of a request to the loopback listener: `/oauth/<context>?…`.
pub(crate) fn parse_target(raw: &str) -> Result<AuthorizationResponse, Refusal> {
    check_raw(raw)?;
    let rest = raw.strip_prefix("/oauth/").ok_or(Refusal::NotOurs)?;
    let (path, query) = rest.split_once('?').ok_or(Refusal::NoState)?;
    let context = ProviderId::try_from(path).map_err(|_| Refusal::UnknownPath)?;
    let parameters = Parameters::read(query)?;
    Ok(AuthorizationResponse {
        context,
        state: parameters.state.filter(|state| !state.is_empty()).ok_or(Refusal::NoState)?.into(),
        issuer: parameters.iss,
        others: parameters.others,
        answer: answer(parameters.code, parameters.error, parameters.error_description.as_deref()),
    })
}

fn check_raw(raw: &str) -> Result<(), Refusal> {
    if raw.len() > LONGEST_LINK {
        return Err(Refusal::TooLong);
    }
    if !raw.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        return Err(Refusal::BadCharacter);
    }
    if raw.contains('#') {
        return Err(Refusal::Fragment);
    }
    Ok(())
}

fn answer(code: Option<String>, error: Option<String>, description: Option<&str>) -> Answer {
    match (code, error) {
        (Some(code), None) if !code.is_empty() => Answer::Code(code.into()),
        (None, Some(error)) if !error.is_empty() => {
            Answer::Error { error, description: description.and_then(displayable) }
        }
        (Some(_) | None, Some(_) | None) => Answer::Malformed,
    }
}

/// The parameters that mean something, and the others, which are ignored unless a file asks for one
/// (RFC 6749 4.1.2).
#[derive(Default)]
struct Parameters {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_uri: Option<String>,
    others: BTreeMap<String, String>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "code" => &mut read.code,
                "state" => &mut read.state,
                "iss" => &mut read.iss,
                "error" => &mut read.error,
                "error_description" => &mut read.error_description,
                "error_uri" => &mut read.error_uri,
                "access_token" | "refresh_token" | "id_token" => return Err(Refusal::TokenInLink),
                _ => {
                    if value.len() <= LONGEST_VALUE && !read.others.contains_key(&*name) {
                        read.others.insert(name.into_owned(), value.into_owned());
                    }
                    continue;
                }
            };
            take(place, &name, value.into_owned())?;
        }
        Ok(read)
    }
}

fn take(place: &mut Option<String>, name: &str, value: String) -> Result<(), Refusal> {
    if place.is_some() {
        return Err(Refusal::Repeated);
    }
    if value.len() > LONGEST_VALUE {
        return Err(Refusal::TooLong);
    }
    // RFC 6749 appendix A: code and state are VSCHAR. A description is text and is cleaned before display.
    if name != "error_description" && !value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(Refusal::BadCharacter);
    }
    *place = Some(value);
    Ok(())
}

#[cfg(test)]
#[path = "callback/tests.rs"]
mod tests;
