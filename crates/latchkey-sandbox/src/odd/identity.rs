//! The calls of the odd face that need an access token: who is this, and is it still valid?

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::account::{self, Account};
use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::odd_settings::{OddPresentation, OddRefusal};

/// `GET /odd/me`
pub(crate) fn me(core: &mut Core, exchange: &Exchange) -> Answer {
    answer(core, exchange, |person| json!({"user": {"id": person.id, "name": person.name}}))
}

/// `GET` or `POST /odd/identity`, as the settings say.
pub(crate) fn identity(core: &mut Core, exchange: &Exchange) -> Answer {
    let asked = core.settings.odd.identity.clone();
    if asked.post != (exchange.method == Method::POST) {
        return Answer::refused(
            answer::text(StatusCode::METHOD_NOT_ALLOWED, ""),
            "the method is another one",
        );
    }
    let sent = exchange.json.as_ref().map(Value::to_string);
    let wanted = asked.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
    if sent != wanted.map(|wanted| wanted.to_string()) {
        return Answer::refused(answer::text(StatusCode::BAD_REQUEST, ""), "the body is another one");
    }
    let filled = |person: &Account| {
        let text = asked.answer.to_string();
        let text = text.replace("{id}", person.id).replace("{name}", person.name);
        serde_json::from_str(&text).unwrap_or_default()
    };
    answer(core, exchange, filled)
}

/// `POST /odd/graphql`
pub(crate) fn graphql(core: &mut Core, exchange: &Exchange) -> Answer {
    if !exchange.is_json() || exchange.form.value("query") != Some("{ viewer { id name } }") {
        return Answer::refused(answer::text(StatusCode::BAD_REQUEST, ""), "the query is another one");
    }
    answer(core, exchange, |person| json!({"data": {"viewer": {"id": person.id, "name": person.name}}}))
}

/// `GET /odd/validate`
pub(crate) fn validate(core: &mut Core, exchange: &Exchange) -> Answer {
    match bearer(core, exchange, OddPresentation::Scheme) {
        Some(person) => Answer::accepted(answer::json(StatusCode::OK, &json!({"login": person.id}))),
        None => Answer::refused(answer::json(StatusCode::UNAUTHORIZED, &json!({"status": 401})), "not valid"),
    }
}

fn answer(core: &Core, exchange: &Exchange, body: impl Fn(&Account) -> Value) -> Answer {
    let odd = &core.settings.odd;
    for (name, value) in &odd.identity_headers {
        if exchange.headers.get(name).and_then(|value| value.to_str().ok()) != Some(value) {
            return Answer::refused(answer::text(StatusCode::BAD_REQUEST, ""), format!("{name} is missing"));
        }
    }
    let person = bearer(core, exchange, odd.presentation);
    match (person, odd.refusal) {
        (Some(person), _) => Answer::accepted(answer::json(StatusCode::OK, &body(person))),
        (None, OddRefusal::OkFlag) => {
            let body = json!({"ok": false, "error": "invalid_auth"});
            Answer::refused(answer::json(StatusCode::OK, &body), "no valid access token")
        }
        (None, OddRefusal::Standard | OddRefusal::OwnWords | OddRefusal::StatusNumber) => {
            Answer::refused(answer::text(StatusCode::UNAUTHORIZED, ""), "no valid access token")
        }
    }
}

/// Whose token is shown in this way, and in no other.
fn bearer(core: &Core, exchange: &Exchange, way: OddPresentation) -> Option<&'static Account> {
    let authorization = exchange.header(header::AUTHORIZATION);
    let query = exchange.query.value("access_token");
    let own = exchange.headers.get("x-odd-token").and_then(|value| value.to_str().ok());
    let token = match (way, authorization, query, own) {
        (OddPresentation::Bearer, Some(value), None, None) => value.strip_prefix("Bearer ")?,
        (OddPresentation::Scheme, Some(value), None, None) => value.strip_prefix("OAuth ")?,
        (OddPresentation::Query, None, Some(value), None)
        | (OddPresentation::Header, None, None, Some(value)) => value,
        (
            OddPresentation::Bearer
            | OddPresentation::Scheme
            | OddPresentation::Query
            | OddPresentation::Header,
            _,
            _,
            _,
        ) => return None,
    };
    let access = core.ledger.access(token, core.clock.now()).ok()?;
    account::find(access.account)
}
