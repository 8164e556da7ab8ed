//! The way back over a port of this computer (RFC 8252 7.3): a listener for one sign-in.
//!
//! It is bound before the browser opens and kept from bind to use, on a loopback literal only. It answers
//! one path of one sign-in; anything else gets the same 404 and changes nothing, however often it comes.
//! After a valid answer it sends the browser on to a clean page, so that the code stays in no address bar.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Connections served at the same time at most; for one more the oldest is closed.
const CONNECTIONS: usize = 32;
/// Until when the head of a request must be there.
const HEAD: Duration = Duration::from_secs(5);
/// Where the browser is sent once the answer was taken.
const DONE: &str = "/done";

/// What the page says when all is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) text: String,
}

/// Takes the target of a request; answers with a page when it was the awaited one.
pub(crate) type Take =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = Option<Page>> + Send>> + Send + Sync>;

/// A bound port of this computer.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds a free port, on IPv4 or else on IPv6; or, where the provider compares it, this one on IPv4.
    pub(crate) async fn bind(port: u16) -> std::io::Result<Self> {
        let socket = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(socket) => socket,
            Err(_) if port == 0 => TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await?,
            Err(error) => return Err(error),
        };
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// `http://127.0.0.1:43117`
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the page was shown that says how it went, or `stop` rings: some providers know one port, and the
    /// next sign-in needs it. `nonce` goes into the page's content security policy.
    pub(crate) async fn serve(self, take: Take, nonce: String, stop: Arc<Notify>) {
        let desk = Arc::new(Desk {
            host: self.address.to_string(),
            take,
            nonce,
            page: Mutex::new(None),
            shown: Notify::new(),
        });
        let mut served = VecDeque::new();
        loop {
            let stream = tokio::select! {
                () = stop.notified() => return,
                () = desk.shown.notified() => return,
                accepted = self.socket.accept() => accepted,
            };
            let Ok((stream, _)) = stream else {
                continue;
            };
            // Whoever holds a connection open and says nothing does not keep the answer out.
            served.retain(|task: &JoinHandle<()>| !task.is_finished());
            if served.len() >= CONNECTIONS
                && let Some(oldest) = served.pop_front()
            {
                oldest.abort();
            }
            served.push_back(tokio::spawn(serve_one(stream, desk.clone())));
        }
    }
}

struct Desk {
    host: String,
    take: Take,
    nonce: String,
    page: Mutex<Option<Page>>,
    /// Rings when the page has been asked for.
    shown: Notify,
}

async fn serve_one(stream: TcpStream, desk: Arc<Desk>) {
    let answer = service_fn(move |request| {
        let desk = desk.clone();
        // A task of its own: a browser that hangs up once it has asked takes nothing with it.
        let answered = tokio::spawn(async move { desk.answer(&request).await });
        async move { Ok::<_, Infallible>(answered.await.unwrap_or_else(|_| not_found())) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), answer);
    // Whoever speaks no HTTP here is not answered.
    let _ = served.await;
}

impl Desk {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET || !self.is_ours(request.headers()) {
            return not_found();
        }
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        if target == DONE {
            let page = self.page.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if page.is_some() {
                self.shown.notify_one();
            }
            return page.map_or_else(not_found, |page| self.show(&page));
        }
        let Some(page) = (self.take)(target).await else {
            return not_found();
        };
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
        let mut response = plain(StatusCode::SEE_OTHER, String::new());
        response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static(DONE));
        response
    }

    /// Exactly one `Host`, and the literal address: a page that rebinds its name to this computer is refused.
    fn is_ours(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        hosts.next().is_some_and(|host| host.as_bytes() == self.host.as_bytes()) && hosts.next().is_none()
    }

    fn show(&self, page: &Page) -> Response<Full<Bytes>> {
        let mut response = plain(StatusCode::OK, html(page, &self.nonce));
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self.nonce
        );
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = header::HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

fn not_found() -> Response<Full<Bytes>> {
    plain(StatusCode::NOT_FOUND, String::new())
}

fn plain(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

fn html(page: &Page, nonce: &str) -> String {
    include_str!("loopback/page.html")
        .replace("{nonce}", nonce)
        .replace("{title}", &escaped(&page.title))
        .replace("{text}", &escaped(&page.text))
}

/// Text as text: nothing a provider says becomes markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_stays_text() {
        let page = Page { title: "<script>alert(1)</script>".into(), text: "a\"b' & {nonce}".into() };
        let html = html(&page, "n0");
        assert!(!html.contains("<script>alert"));
        assert!(html.contains("&lt;script&gt;") && html.contains("a&quot;b&#39; &amp;"));
    }
}
