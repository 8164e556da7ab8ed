//! The way back over a port: everybody on this computer may knock, one request is answered.

use crate::support::{MINUTE, World};
use crate::waits::PATIENCE;
use latchkey_engine::Callback;
use latchkey_protocol::{Keep, Overview, Redirect, SignInEnding, SignInStage};
use latchkey_sandbox::Endpoint;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// A sign-in that waits at a port.
struct Port {
    world: World,
    before: Overview,
    /// `127.0.0.1:43117`
    host: String,
    /// `/oauth/sandbox?code=…&state=…`
    target: String,
}

fn port() -> Port {
    at_port(World::new())
}

fn at_port(world: World) -> Port {
    let (_, url) = world.begin_with(Keep::Keychain, Some(Redirect::Loopback)).unwrap();
    let redirect = Url::parse(&world.browser(&url)).unwrap();
    let host = format!("127.0.0.1:{}", redirect.port().unwrap());
    let target = format!("{}?{}", redirect.path(), redirect.query().unwrap());
    Port { before: world.overview(), world, host, target }
}

impl Port {
    fn state(&self) -> &str {
        self.target.split_once("state=").unwrap().1
    }

    /// Sends bytes and reads until the other side closes, which it may do in any way.
    fn answer(&self, request: &str) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.host).await.unwrap();
            let mut answer = Vec::new();
            if stream.write_all(request.as_bytes()).await.is_ok() {
                let _ = stream.read_to_end(&mut answer).await;
            }
            String::from_utf8(answer).unwrap()
        };
        self.world.outside(async { tokio::time::timeout(PATIENCE, exchange).await.unwrap() })
    }

    fn get(&self, target: &str) -> String {
        self.answer(&format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host))
    }

    fn assert_untouched(&self, case: &str) {
        assert_eq!(self.world.overview(), self.before, "{case}");
        assert_eq!(self.world.sandbox.requests_to(Endpoint::Token).len(), 0, "{case}");
    }

    fn still_succeeds(&self) {
        let answer = self.get(&self.target);
        assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("location: /done"), "{answer}");
        self.world.until("connected", |overview| overview.connections.len() == 1);
    }

    /// The listener is gone: nobody accepts any more.
    fn until_closed(&self) {
        let refused = async {
            while TcpStream::connect(&self.host).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        let closed = self.world.outside(async { tokio::time::timeout(PATIENCE, refused).await });
        assert!(closed.is_ok(), "{} is still open", self.host);
    }
}

fn without_date(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn dl_47_whatever_else_a_browser_asks_for_is_not_found_and_the_sign_in_waits() {
    let port = port();
    let Port { host, target, .. } = &port;
    let wrong_path = target.replace("/oauth/sandbox", "/oauth/SANDBOX");
    let slash = target.replace("/oauth/sandbox", "/oauth/sandbox/");
    let requests = [
        format!("GET /favicon.ico HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /done HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET /oauth/sandbox HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET {wrong_path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET {slash} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET {target}A HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET {target}&code=x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"),
        format!("HEAD {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("OPTIONS {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", &host[10..]),
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\n\r\n"),
        format!("GET {target} HTTP/1.0\r\n\r\n"),
        "\u{16}\u{3}\u{1} not HTTP at all\r\n\r\n".to_owned(),
    ];
    for request in requests {
        let answer = port.answer(&request);
        assert!(answer.split(' ').nth(1).is_none_or(|status| status.starts_with('4')), "{request}: {answer}");
        assert!(!answer.contains("access-control"), "{request}: {answer}");
        port.assert_untouched(&request);
    }
    port.still_succeeds();
}

#[test]
fn dl_50_a_guessed_state_is_answered_as_a_wrong_path_is() {
    let port = port();
    let guessed = port.get(&format!("/oauth/sandbox?code=C&state={}", "A".repeat(43)));
    assert!(guessed.starts_with("HTTP/1.1 404 "), "{guessed}");
    assert_eq!(without_date(&guessed), without_date(&port.get("/favicon.ico")));
    port.assert_untouched("guessed");
    port.still_succeeds();
}

#[test]
fn dl_49_a_hundred_kilobytes_of_request_line_are_refused() {
    let port = port();
    let answer = port.get(&format!("{}&x={}", port.target, "y".repeat(100_000)));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    port.assert_untouched("a long line");
    port.still_succeeds();
}

#[test]
fn dl_49_two_hundred_half_open_connections_do_not_keep_the_answer_out() {
    let port = port();
    let idle: Vec<_> = port.world.outside(async {
        let mut idle = Vec::new();
        for _ in 0..200 {
            let mut stream = TcpStream::connect(&port.host).await.unwrap();
            let _ = stream.write_all(b"GET /oauth/sandbox?code=").await;
            idle.push(stream);
        }
        idle
    });
    port.still_succeeds();
    drop(idle);
}

#[test]
fn a_browser_that_hangs_up_at_once_has_delivered_its_answer() {
    for _ in 0..5 {
        let port = port();
        let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", port.target, port.host);
        port.world.outside(async {
            let mut stream = TcpStream::connect(&port.host).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        port.world.until("connected", |overview| overview.connections.len() == 1);
    }
}

#[test]
fn the_answer_of_another_sign_in_is_a_stranger_at_this_port() {
    let world = World::connected();
    let id = world.connection().id;
    let (_, url) = world.run(world.engine().reconnect(id, None, vec![])).unwrap();
    let other = world.browser(&url);
    let port = at_port(world);
    let answer = port.get(other.strip_prefix("dev.latchkey.app:").unwrap());
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(port.world.overview(), port.before);
    assert_eq!(port.world.link(&other), Callback::Taken);
}

#[test]
fn dl_12_what_a_provider_says_is_text_on_the_page() {
    let port = port();
    let said = "error=server_error&error_description=%3Cscript%3Ealert(1)%3C/script%3E";
    let answer = port.get(&format!("/oauth/sandbox?{said}&state={}", port.state()));
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    let page = port.get("/done");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>"), "{page}");
    let sign_in = port.world.provider().sign_in.unwrap();
    assert!(matches!(sign_in.stage, SignInStage::Ended { ending: SignInEnding::Failed { .. } }));
}

#[test]
fn the_answer_counts_once_at_a_port_as_well() {
    let port = port();
    port.still_succeeds();
    let again = port.get(&port.target);
    assert!(again.starts_with("HTTP/1.1 404 "), "{again}");
    assert_eq!(port.world.sandbox.requests_to(Endpoint::Token).len(), 1);
}

#[test]
fn the_port_closes_when_the_sign_in_is_given_up_or_replaced() {
    let port = port();
    let id = port.world.provider().sign_in.unwrap().id;
    port.world.run(port.world.engine().cancel_sign_in(id)).unwrap();
    port.until_closed();
    let port = self::port();
    port.world.begin();
    port.until_closed();
}

#[test]
fn dl_46_at_a_port_too_ten_minutes_are_the_end() {
    let port = port();
    port.world.clock.advance(10 * MINUTE);
    let answer = port.get(&port.target);
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(port.world.sandbox.requests_to(Endpoint::Token).len(), 0);
}
