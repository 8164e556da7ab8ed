//! Issuers of OpenID Connect: what they say of themselves, the keys that they publish, and ID tokens held against
//! both.
//!
//! Whatever cannot be fetched may be fetched later: it is a passing failure and ends nothing. Keys are kept in
//! memory; one that nobody knows is looked up once and then not again for five minutes, because anybody can invent
//! a key id (R66).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderValue, header};
use latchkey_oidc::{
    Claims, Expected, IdTokenError, KeyCache, KeySet, KeySetError, Metadata, MetadataError, Session,
    well_known_urls,
};
use latchkey_protocol::Timestamp;
use reqwest::{Method, Request};
use url::Url;

use crate::clock::Boot;
use crate::http::{Http, NoReply};

/// Bytes that a document may have.
const LIMIT: usize = 64 * 1024;
/// How long a document is taken for what the issuer says, in milliseconds: an hour.
const FRESH_MS: i64 = 3_600_000;
/// How long an issuer that could not be asked in the background is left alone, in milliseconds.
const LEFT_ALONE_MS: i64 = 300_000;

/// Why an issuer, or an ID token of its, is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IssuerError {
    /// It could not be asked. That may pass.
    #[error("{0}")]
    Passing(String),
    /// The address is none that an issuer can have.
    #[error("this is no address of an OpenID provider")]
    NoIssuer,
    /// It has no such document.
    #[error("it answers {status} where its {what} should be")]
    Absent {
        /// Which document.
        what: &'static str,
        /// The status.
        status: u16,
    },
    /// A redirect, which is never followed.
    #[error("its {0} is behind a redirect, which is never followed")]
    Redirected(&'static str),
    /// It is larger than any such document.
    #[error("its {0} is larger than 64 KiB")]
    TooLarge(&'static str),
    /// The document is not believed.
    #[error(transparent)]
    Document(#[from] MetadataError),
    /// The keys are not.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// It publishes no keys.
    #[error("it does not say where its keys are")]
    Keyless,
    /// The sign-in came without an ID token.
    #[error("it sent no ID token")]
    Missing,
    /// The ID token is not believed.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
}

impl IssuerError {
    /// Whether another try may end otherwise.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Passing(_))
    }
}

/// An ID token, and what it is held against.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    /// The issuer, to the letter.
    pub(crate) issuer: &'q str,
    /// Our client id.
    pub(crate) client_id: &'q str,
    /// The access token that came along.
    pub(crate) access_token: &'q str,
    /// Which sign-in it belongs to.
    pub(crate) session: Session<'q>,
    /// When it came, by the provider's clock.
    pub(crate) at: Timestamp,
}

/// What is known of issuers.
#[derive(Default)]
pub(crate) struct Issuers(Mutex<BTreeMap<String, Known>>);

#[derive(Default)]
struct Known {
    algorithms: Option<Vec<String>>,
    keys: KeyCache,
    read_at: Option<Boot>,
    /// When they were last asked for in the background.
    asked_at: Option<Boot>,
}

impl Issuers {
    /// Verifies the ID token of a sign-in.
    pub(crate) async fn verify(
        &self,
        http: &Http,
        boot: Boot,
        question: Question<'_>,
        id_token: &str,
    ) -> Result<Claims, IssuerError> {
        let known = self.fresh(question.issuer, boot);
        let read_now = known.is_none();
        let keys = match known {
            Some(keys) => keys,
            None => self.read(http, boot, question.issuer).await?,
        };
        let error = match held_against(question, id_token, &keys) {
            Err(error @ (IdTokenError::UnknownKey | IdTokenError::Signature)) if !read_now => error,
            verdict => return Ok(verdict?),
        };
        // The issuer may have other keys by now (OpenID Connect Core 10.1.1).
        if !self.may_look_again(question.issuer, boot) {
            return Err(IssuerError::Passing(error.to_string()));
        }
        let keys = self.read(http, boot, question.issuer).await?;
        Ok(held_against(question, id_token, &keys)?)
    }

    /// Holds an ID token against the keys in memory. `None` where there are none.
    pub(crate) fn verify_at_hand(
        &self,
        question: Question<'_>,
        id_token: &str,
    ) -> Option<Result<Claims, IdTokenError>> {
        let keys = self.at_hand(question.issuer)?;
        Some(held_against(question, id_token, &keys))
    }

    /// Reads the keys of an issuer that are not known, or are old. What goes wrong is tried again later.
    pub(crate) async fn look_up(&self, http: &Http, boot: Boot, issuer: &str) {
        let due = {
            let mut all = self.all();
            let known = all.entry(issuer.to_owned()).or_default();
            let since = |at: Option<Boot>| at.map_or(i64::MAX, |at| boot.0.saturating_sub(at.0));
            let due = since(known.read_at) >= FRESH_MS && since(known.asked_at) >= LEFT_ALONE_MS;
            if due {
                known.asked_at = Some(boot);
            }
            due
        };
        if due && let Err(error) = self.read(http, boot, issuer).await {
            tracing::info!(%error, "the keys of an issuer cannot be read");
        }
    }

    /// Reads document and keys, and keeps what verifies a signature.
    async fn read(&self, http: &Http, boot: Boot, issuer: &str) -> Result<Keys, IssuerError> {
        let metadata = discover(http, issuer).await?;
        let url = metadata.jwks_uri.ok_or(IssuerError::Keyless)?;
        let keys = KeySet::parse(&document(http, url, "key set").await?)?;
        let algorithms = metadata.id_token_signing_alg_values_supported;
        let mut all = self.all();
        let known = all.entry(issuer.to_owned()).or_default();
        known.algorithms.clone_from(&algorithms);
        known.keys.keep(keys.clone());
        known.read_at = Some(boot);
        Ok(Keys { keys, algorithms })
    }

    fn fresh(&self, issuer: &str, boot: Boot) -> Option<Keys> {
        let read_at = self.all().get(issuer)?.read_at?;
        let fresh = boot.0.saturating_sub(read_at.0) < FRESH_MS;
        if fresh { self.at_hand(issuer) } else { None }
    }

    fn at_hand(&self, issuer: &str) -> Option<Keys> {
        let all = self.all();
        let known = all.get(issuer)?;
        Some(Keys { keys: known.keys.keys()?.clone(), algorithms: known.algorithms.clone() })
    }

    fn may_look_again(&self, issuer: &str, boot: Boot) -> bool {
        self.all().entry(issuer.to_owned()).or_default().keys.may_look_again(boot.0.div_euclid(1000))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        // Nothing in here is written half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What verifies a signature.
struct Keys {
    keys: KeySet,
    algorithms: Option<Vec<String>>,
}

fn held_against(question: Question<'_>, id_token: &str, keys: &Keys) -> Result<Claims, IdTokenError> {
    let expected = Expected {
        issuer: question.issuer,
        client_id: question.client_id,
        algorithms: keys.algorithms.as_deref(),
        access_token: Some(question.access_token),
        session: question.session,
    };
    expected.verify(id_token, &keys.keys, question.at.0.div_euclid(1000))
}

/// Asks an issuer for its discovery document. The two places are tried in their order (R56); the second only where
/// the first has none.
pub(crate) async fn discover(http: &Http, issuer: &str) -> Result<Metadata, IssuerError> {
    let mut absent = IssuerError::NoIssuer;
    for url in well_known_urls(issuer) {
        match document(http, url, "discovery document").await {
            Ok(found) => return Ok(Metadata::parse(&found, issuer)?),
            Err(error @ (IssuerError::Absent { .. } | IssuerError::Redirected(_))) => {
                // What stands in the first place says more.
                if absent == IssuerError::NoIssuer {
                    absent = error;
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(absent)
}

async fn document(http: &Http, url: Url, what: &'static str) -> Result<Vec<u8>, IssuerError> {
    let mut request = Request::new(Method::GET, url);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let reply = match http.send(request, LIMIT).await {
        Ok(reply) => reply,
        Err(NoReply::TooLarge(_)) => return Err(IssuerError::TooLarge(what)),
        Err(
            error @ (NoReply::NotSent(_) | NoReply::Untrusted(_) | NoReply::ProxyRefused | NoReply::Lost(_)),
        ) => return Err(IssuerError::Passing(error.to_string())),
    };
    match reply.status {
        200..=299 => Ok(reply.body),
        300..=399 => Err(IssuerError::Redirected(what)),
        408 | 425 | 429 | 500..=599 => {
            Err(IssuerError::Passing(format!("it answers {} where its {what} should be", reply.status)))
        }
        status => Err(IssuerError::Absent { what, status }),
    }
}
