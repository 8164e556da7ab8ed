//! A web server of a few lines: pages with an answer per path, for browsers to look at.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

/// A page with this title and body.
pub(crate) fn page(title: &str, body: &str) -> String {
    let text = format!("<!doctype html><title>{title}</title><body>{body}</body>");
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}

/// Serves `answer(path)` on a free port; returns the origin. Ends with the test program.
pub(crate) fn serve(answer: fn(&str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || talk(&stream, answer));
        }
    });
    origin
}

/// Answers the requests of one connection; a browser that goes away is no failure.
fn talk(stream: &TcpStream, answer: fn(&str) -> String) -> Option<()> {
    let mut input = BufReader::new(stream);
    loop {
        let mut first = String::new();
        input.read_line(&mut first).ok().filter(|count| *count > 0)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            input.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        input.by_ref().take(length).read_to_end(&mut Vec::new()).ok()?;
        let path = first.split_whitespace().nth(1)?;
        (&mut &*stream).write_all(answer(path).as_bytes()).ok()?;
    }
}
