//! The one HTTP client, and what it never does.
//!
//! It follows no redirect: a default client sends the body of a POST on to wherever a 307 points, refresh
//! token included. It keeps no idle connection: a dead one makes an answer ambiguous. It decompresses
//! nothing, reads at most a stated number of bytes, and on loopback it ignores every proxy variable.
//! What went wrong is told apart by the only question that matters to a refresh: may the provider have
//! seen the request?

mod certificates;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::edges::Network;
pub(crate) use crate::edges::{NoReply, Reply};

/// Seconds until a connection must stand.
const CONNECT: Duration = Duration::from_secs(8);
/// Seconds until the header of the answer must be there.
const HEADER: Duration = Duration::from_secs(10);
/// Seconds until the whole answer must be there.
const TOTAL: Duration = Duration::from_secs(15);

/// Who asks. Some providers turn away a request that does not say (RFC 9110 10.1.5).
pub(crate) const USER_AGENT: &str =
    concat!("Latchkey/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// Sends requests. Cheap to make: the clients behind it are made on first use.
#[derive(Default)]
pub(crate) struct Http {
    simulated: Option<Arc<dyn Network>>,
    loopback: OnceLock<reqwest::Client>,
    outside: OnceLock<reqwest::Client>,
}

impl Http {
    /// A client of the network of this computer, or of a simulated one.
    pub(crate) fn new(simulated: Option<Arc<dyn Network>>) -> Self {
        Self { simulated, ..Self::default() }
    }

    /// Sends `request` and reads at most `limit` bytes of the answer.
    pub(crate) async fn send(&self, request: reqwest::Request, limit: usize) -> Result<Reply, NoReply> {
        if let Some(network) = &self.simulated {
            return network.send(request, limit).await;
        }
        let client = self.client_for(request.url())?;
        let answered = in_time(client.execute(request)).await?;
        let mut response = answered.map_err(classify)?;
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

    /// Whether a connection to the host of `url` can be opened. Nothing is sent.
    pub(crate) async fn reach(&self, url: &Url) -> bool {
        if self.simulated.is_some() {
            return true;
        }
        let Some(port) = url.port_or_known_default() else { return false };
        let opened = match url.host() {
            Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
            Some(Host::Ipv4(ip)) => TcpStream::connect((ip, port)).await,
            Some(Host::Ipv6(ip)) => TcpStream::connect((ip, port)).await,
            None => return false,
        };
        opened.is_ok()
    }

    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, NoReply> {
        let (place, loopback) =
            if is_loopback(url) { (&self.loopback, true) } else { (&self.outside, false) };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let trust = certificates::system().map_err(|error| NoReply::NotSent(error.to_string()))?;
        let client = build(loopback, trust).map_err(|error| NoReply::NotSent(chain(&error.without_url())))?;
        Ok(place.get_or_init(|| client))
    }
}

/// What `answer` yields, or the truth that nothing came back in time.
async fn in_time<T>(answer: impl Future<Output = T>) -> Result<T, NoReply> {
    let late = |_| NoReply::Lost(format!("no answer within {} seconds", HEADER.as_secs()));
    tokio::time::timeout(HEADER, answer).await.map_err(late)
}

#[expect(clippy::disallowed_methods, reason = "the one place where an HTTP client is configured")]
fn build(loopback: bool, trust: rustls::ClientConfig) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(trust)
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .referer(false);
    if loopback { builder.no_proxy().build() } else { builder.build() }
}

/// Host and port of a URL, as they are written in it.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
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
    if let Some(why) = certificates::refusal(&error) {
        return NoReply::Untrusted(why);
    }
    let text = chain(&error);
    if error.is_connect() && text.contains("proxy authorization required") {
        NoReply::ProxyRefused
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
