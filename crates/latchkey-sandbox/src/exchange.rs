//! One request, read completely before anybody judges it: a server that has read a request answers for it even if
//! its client is gone.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use serde_json::Value;

use crate::face::Face;
use crate::params::Params;
use crate::route::{self, Endpoint, Route};
use crate::wire::Socket;

/// No honest request of an OAuth client is larger, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
const JSON: &str = "application/json";

/// A request and the socket it came by.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) socket: Socket,
    pub(crate) new_socket: bool,
    pub(crate) route: Option<&'static Route>,
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Params,
    /// The members of a form; on the odd face also the texts of a JSON object.
    pub(crate) form: Params,
    /// The body where it is JSON.
    pub(crate) json: Option<Value>,
    pub(crate) headers: HeaderMap,
    /// Whether a fault asks this refresh to rotate, whatever the settings say.
    pub(crate) rotate_now: bool,
}

impl Exchange {
    /// `None` when the body is too large or its sender left.
    pub(crate) async fn read(socket: Socket, request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_LIMIT).await.ok()?;
        let route = route::find(parts.uri.path());
        let odd = route.is_some_and(|route| route.face == Face::Odd) && is(&parts.headers, JSON);
        let json = serde_json::from_slice(&body).ok();
        let form =
            if is_form(&parts.headers) { Params::parse(&body) } else { texts(json.as_ref().filter(|_| odd)) };
        Some(Self {
            new_socket: socket.first_use(),
            socket,
            route,
            endpoint: endpoint(route, &form),
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: Params::parse(parts.uri.query().unwrap_or_default().as_bytes()),
            form,
            json,
            headers: parts.headers,
            rotate_now: false,
        })
    }

    pub(crate) fn face(&self) -> Face {
        self.route.map_or(Face::Plain, |route| route.face)
    }

    pub(crate) fn is_form(&self) -> bool {
        is_form(&self.headers)
    }

    pub(crate) fn is_json(&self) -> bool {
        is(&self.headers, JSON)
    }

    /// A header as text; a value that is no text counts as absent.
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn endpoint(route: Option<&Route>, form: &Params) -> Endpoint {
    match route.map(|route| route.endpoint) {
        None => Endpoint::Elsewhere,
        Some(Endpoint::Token) if form.value("grant_type") == Some("refresh_token") => Endpoint::Refresh,
        Some(endpoint) => endpoint,
    }
}

/// The members of an object that are texts.
fn texts(json: Option<&Value>) -> Params {
    let members = json.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn is_form(headers: &HeaderMap) -> bool {
    is(headers, "application/x-www-form-urlencoded")
}

fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(media_type)
}
