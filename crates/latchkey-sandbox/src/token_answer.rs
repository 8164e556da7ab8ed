//! How the token endpoint writes its answer: RFC 6749 5.1, and every way in which providers bend it.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::answer;
use crate::core::Core;
use crate::face::Face;
use crate::ledger::TokenSet;
use crate::settings::{ExpiresIn, RefreshTokenMember, ScopeMember, Settings, TokenType};

/// What the answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Code,
    Refresh,
}

/// The successful answer.
pub(crate) fn write(core: &Core, face: Face, tokens: &TokenSet, occasion: Occasion) -> Response {
    answer::json(StatusCode::OK, &Value::Object(object(core, face, tokens, occasion)))
}

/// What it says.
pub(crate) fn object(core: &Core, face: Face, tokens: &TokenSet, occasion: Occasion) -> Map<String, Value> {
    let settings = &core.settings;
    let members = [
        ("access_token", Some(tokens.access_token.clone().into())),
        ("token_type", token_type(settings)),
        ("expires_in", expires_in(settings, face)),
        ("refresh_token", refresh_token(settings, tokens, occasion)),
        ("scope", scope(settings, tokens)),
        // A client has to ignore what it does not know (RFC 6749 5.1).
        ("x_sandbox", (face == Face::Plain).then(|| json!({"unknown": ["member"]}))),
    ];
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.collect()
}

fn token_type(settings: &Settings) -> Option<Value> {
    match settings.token_type {
        TokenType::Bearer => Some("Bearer".into()),
        TokenType::LowerCase => Some("bearer".into()),
        TokenType::Mac => Some("mac".into()),
        TokenType::Missing => None,
    }
}

fn expires_in(settings: &Settings, face: Face) -> Option<Value> {
    let seconds = face.access_token_life(settings);
    match settings.expires_in {
        ExpiresIn::Number => Some(seconds.into()),
        ExpiresIn::String => Some(seconds.to_string().into()),
        ExpiresIn::Float => Some(u32::try_from(seconds).map_or(f64::MAX, f64::from).into()),
        ExpiresIn::Zero => Some(0.into()),
        ExpiresIn::Missing => None,
    }
}

fn refresh_token(settings: &Settings, tokens: &TokenSet, occasion: Occasion) -> Option<Value> {
    let by_rotation = tokens.refresh_token.clone().map(Value::from);
    match (occasion, settings.refresh_token_on_refresh) {
        (Occasion::Code, _) | (Occasion::Refresh, RefreshTokenMember::ByRotation) => by_rotation,
        (Occasion::Refresh, RefreshTokenMember::Null) => Some(Value::Null),
        (Occasion::Refresh, RefreshTokenMember::Empty) => Some("".into()),
    }
}

fn scope(settings: &Settings, tokens: &TokenSet) -> Option<Value> {
    let granted = tokens.scopes.join(" ");
    match settings.scope {
        ScopeMember::Echo | ScopeMember::Reduced => Some(granted.into()),
        ScopeMember::Widened => Some(format!("{granted} admin").into()),
        ScopeMember::Missing => None,
    }
}
