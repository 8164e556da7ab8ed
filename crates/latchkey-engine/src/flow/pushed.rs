//! Pushed authorization requests (RFC 9126): the request goes to the provider directly, and the browser carries a
//! reference to it.

use http::{HeaderValue, header};
use latchkey_protocol::{Problem, ProblemCode};
use reqwest::{Method, Request};
use serde_json::Value;
use url::Url;

use super::dialect::{FORM, Proof, as_form, prove};
use crate::credential::RegisteredClient;
use crate::http::{Http, NoReply, Reply};
use crate::provider::Provider;
use crate::text::{displayable, without};

/// Bytes that an answer may have.
const LIMIT: usize = 64 * 1024;

/// Pushes the request of `url`, where the provider wants that, and returns where the browser goes instead. What
/// goes wrong is never got around by sending the request with the browser (R100).
pub(crate) async fn push(
    http: &Http,
    provider: &Provider,
    client: &RegisteredClient,
    url: &Url,
) -> Result<Option<Url>, Problem> {
    let authorization = &provider.file.authorization;
    let Some(to) = authorization.par_url.as_ref().filter(|_| authorization.par_required) else {
        return Ok(None);
    };
    let name = &provider.file.name;
    let place = || (Url::parse(to).ok(), Url::parse(&authorization.url).ok());
    let (Some(to), Some(at)) = place() else {
        return Err(refused(name, "it says where to push requests, and that is no URL"));
    };
    let request = request(provider, client, to, &at, url);
    let reply = http.send(request, LIMIT).await.map_err(|error| unanswered(name, &error))?;
    let reference = read(name, client, &reply)?;
    let mut url = at;
    url.query_pairs_mut()
        .append_pair(&provider.file.client.id_parameter, &client.id)
        .append_pair("request_uri", &reference);
    Ok(Some(url))
}

/// What the browser would have carried, and the client's proof (RFC 9126 2.1).
fn request(provider: &Provider, client: &RegisteredClient, to: Url, at: &Url, url: &Url) -> Request {
    let own: Vec<_> = at.query_pairs().collect();
    let asked = url.query_pairs().filter(|pair| !own.contains(pair));
    let mut fields: Vec<_> = asked.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let mut request = Request::new(Method::POST, to);
    match prove(&provider.file.client, client) {
        Proof::Header(value) => drop(request.headers_mut().insert(header::AUTHORIZATION, value)),
        Proof::Fields(proof) => {
            fields.retain(|(name, _)| !proof.iter().any(|(proven, _)| proven == name));
            fields.extend(proof);
        }
    }
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(as_form(&fields).into());
    request
}

/// The reference in the answer (RFC 9126 2.2).
fn read(name: &str, client: &RegisteredClient, reply: &Reply) -> Result<String, Problem> {
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let text = |member: &str| body.as_ref().and_then(|body| body.get(member)).and_then(Value::as_str);
    match reply.status {
        200 | 201 => {
            let fits = |reference: &&str| {
                (1..=2000).contains(&reference.len())
                    && reference.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
            };
            let reference = text("request_uri").filter(fits).map(str::to_owned);
            reference.ok_or_else(|| refused(name, "its answer names no request"))
        }
        300..=399 => Err(refused(name, "the place for it answers with a redirect, which is never followed")),
        408 | 425 | 429 | 500..=599 => Err(later(name, &format!("it answers {}", reply.status))),
        status => {
            let said = text("error_description").or_else(|| text("error"));
            let said =
                said.and_then(|said| displayable(&without(said, &client.secret.iter().collect::<Vec<_>>())));
            Err(refused(name, &said.unwrap_or_else(|| format!("it answers {status}"))))
        }
    }
}

fn unanswered(name: &str, error: &NoReply) -> Problem {
    match error {
        NoReply::TooLarge(_) => refused(name, &error.to_string()),
        NoReply::NotSent(_) | NoReply::Untrusted(_) | NoReply::ProxyRefused | NoReply::Lost(_) => {
            later(name, &error.to_string())
        }
    }
}

fn later(name: &str, why: &str) -> Problem {
    Problem::new(ProblemCode::Temporary, format!("{name} did not take the request to sign in: {why}."))
        .hint("Check the network and try again.")
}

fn refused(name: &str, why: &str) -> Problem {
    Problem::new(ProblemCode::Misconfigured, format!("{name} did not take the request to sign in: {why}."))
        .hint("Check the client id, and that the redirect URI is registered to the letter.")
}
