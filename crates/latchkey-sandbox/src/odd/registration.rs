//! Registration at run time: RFC 7591, and the form that Mastodon has for it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::client::Client;
use crate::core::Core;
use crate::exchange::Exchange;

/// `POST /odd/register`
pub(crate) fn register(core: &mut Core, exchange: &Exchange) -> Answer {
    let listed = |name: &str| exchange.json.as_ref()?.get(name)?.as_array().cloned();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let redirects: Option<Vec<String>> =
        listed("redirect_uris").map(|list| list.iter().filter_map(text).collect());
    match (exchange.form.value("client_name"), redirects) {
        (Some(name), Some(redirects)) if !redirects.is_empty() => {
            let public = exchange.form.value("token_endpoint_auth_method") == Some("none");
            let client = add(core, name, redirects, !public);
            let body = json!({"client_id": client.id, "client_secret": client.secret});
            Answer::accepted(answer::json(StatusCode::CREATED, &body))
        }
        (Some(_) | None, Some(_) | None) => {
            let body = json!({"error": "invalid_client_metadata"});
            Answer::refused(
                answer::json(StatusCode::BAD_REQUEST, &body),
                "client_name or redirect_uris is missing",
            )
        }
    }
}

/// `POST /odd/apps`
pub(crate) fn apps(core: &mut Core, exchange: &Exchange) -> Answer {
    let form = &exchange.form;
    match (form.value("client_name"), form.value("redirect_uris"), form.value("scopes")) {
        (Some(name), Some(redirects), Some(_)) if exchange.is_form() => {
            let client = add(core, name, redirects.lines().map(str::to_owned).collect(), true);
            let body = json!({"id": "1", "client_id": client.id, "client_secret": client.secret});
            Answer::accepted(answer::json(StatusCode::OK, &body))
        }
        (Some(_) | None, Some(_) | None, Some(_) | None) => {
            let body = json!({"error": "Validation failed"});
            Answer::refused(answer::json(StatusCode::UNPROCESSABLE_ENTITY, &body), "a field is missing")
        }
    }
}

fn add(core: &mut Core, name: &str, redirect_uris: Vec<String>, secret: bool) -> Client {
    let id = core.entropy.name("registered_");
    let secret = secret.then(|| core.entropy.name("secret_"));
    let client = Client { id, name: name.to_owned(), secret, redirect_uris };
    core.clients.push(client.clone());
    client
}
