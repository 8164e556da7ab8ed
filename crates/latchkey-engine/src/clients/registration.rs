//! Registering Latchkey with a server that lets programs do so by themselves (RFC 7591, Mastodon's form).

use http::{HeaderValue, header};
use latchkey_protocol::{Problem, ProblemCode};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::credential::RegisteredClient;
use crate::http::Reply;
use crate::live::Parts;
use crate::provider::Provider;
use crate::provider::file::{Client, ClientAuthentication, Registration, RegistrationStyle, SecretNeed};
use crate::text::displayable;
use crate::view;

/// Bytes that a registration answer may have.
const LIMIT: usize = 64 * 1024;
/// The name under which the person finds the program at the provider.
const NAME: &str = "Latchkey";

/// Asks the server for a client of its own for this computer.
pub(super) async fn register(
    parts: &Parts,
    provider: &Provider,
    registration: &Registration,
) -> Result<RegisteredClient, Problem> {
    let name = &provider.file.name;
    let request =
        request(provider, registration).ok_or_else(|| refused(name, "its registration address is no URL"))?;
    let reply = parts.http.send(request, LIMIT).await.map_err(|error| {
        let message = format!("{name} cannot be reached ({error}).");
        Problem::new(ProblemCode::Temporary, message)
            .hint("Check the address and the network, and try again.")
    })?;
    read(&reply, method(&provider.file.client)).ok_or_else(|| refused(name, &said(&reply)))
}

/// How the client is going to prove itself, in the words of RFC 7591 2: the first way of the file.
fn method(form: &Client) -> &'static str {
    match (form.authentication.first(), form.secret) {
        (Some(ClientAuthentication::None), _) | (None, SecretNeed::None) => "none",
        (Some(ClientAuthentication::Basic), _) => "client_secret_basic",
        (Some(ClientAuthentication::Post), _) | (None, SecretNeed::Optional | SecretNeed::Required) => {
            "client_secret_post"
        }
    }
}

fn request(provider: &Provider, registration: &Registration) -> Option<Request> {
    let redirects = view::redirect_uris(provider);
    // One registration is for every sign-in there, whatever this one asks for.
    let scopes = provider.every_scope().join(" ");
    let (media_type, body) = match registration.style {
        RegistrationStyle::Rfc7591 => {
            let body = json!({
                "client_name": NAME,
                "redirect_uris": redirects,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": method(&provider.file.client),
                "application_type": "native",
                "dpop_bound_access_tokens": provider.file.authorization.dpop,
                "scope": scopes,
            });
            ("application/json", body.to_string())
        }
        RegistrationStyle::Mastodon => {
            let fields =
                [("client_name", NAME), ("redirect_uris", &redirects.join("\n")), ("scopes", &scopes)];
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            ("application/x-www-form-urlencoded", body)
        }
    };
    let mut request = Request::new(Method::POST, Url::parse(&registration.url).ok()?);
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(body.into());
    Some(request)
}

/// The client in the answer (RFC 7591 3.2.1), which may say otherwise how it proves itself than was `asked`. One
/// without a proof has no use for a secret.
fn read(reply: &Reply, asked: &str) -> Option<RegisteredClient> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    let text = |name: &str| body.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let method = text("token_endpoint_auth_method").unwrap_or_else(|| asked.to_owned());
    let secret = text("client_secret").filter(|_| method != "none").map(Into::into);
    let client = RegisteredClient { id: text("client_id")?, secret };
    (200..=299).contains(&reply.status).then_some(client)
}

fn said(reply: &Reply) -> String {
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let said = body.as_ref().and_then(|body| body.get("error_description").or_else(|| body.get("error")));
    let said = said.and_then(Value::as_str).and_then(displayable);
    said.unwrap_or_else(|| format!("it answers {}", reply.status))
}

fn refused(name: &str, why: &str) -> Problem {
    let message = format!("{name} did not register Latchkey: {why}.");
    Problem::new(ProblemCode::Misconfigured, message)
        .hint("Check the address. If it is right, register an app there by hand and save its client id.")
}
