//! What the network does to a request before and after it has left. The clock of the runtime is paused and
//! runs on by itself whenever nothing else can: a limit of seconds is met at once.
#![expect(clippy::disallowed_methods, reason = "the limits of the HTTP client follow the runtime's clock")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use super::*;

fn post(port: u16, scheme: &str) -> reqwest::Request {
    let url = Url::parse(&format!("{scheme}://127.0.0.1:{port}/token")).unwrap();
    let mut request = reqwest::Request::new(reqwest::Method::POST, url);
    *request.body_mut() = Some("refresh_token=planted".into());
    request
}

async fn sent(port: u16, scheme: &str) -> Result<Reply, NoReply> {
    Http::default().send(post(port, scheme), 64 * 1024).await
}

#[tokio::test(start_paused = true)]
async fn f03_a_connection_that_never_stands_has_sent_nothing() {
    // The one place in the queue is taken, and nobody is ever let in.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = std::net::TcpStream::connect(address).unwrap();
    let before = tokio::time::Instant::now();
    let end = sent(address.port(), "http").await;
    assert!(matches!(end, Err(NoReply::NotSent(_))), "{end:?}");
    assert_eq!(before.elapsed().as_secs(), CONNECT.as_secs());
    drop(waiting);
}

#[tokio::test(start_paused = true)]
async fn f03_a_handshake_that_never_ends_has_sent_nothing() {
    // The system accepts for a listener that never does.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let end = sent(listener.local_addr().unwrap().port(), "https").await;
    assert!(matches!(end, Err(NoReply::NotSent(_))), "{end:?}");
    let (mut stream, _) = listener.accept().unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert!(!said.windows(7).any(|bytes| bytes == b"planted"));
}

/// Reads a request, then answers with `parts`, one a second, and stays silent.
async fn dripping(parts: Vec<&'static [u8]>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"planted") {
            stream.read_buf(&mut said).await.unwrap();
        }
        for part in parts {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if stream.write_all(part).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    });
    port
}

#[tokio::test(start_paused = true)]
async fn f29_a_header_that_drips_is_given_up_after_ten_seconds_and_may_have_been_processed() {
    let port = dripping(vec![b"H"; 60]).await;
    let before = tokio::time::Instant::now();
    assert!(matches!(sent(port, "http").await, Err(NoReply::Lost(_))));
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn f29_an_answer_that_drips_is_given_up_after_fifteen_seconds_and_may_have_been_processed() {
    let head: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let port = dripping([vec![head], vec![b"{"; 60]].concat()).await;
    let before = tokio::time::Instant::now();
    assert!(matches!(sent(port, "http").await, Err(NoReply::Lost(_))));
    assert_eq!(before.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn f30_no_compression_is_asked_for_and_what_is_compressed_all_the_same_stays_as_small_as_it_came() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut said, mut byte) = (Vec::new(), [0]);
        while !said.ends_with(b"planted") {
            stream.read_exact(&mut byte).unwrap();
            said.extend_from_slice(&byte);
        }
        let head =
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: 3\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(b"\x1f\x8b\x08").unwrap();
        String::from_utf8(said).unwrap().to_lowercase()
    });
    assert_eq!(sent(port, "http").await.unwrap().body, b"\x1f\x8b\x08");
    let said = server.join().unwrap();
    assert!(!said.contains("accept-encoding"), "{said}");
}
