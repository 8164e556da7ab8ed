//! The web API of the Spotify face: `/v1/me`, recently played, and the error shapes of `api.spotify.com`.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use crate::account::{self, Account};
use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::grant::BearerRefusal;
use crate::settings::Standing;
use crate::spotify_plays::{self, Page};
use crate::userinfo::{Bearer, may};

const NOT_ALLOWLISTED: &str = "User not registered in the Developer Dashboard";
const PREMIUM_MISSING: &str = "Active premium subscription required for the owner of the app. When the subscription \
     status changes, it can take a few hours before requests are allowed again.";

/// `GET /spotify/v1/me`
pub(crate) fn me(core: &mut Core, exchange: &Exchange) -> Answer {
    match person(core, exchange, None) {
        Ok(person) => Answer::accepted(answer::json(StatusCode::OK, &profile(core, person))),
        Err(denied) => denied.answer(),
    }
}

/// `GET /spotify/v1/me/player/recently-played`
pub(crate) fn recently_played(core: &mut Core, exchange: &Exchange) -> Answer {
    if let Err(denied) = person(core, exchange, Some("user-read-recently-played")) {
        return denied.answer();
    }
    let href = format!("{}{}", core.origin, exchange.path);
    match Page::read(&exchange.query) {
        Ok(page) => {
            let body = spotify_plays::write(&page, &href, core.settings.spotify.nothing_played);
            Answer::accepted(answer::json(StatusCode::OK, &body))
        }
        Err(why) => Denied::Told(StatusCode::BAD_REQUEST, why).answer(),
    }
}

/// Why the web API gives nothing.
pub(crate) enum Denied {
    /// In the JSON shape of `api.spotify.com`.
    Told(StatusCode, &'static str),
    /// In plain text, which must not hide the status.
    Text(StatusCode, &'static str),
    RateLimited {
        retry_after_seconds: u64,
    },
    QuotaExceeded,
}

/// The person behind the bearer. Standing comes after the token, as a person who is not on the allowlist can still
/// finish a sign-in.
pub(crate) fn person(
    core: &Core,
    exchange: &Exchange,
    scope: Option<&str>,
) -> Result<&'static Account, Denied> {
    let unauthorized = |why| Denied::Told(StatusCode::UNAUTHORIZED, why);
    let token = match Bearer::read(exchange) {
        Bearer::Token(token) => token,
        Bearer::Absent => return Err(unauthorized("No token provided")),
        Bearer::Malformed => {
            return Err(Denied::Told(StatusCode::BAD_REQUEST, "Only valid bearer authentication supported"));
        }
    };
    let access = core.ledger.access(token, core.clock.now()).map_err(|refusal| match refusal {
        BearerRefusal::Expired => unauthorized("The access token expired"),
        BearerRefusal::Unknown | BearerRefusal::Revoked => unauthorized("Invalid access token"),
    })?;
    if let Some(denied) = Denied::for_standing(core.settings.spotify.standing) {
        return Err(denied);
    }
    if scope.is_some_and(|scope| !may(&access, scope)) {
        return Err(Denied::Told(StatusCode::FORBIDDEN, "Insufficient client scope"));
    }
    account::find(access.account).ok_or_else(|| unauthorized("Invalid access token"))
}

impl Denied {
    fn for_standing(standing: Standing) -> Option<Self> {
        match standing {
            Standing::Good => None,
            Standing::NotAllowlisted => Some(Self::Text(StatusCode::FORBIDDEN, NOT_ALLOWLISTED)),
            Standing::PremiumMissing => Some(Self::Text(StatusCode::FORBIDDEN, PREMIUM_MISSING)),
            Standing::RateLimited { retry_after_seconds } => Some(Self::RateLimited { retry_after_seconds }),
            Standing::QuotaExceeded => Some(Self::QuotaExceeded),
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Told(status, why) => {
                let body = json!({"error": {"status": status.as_u16(), "message": why}});
                Answer::refused(answer::json(*status, &body), *why)
            }
            Self::Text(status, why) => Answer::refused(answer::text(*status, why), *why),
            Self::RateLimited { retry_after_seconds } => {
                let mut response = answer::text(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
                answer::set(&mut response, header::RETRY_AFTER, &retry_after_seconds.to_string());
                Answer::refused(response, "rate limited")
            }
            Self::QuotaExceeded => {
                let error =
                    json!({"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"});
                let response = answer::json(StatusCode::TOO_MANY_REQUESTS, &json!({"error": error}));
                Answer::refused(response, "quota exceeded")
            }
        }
    }
}

fn profile(core: &Core, person: &Account) -> Value {
    let Account { id, name, .. } = person;
    let mut body = json!({
        "account_id": person.spotify_account_id,
        "display_name": name,
        "external_urls": {"spotify": format!("https://open.spotify.com/user/{id}")},
        "href": format!("https://api.spotify.com/v1/users/{id}"),
        "id": id,
        "images": [{"url": format!("{}/pictures/{id}.png", core.origin), "height": 96, "width": 96}],
        "type": "user",
        "uri": format!("spotify:user:{id}"),
    });
    let removed_in_development = json!({
        "country": "SE",
        "email": person.email,
        "explicit_content": {"filter_enabled": false, "filter_locked": false},
        "followers": {"href": null, "total": 7},
        "product": "premium",
    });
    if core.settings.spotify.extended_quota
        && let (Some(members), Value::Object(more)) = (body.as_object_mut(), removed_in_development)
    {
        members.extend(more);
    }
    body
}
