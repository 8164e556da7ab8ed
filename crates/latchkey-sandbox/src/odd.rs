//! The odd face, under `/odd`: a provider that does everything otherwise, as its settings say, over the same books.
//!
//! A request is held against the oddities that are switched on, brought into the standard's form, and handed to the
//! same code as on the other faces.

mod identity;
mod registration;
mod revocation;

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::answer::{self, Answer};
use crate::authorize;
use crate::core::Core;
use crate::exchange::Exchange;
use crate::odd_settings::{OddAuthentication, OddChallenge, OddRefusal, OddSettings};
use crate::params::Params;
use crate::refusal::Refusal;
use crate::token;
use crate::token_answer;

pub(crate) use identity::{graphql, identity, me, validate};
pub(crate) use registration::{apps, register};
pub(crate) use revocation::{delete, revoke};

/// What stands in for a verifier where the face takes none.
const NO_VERIFIER: &str = "there-is-no-verifier-on-this-face-at-present-";

/// `GET /odd/authorize`
pub(crate) fn authorize(core: &mut Core, exchange: &Exchange) -> Answer {
    let odd = &core.settings.odd;
    match standard_query(odd, &exchange.query) {
        Ok(query) => {
            let standard = Exchange { query, ..exchange.clone() };
            authorize::show(core, &standard)
        }
        Err(why) => Answer::refused(answer::text(StatusCode::BAD_REQUEST, &why), why),
    }
}

fn standard_query(odd: &OddSettings, query: &Params) -> Result<Params, String> {
    let mut pairs = renamed(odd, query)?;
    if let Some(spelled) = &odd.scopes {
        if pairs.remove("scope").unwrap_or_default() != *spelled {
            return Err("the scopes are not spelled as they should be".into());
        }
    } else if let Some(scope) = pairs.get_mut("scope") {
        if odd.scope_separator != " " && scope.contains(' ') {
            return Err("the scopes are not separated as they should be".into());
        }
        *scope = scope.replace(&odd.scope_separator, " ");
    }
    let sent = (pairs.get("code_challenge").cloned(), pairs.get("code_challenge_method").cloned());
    let challenge = match (odd.challenge, sent) {
        (OddChallenge::Refused, (None, None)) => digest(NO_VERIFIER),
        (OddChallenge::Refused, _) => return Err("a code challenge breaks this face".into()),
        (OddChallenge::S256, (Some(challenge), Some(method))) if method == "S256" => challenge,
        (OddChallenge::Plain, (Some(challenge), Some(method))) if method == "plain" => digest(&challenge),
        (OddChallenge::S256Hex, (Some(challenge), Some(method))) if method == "S256" => {
            URL_SAFE_NO_PAD.encode(from_hex(&challenge).ok_or("the code challenge is not in hexadecimal")?)
        }
        (OddChallenge::S256 | OddChallenge::Plain | OddChallenge::S256Hex, _) => {
            return Err("the code challenge is missing or of another kind".into());
        }
    };
    pairs.insert("code_challenge".into(), challenge);
    pairs.insert("code_challenge_method".into(), "S256".into());
    Ok(pairs.into_iter().collect())
}

fn digest(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let good = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    if good { (0..64).step_by(2).map(byte).collect() } else { None }
}

/// The parameters under their standard names; a standard name that this face has renamed is refused.
fn renamed(odd: &OddSettings, params: &Params) -> Result<BTreeMap<String, String>, String> {
    let names = [
        (&odd.client_id_parameter, "client_id"),
        (&odd.client_secret_parameter, "client_secret"),
        (&odd.scope_parameter, "scope"),
    ];
    let mut pairs = BTreeMap::new();
    for (name, value) in params.iter() {
        let known = names.iter().find(|(own, _)| own.as_str() == name);
        let taken = names.iter().any(|(own, standard)| *standard == name && own.as_str() != name);
        if taken {
            return Err(format!("{name} has another name on this face"));
        }
        pairs.insert(known.map_or(name, |(_, standard)| standard).to_owned(), value.to_owned());
    }
    Ok(pairs)
}

/// `POST /odd/token`
pub(crate) fn token(core: &mut Core, exchange: &Exchange) -> Answer {
    if core.settings.odd.refresh_apart && exchange.form.value("grant_type") == Some("refresh_token") {
        return refuse(core, &Refusal::UnsupportedGrantType);
    }
    answer(core, exchange)
}

/// `POST /odd/refresh`
pub(crate) fn refresh(core: &mut Core, exchange: &Exchange) -> Answer {
    if !core.settings.odd.refresh_apart || exchange.form.value("grant_type") != Some("refresh_token") {
        return refuse(core, &Refusal::UnsupportedGrantType);
    }
    answer(core, exchange)
}

fn answer(core: &mut Core, exchange: &Exchange) -> Answer {
    let standard = match standard_form(&core.settings.odd, exchange) {
        Ok(standard) => standard,
        Err(refusal) => return refuse(core, &refusal),
    };
    match token::handle(core, &standard) {
        Ok((tokens, occasion)) => {
            let object = token_answer::object(core, exchange.face(), &tokens, occasion);
            Answer::accepted(grant(core, object))
        }
        Err(refusal) => refuse(core, &refusal),
    }
}

/// The request as the standard has it, if it has every oddity that is switched on.
fn standard_form(odd: &OddSettings, exchange: &Exchange) -> Result<Exchange, Refusal> {
    if odd.json_body != exchange.is_json() {
        return Err(Refusal::NotAForm);
    }
    let mut pairs =
        renamed(odd, &exchange.form).map_err(|_| Refusal::Missing("a parameter of its own name"))?;
    for (name, value) in &odd.token_parameters {
        if pairs.remove(name).as_ref() != Some(value) {
            return Err(Refusal::Missing("a parameter of this face"));
        }
    }
    let (header, secret) =
        (exchange.headers.contains_key(header::AUTHORIZATION), pairs.contains_key("client_secret"));
    let right = match odd.authentication {
        OddAuthentication::None => !header && !secret,
        OddAuthentication::Basic => header && !secret && !pairs.contains_key("client_id"),
        OddAuthentication::Post => !header && secret,
    };
    if !right {
        return Err(Refusal::WrongClientSecret);
    }
    if odd.challenge == OddChallenge::Refused && pairs.contains_key("code") {
        if pairs.contains_key("code_verifier") {
            return Err(Refusal::MalformedVerifier);
        }
        pairs.insert("code_verifier".into(), NO_VERIFIER.into());
    }
    let mut standard = Exchange { form: pairs.into_iter().collect(), ..exchange.clone() };
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    standard.headers.insert(header::CONTENT_TYPE, form);
    Ok(standard)
}

/// The successful answer in this face's form.
fn grant(core: &Core, mut object: Map<String, Value>) -> Response {
    let odd = &core.settings.odd;
    object.remove("x_sandbox");
    if let Some(Value::String(scope)) = object.get("scope") {
        let list: Vec<&str> = scope.split(' ').collect();
        let spelled = if odd.scopes_as_list { json!(list) } else { list.join(&odd.scope_separator).into() };
        object.insert("scope".into(), spelled);
    }
    if let Some(at) = odd.expires_at {
        object.remove("expires_in");
        object.insert("expires_at".into(), at.into());
    }
    let mut answer = match &odd.token_member {
        Some(member) => Map::from_iter([(member.clone(), Value::Object(object))]),
        None => object,
    };
    answer.extend(odd.answer_extra.iter().map(|(name, value)| (name.clone(), value.clone())));
    match odd.refusal {
        OddRefusal::Standard | OddRefusal::OwnWords => {}
        OddRefusal::OkFlag => drop(answer.insert("ok".into(), true.into())),
        OddRefusal::StatusNumber => drop(answer.insert("status".into(), 0.into())),
    }
    written(odd, StatusCode::OK, &answer)
}

fn written(odd: &OddSettings, status: StatusCode, object: &Map<String, Value>) -> Response {
    if !odd.form_answers {
        return answer::json(status, &Value::Object(object.clone()));
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = object.iter().map(|(name, value)| (name, text(value)));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    answer::typed(status, "application/x-www-form-urlencoded", body)
}

/// A refusal of the token endpoint in this face's form.
pub(crate) fn refuse(core: &Core, refusal: &Refusal) -> Answer {
    let odd = &core.settings.odd;
    let own = match refusal.code() {
        "invalid_grant" => "bad_refresh_token",
        "invalid_client" => "incorrect_client_credentials",
        other => other,
    };
    let (status, object) = match odd.refusal {
        OddRefusal::Standard => (refusal.status(), json!({"error": refusal.code()})),
        OddRefusal::OwnWords => (StatusCode::OK, json!({"error": own})),
        OddRefusal::OkFlag => (StatusCode::OK, json!({"ok": false, "error": own})),
        OddRefusal::StatusNumber => {
            let number = if refusal.code() == "invalid_grant" { 401 } else { 503 };
            (StatusCode::OK, json!({"status": number, "body": {}}))
        }
    };
    let object = object.as_object().cloned().unwrap_or_default();
    Answer::refused(written(odd, status, &object), refusal.reason())
}
