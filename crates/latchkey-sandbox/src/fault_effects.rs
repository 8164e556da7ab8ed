//! What a fault does to a request: instead of the processing, or to its answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::core::World;
use crate::faults::{Fault, Moment};
use crate::gate::{HeldRequest, Release};
use crate::pages;
use crate::route::Endpoint;
use crate::wire::Socket;

/// Two megabytes: more than any client should read of a token answer.
const OVERSIZED: usize = 2 * 1024 * 1024;

/// Deeper than any reader follows.
const NESTED: usize = 10_000;

/// The request that a fault meets.
pub(crate) struct Struck<'a> {
    pub(crate) world: &'a Arc<World>,
    pub(crate) socket: Socket,
    pub(crate) sequence: u64,
    pub(crate) endpoint: Endpoint,
}

/// Whether the fault asks for a rotation.
pub(crate) fn rotates(fault: &Fault) -> bool {
    *fault == Fault::RotateNow
}

/// The answer instead of processing, if the fault prevents that.
pub(crate) async fn before(fault: &Fault, struck: &Struck<'_>) -> Option<Response> {
    if fault.moment() == Moment::After {
        return None;
    }
    match fault {
        Fault::Status { .. } => Some(status(fault)),
        Fault::HtmlPage { status } => Some(answer::html(code(*status), pages::captive_portal())),
        Fault::Redirect { to } => Some(struck.redirect(to.as_deref())),
        Fault::OauthError { error, description, status } => {
            Some(oauth_error(error, description.as_deref(), *status))
        }
        Fault::Hang { .. } => Some(struck.hang().await),
        Fault::Drop { .. } => Some(struck.sever()),
        Fault::Hold { moment } => struck.hold(*moment).await,
        Fault::Delay { ms } => {
            struck.world.gate.pause(Duration::from_millis(*ms)).await;
            None
        }
        Fault::RotateNow
        | Fault::TruncatedJson
        | Fault::CutBody
        | Fault::OversizedBody
        | Fault::NestedJson
        | Fault::RepeatedMembers
        | Fault::GzipGarbage
        | Fault::SlowDrip { .. } => None,
    }
}

/// The answer that leaves, made from the one that processing gave.
pub(crate) async fn after(fault: &Fault, struck: &Struck<'_>, response: Response) -> Response {
    if fault.moment() == Moment::Before {
        return response;
    }
    match fault {
        Fault::Status { .. } => status(fault),
        Fault::Hang { .. } => struck.hang().await,
        Fault::Drop { .. } => struck.sever(),
        Fault::Hold { moment } => struck.hold(*moment).await.unwrap_or(response),
        Fault::TruncatedJson => rewrite(response, |body| Body::from(body.slice(..body.len() / 2))).await,
        Fault::CutBody => cut_body(response).await,
        Fault::OversizedBody => rewrite(response, |body| oversized(&body)).await,
        Fault::NestedJson => rewrite(response, |body| with_members(&body, |_| nested())).await,
        Fault::RepeatedMembers => rewrite(response, |body| with_members(&body, str::to_owned)).await,
        Fault::GzipGarbage => {
            let mut garbage = rewrite(response, |_| Body::from(&b"\x1f\x8bthis is no gzip stream"[..])).await;
            answer::set(&mut garbage, header::CONTENT_ENCODING, "gzip");
            garbage
        }
        Fault::SlowDrip { interval_ms } => {
            let interval = Duration::from_millis(*interval_ms);
            let world = Arc::clone(struck.world);
            rewrite(response, |body| drip(world, body, interval)).await
        }
        Fault::HtmlPage { .. }
        | Fault::Redirect { .. }
        | Fault::OauthError { .. }
        | Fault::Delay { .. }
        | Fault::RotateNow => response,
    }
}

impl Struck<'_> {
    fn sever(&self) -> Response {
        self.socket.sever();
        Response::new(Body::empty())
    }

    async fn hang(&self) -> Response {
        self.world.gate.hang().await;
        self.sever()
    }

    /// An answer only if the release closes the connection.
    async fn hold(&self, moment: Moment) -> Option<Response> {
        let request = HeldRequest { sequence: self.sequence, endpoint: self.endpoint, moment };
        match self.world.gate.hold(request).await {
            Release::Continue => None,
            Release::Drop => Some(self.sever()),
        }
    }

    /// `localhost` is another origin than the literal address, and still reaches this record.
    fn redirect(&self, to: Option<&str>) -> Response {
        let elsewhere =
            || format!("{}/elsewhere", self.world.core().origin.replace("127.0.0.1", "localhost"));
        let target = to.map_or_else(elsewhere, String::from);
        let mut response = answer::text(StatusCode::TEMPORARY_REDIRECT, "");
        answer::set(&mut response, header::LOCATION, &target);
        response
    }
}

fn status(fault: &Fault) -> Response {
    let Fault::Status { status, body, content_type, retry_after, moment: _ } = fault else {
        return Response::new(Body::empty());
    };
    let content_type = content_type.as_deref().unwrap_or("text/plain; charset=utf-8");
    let mut response = answer::typed(code(*status), content_type, body.clone().unwrap_or_default());
    if let Some(retry_after) = retry_after {
        answer::set(&mut response, header::RETRY_AFTER, retry_after);
    }
    response
}

fn oauth_error(error: &str, description: Option<&str>, status: Option<u16>) -> Response {
    let usual = if error == "invalid_client" { 401 } else { 400 };
    let description = description.unwrap_or("the sandbox was told to answer this");
    answer::json(code(status.unwrap_or(usual)), &json!({"error": error, "error_description": description}))
}

/// A number that is no status becomes 500.
fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn rewrite(response: Response, change: impl FnOnce(Bytes) -> Body) -> Response {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(parts, change(body))
}

/// Still valid JSON, with one huge member more.
fn oversized(body: &[u8]) -> Body {
    let mut members: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    members.insert("padding".into(), "a".repeat(OVERSIZED).into());
    Body::from(Value::Object(members).to_string())
}

/// The same object with more members, written by hand: no writer nests this deep or says a thing twice.
fn with_members(body: &[u8], more: impl FnOnce(&str) -> String) -> Body {
    let text = String::from_utf8_lossy(body);
    let members = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    Body::from(format!("{{{members},{}}}", more(members)))
}

fn nested() -> String {
    format!("\"padding\":{}{}", "[".repeat(NESTED), "]".repeat(NESTED))
}

fn drip(world: Arc<World>, body: Bytes, interval: Duration) -> Body {
    let dripping = stream::unfold((world, body), move |(world, mut rest)| async move {
        if rest.is_empty() {
            return None;
        }
        if !world.gate.pause(interval).await {
            return Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), (world, Bytes::new())));
        }
        let byte = rest.split_to(1);
        Some((Ok(byte), (world, rest)))
    });
    Body::from_stream(dripping)
}

/// Half of the body under the length of the whole, then the end of the connection.
async fn cut_body(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    let parts_of_it = stream::unfold(Some(half), |half| async move {
        // The first turn lets the server flush what it has before the stream fails.
        tokio::task::yield_now().await;
        Some(match half {
            Some(bytes) => (Ok(bytes), None),
            None => (Err(io::Error::from(io::ErrorKind::ConnectionReset)), None),
        })
    });
    let mut response = Response::from_parts(parts, Body::from_stream(parts_of_it));
    answer::set(&mut response, header::CONTENT_LENGTH, &body.len().to_string());
    response
}
