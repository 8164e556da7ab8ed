//! Proofs that access is in the hands it was given to (DPoP, RFC 9449).
//!
//! The key of a sign-in goes with its tokens and never leaves the engine: a token that is stolen alone opens
//! nothing. A server may want its own nonce in each proof; it names it when it refuses, and the request is sent
//! once more with it. It has done nothing with the first one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::{HeaderName, HeaderValue, header};
use latchkey_oidc::{DpopKey, Proof};
use reqwest::Request;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::clock::Clock;
use crate::entropy::SharedEntropy;
use crate::http::{Http, NoReply, Reply, host_of};
use crate::skew::Skew;

/// In both directions (RFC 9449 4.1, 8.1): the proof, and the nonce that the next one has to repeat.
const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// What a server says that wants its nonce (RFC 9449 8, 9).
pub(crate) const NONCE_WANTED: &str = "use_dpop_nonce";
/// What a server says to a proof that it does not take (RFC 9449 5).
pub(crate) const PROOF_REFUSED: &str = "invalid_dpop_proof";
/// Characters that a nonce may have; a longer one is no nonce but a burden.
const LONGEST_NONCE: usize = 2_000;

/// The newest nonce of each server, by origin (RFC 9449 8.2).
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<BTreeMap<String, String>>);

impl Nonces {
    fn newest(&self, url: &Url) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&url.origin().ascii_serialization()).cloned()
    }

    fn keep(&self, url: &Url, reply: &Reply) {
        let nonce = reply.headers.get(NONCE).and_then(|nonce| nonce.to_str().ok());
        let Some(nonce) = nonce.filter(|nonce| (1..=LONGEST_NONCE).contains(&nonce.len())) else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(url.origin().ascii_serialization(), nonce.to_owned());
    }
}

/// Whoever holds the key that tokens are bound to, and what it takes to prove that.
#[derive(Clone, Copy)]
pub(crate) struct Holder<'h> {
    pub(crate) key: &'h DpopKey,
    pub(crate) nonces: &'h Nonces,
    pub(crate) skew: &'h Skew,
    pub(crate) clock: &'h dyn Clock,
    pub(crate) entropy: &'h SharedEntropy,
}

/// An access token on its way to an API, with the holder of the key that it is bound to, where it is.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'s> {
    pub(crate) token: &'s SecretString,
    pub(crate) holder: Option<Holder<'s>>,
}

impl Shown<'_> {
    /// Sends `request`, which carries the token, and reads at most `limit` bytes of the answer.
    pub(crate) async fn send(&self, http: &Http, request: Request, limit: usize) -> Result<Reply, NoReply> {
        send(http, self.holder, request, Some(self.token), limit).await
    }
}

/// Sends `request` with a proof, where there is a key, and reads at most `limit` bytes of the answer. `access` is
/// the token that goes along to an API.
pub(crate) async fn send(
    http: &Http,
    holder: Option<Holder<'_>>,
    request: Request,
    access: Option<&SecretString>,
    limit: usize,
) -> Result<Reply, NoReply> {
    let Some(holder) = holder else { return http.send(request, limit).await };
    let (url, again) = (request.url().clone(), request.try_clone());
    let nonce = holder.nonces.newest(&url);
    let reply = http.send(holder.proven(request, access, nonce.as_deref())?, limit).await?;
    holder.nonces.keep(&url, &reply);
    let newest = holder.nonces.newest(&url);
    match again.filter(|_| wants_nonce(&reply) && newest != nonce) {
        Some(request) => {
            let reply = http.send(holder.proven(request, access, newest.as_deref())?, limit).await?;
            holder.nonces.keep(&url, &reply);
            Ok(reply)
        }
        None => Ok(reply),
    }
}

impl Holder<'_> {
    fn proven(
        &self,
        mut request: Request,
        access: Option<&SecretString>,
        nonce: Option<&str>,
    ) -> Result<Request, NoReply> {
        let now = self.skew.provider_now(host_of(request.url().as_str()), self.clock);
        let proof = Proof {
            method: request.method().as_str(),
            url: request.url(),
            id: &self.entropy.text(),
            now_s: now.0.div_euclid(1000),
            access_token: access.map(ExposeSecret::expose_secret),
            nonce,
        };
        let proof = self.key.prove(proof).map_err(|error| NoReply::NotSent(error.to_string()))?;
        let value = HeaderValue::try_from(proof)
            .map_err(|_| NoReply::NotSent("the server's nonce cannot be repeated".to_owned()))?;
        request.headers_mut().insert(PROOF, value);
        Ok(request)
    }
}

/// Whether an answer refuses for the nonce alone: in its body at a token endpoint (RFC 9449 8), in its challenge
/// at an API (RFC 9449 9).
fn wants_nonce(reply: &Reply) -> bool {
    let body = || serde_json::from_slice::<Value>(&reply.body).ok();
    let challenges = || reply.headers.get_all(header::WWW_AUTHENTICATE).iter();
    match reply.status {
        400 => body().is_some_and(|body| body["error"] == NONCE_WANTED),
        401 => {
            challenges().any(|challenge| challenge.to_str().is_ok_and(|text| text.contains(NONCE_WANTED)))
                || body().is_some_and(|body| body["error"] == NONCE_WANTED)
        }
        _ => false,
    }
}
