//! The resources of the plain face, and how a bearer is read (RFC 6750).

use axum::http::{StatusCode, header};
use serde_json::json;

use crate::account;
use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::grant::BearerRefusal;
use crate::ledger::Access;

/// `Authorization` as it arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bearer<'a> {
    Absent,
    /// Not `Bearer` and one token.
    Malformed,
    Token(&'a str),
}

impl<'a> Bearer<'a> {
    pub(crate) fn read(exchange: &'a Exchange) -> Self {
        match exchange.header(header::AUTHORIZATION) {
            None => Self::Absent,
            Some(value) => Self::parse(value),
        }
    }

    fn parse(value: &'a str) -> Self {
        match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Self::Token(token.trim())
            }
            Some(_) | None => Self::Malformed,
        }
    }
}

/// `GET /userinfo`
pub(crate) fn userinfo(core: &mut Core, exchange: &Exchange) -> Answer {
    let access = match access(core, exchange, "profile") {
        Ok(access) => access,
        Err(denied) => return denied.answer(),
    };
    let Some(person) = account::find(access.account) else {
        return Denied::Dead(BearerRefusal::Unknown).answer();
    };
    let mut body = json!({
        "sub": person.id,
        "name": person.name,
        "preferred_username": person.id,
        "picture": format!("{}/pictures/{}.png", core.origin, person.id),
    });
    if let (true, Some(members)) = (may(&access, "email"), body.as_object_mut()) {
        members.insert("email".into(), person.email.into());
        members.insert("email_verified".into(), true.into());
    }
    Answer::accepted(answer::json(StatusCode::OK, &body))
}

/// `GET /api/library`
pub(crate) fn library(core: &mut Core, exchange: &Exchange) -> Answer {
    match access(core, exchange, "library.read") {
        Ok(access) => {
            let items =
                [json!({"id": "1", "title": "Test Pressing"}), json!({"id": "2", "title": "No Context"})];
            let body = json!({"owner": access.account, "items": items});
            Answer::accepted(answer::json(StatusCode::OK, &body))
        }
        Err(denied) => denied.answer(),
    }
}

pub(crate) fn may(access: &Access<'_>, scope: &str) -> bool {
    access.scopes.iter().any(|granted| granted == scope)
}

fn access<'a>(core: &'a Core, exchange: &Exchange, scope: &'static str) -> Result<Access<'a>, Denied> {
    if exchange.query.all("access_token").next().is_some() {
        return Err(Denied::TokenInQuery);
    }
    let token = match Bearer::read(exchange) {
        Bearer::Token(token) => token,
        Bearer::Absent => return Err(Denied::NoToken),
        Bearer::Malformed => return Err(Denied::Malformed),
    };
    let access = core.ledger.access(token, core.clock.now()).map_err(Denied::Dead)?;
    if may(&access, scope) { Ok(access) } else { Err(Denied::Scope(scope)) }
}

/// Why a resource is not given.
enum Denied {
    TokenInQuery,
    NoToken,
    Malformed,
    Dead(BearerRefusal),
    Scope(&'static str),
}

impl Denied {
    /// The status and the `error` of RFC 6750 3.1; without a token the challenge names no error.
    fn code(&self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, None),
            Self::TokenInQuery | Self::Malformed => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Self::Dead(_) => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            Self::Scope(_) => (StatusCode::FORBIDDEN, Some("insufficient_scope")),
        }
    }

    fn why(&self) -> String {
        let fixed = match self {
            Self::Scope(scope) => return format!("{scope} was not granted"),
            Self::TokenInQuery => "a token in the query ends up in logs",
            Self::NoToken => "no token was sent",
            Self::Malformed => "Authorization is not Bearer",
            Self::Dead(BearerRefusal::Unknown) => "the access token was never issued",
            Self::Dead(BearerRefusal::Expired) => "the access token expired",
            Self::Dead(BearerRefusal::Revoked) => "the access token was revoked",
        };
        fixed.into()
    }

    fn answer(&self) -> Answer {
        let ((status, error), why) = (self.code(), self.why());
        let detail = error
            .map(|error| format!(", error=\"{error}\", error_description=\"{why}\""))
            .unwrap_or_default();
        let mut response = answer::json(status, &json!({"error": error, "error_description": why}));
        answer::set(&mut response, header::WWW_AUTHENTICATE, &format!("Bearer realm=\"sandbox\"{detail}"));
        Answer::refused(response, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_one_scheme_and_one_token() {
        assert_eq!(Bearer::parse("bearer abc"), Bearer::Token("abc"));
        for wrong in ["abc", "Bearer", "Bearer ", "Basic abc"] {
            assert_eq!(Bearer::parse(wrong), Bearer::Malformed, "{wrong}");
        }
    }
}
