//! The one HTTP client, and what it never does.
//!
//! It follows no redirect: a default client sends the body of a POST on to wherever a 307 points, refresh
//! token included. It keeps no idle connection: a dead one makes an answer ambiguous. It decompresses
//! nothing, reads at most a stated number of bytes, and on loopback it ignores every proxy variable.
//! What went wrong is told apart by the only question that matters to a refresh: may the provider have
//! seen the request?

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use http::HeaderMap;
use reqwest::redirect::Policy;
use url::{Host, Url};

/// Seconds until a connection must stand.
const CONNECT: Duration = Duration::from_secs(10);
/// Seconds until the whole answer must be there.
const TOTAL: Duration = Duration::from_secs(15);

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer. Neither carries the URL, which may hold what must not be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReply {
    /// Nothing was sent: no name, no connection, no TLS.
    #[error("the provider cannot be reached ({0})")]
    NotSent(String),
    /// Nothing was sent: the certificate is not trusted here.
    #[error("the provider's certificate is not trusted on this computer ({0})")]
    Untrusted(String),
    /// Something may have been sent and no whole answer came back.
    #[error("the provider's answer did not arrive ({0})")]
    Lost(String),
    /// The answer is larger than anything this call may answer.
    #[error("the provider's answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// Sends requests. Cheap to make: the clients behind it are made on first use.
#[derive(Debug, Default)]
pub(crate) struct Http {
    loopback: OnceLock<reqwest::Client>,
    outside: OnceLock<reqwest::Client>,
}

impl Http {
    /// Sends `request` and reads at most `limit` bytes of the answer.
    pub(crate) async fn send(&self, request: reqwest::Request, limit: usize) -> Result<Reply, NoReply> {
        let client = self.client_for(request.url())?;
        let mut response = client.execute(request).await.map_err(classify)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > limit {
                return Err(NoReply::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Reply { status: response.status().as_u16(), headers, body })
    }

    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, NoReply> {
        let (place, loopback) =
            if is_loopback(url) { (&self.loopback, true) } else { (&self.outside, false) };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = build(loopback).map_err(|error| NoReply::NotSent(chain(&error.without_url())))?;
        Ok(place.get_or_init(|| client))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where an HTTP client is configured")]
fn build(loopback: bool) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("Latchkey/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .referer(false);
    if loopback { builder.no_proxy().build() } else { builder.build() }
}

/// Whether a URL stays on this computer: a loopback literal, never a name.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn classify(error: reqwest::Error) -> NoReply {
    // reqwest prints the full URL, query included.
    let error = error.without_url();
    let text = chain(&error);
    if text.contains("invalid peer certificate") {
        NoReply::Untrusted(text)
    } else if error.is_connect() || error.is_builder() {
        NoReply::NotSent(text)
    } else {
        NoReply::Lost(text)
    }
}

/// The innermost cause, which is the one that says something.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}
