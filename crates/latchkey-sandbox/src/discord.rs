//! The API of the Discord face, version 10: the person, what the bearer is good for, servers; rate-limit headers
//! on every answer, and a gateway that turns away who does not say what they are.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::account::{self, Account};
use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::ledger::Access;
use crate::settings::DiscordMood;
use crate::spotify_plays::iso_8601;
use crate::userinfo::{Bearer, may};

/// What the sandbox's clock shows when it starts: 2026-11-21, 08:00 UTC, in milliseconds since 1970.
const START: i64 = 1_795_248_000_000;
const LIMIT: u32 = 5;

/// `GET /discord/api/v10/users/@me`
pub(crate) fn me(core: &mut Core, exchange: &Exchange) -> Answer {
    answered(core, exchange, "sbx-users", |_, access, person| {
        if !may(access, "identify") {
            return Err(Denied::SCOPE);
        }
        let mut body = profile(person);
        if let (true, Some(members)) = (may(access, "email"), body.as_object_mut()) {
            members.extend([("email".into(), person.email.into()), ("verified".into(), true.into())]);
        }
        Ok(body)
    })
}

/// `GET /discord/api/v10/oauth2/@me`
pub(crate) fn authorization(core: &mut Core, exchange: &Exchange) -> Answer {
    answered(core, exchange, "sbx-oauth2", |core, access, person| {
        let name = core.client(access.client_id).map_or("unknown", |client| client.name.as_str());
        let left = i64::try_from(access.expires_at.0).unwrap_or(0);
        Ok(json!({
            "application": {
                "id": "700000000000000001", "name": name, "icon": null, "description": "",
                "bot_public": true, "bot_require_code_grant": false, "verify_key": "00",
            },
            "scopes": access.scopes,
            "expires": iso_8601(START + left).replace('Z', "000+00:00"),
            "user": may(access, "identify").then(|| profile(person)),
        }))
    })
}

/// `GET /discord/api/v10/users/@me/guilds`
pub(crate) fn guilds(core: &mut Core, exchange: &Exchange) -> Answer {
    let limit: u32 = exchange.query.value("limit").and_then(|limit| limit.parse().ok()).unwrap_or(200);
    let after = exchange.query.value("after").is_some();
    answered(core, exchange, "sbx-users", |_, access, _| {
        if !may(access, "guilds") {
            return Err(Denied::SCOPE);
        }
        if limit > 200 {
            return Err(Denied { status: StatusCode::BAD_REQUEST, code: 50_035, why: "Invalid Form Body" });
        }
        let guild = json!({
            "id": "700000000000000100", "name": "Sim Guild", "icon": null, "banner": null, "owner": false,
            "permissions": "104324673", "features": ["COMMUNITY"],
        });
        Ok(if after { json!([]) } else { json!([guild]) })
    })
}

/// Why the API gives nothing, in its own shape.
struct Denied {
    status: StatusCode,
    code: u32,
    why: &'static str,
}

impl Denied {
    const UNAUTHORIZED: Self = Self { status: StatusCode::UNAUTHORIZED, code: 0, why: "401: Unauthorized" };
    const SCOPE: Self =
        Self { status: StatusCode::FORBIDDEN, code: 50_026, why: "Missing required OAuth2 scope" };

    fn answer(&self) -> Answer {
        let body = json!({"message": self.why, "code": self.code});
        Answer::refused(answer::json(self.status, &body), self.why)
    }
}

/// What every call passes: the gateway, the mood, the bearer, and the count of its bucket.
fn answered(
    core: &mut Core,
    exchange: &Exchange,
    bucket: &str,
    work: impl Fn(&Core, &Access<'_>, &Account) -> Result<Value, Denied>,
) -> Answer {
    if exchange.header(header::USER_AGENT).is_none_or(str::is_empty) {
        let why =
            "Cloudflare is blocking your request. This can often be resolved by setting a proper User Agent";
        return Denied { status: StatusCode::FORBIDDEN, code: 40_333, why }.answer();
    }
    if let Some(turned_away) = moody(core.settings.discord.mood, bucket) {
        return turned_away;
    }
    let left = core.settings.discord.remaining.unwrap_or(LIMIT);
    if left == 0 {
        return limited(bucket, "user", 1.48);
    }
    core.settings.discord.remaining = core.settings.discord.remaining.map(|left| left - 1);
    let mut answer = match given(core, exchange, work) {
        Ok(body) => Answer::accepted(answer::json(StatusCode::OK, &body)),
        Err(denied) => denied.answer(),
    };
    count(&mut answer.response, bucket, left - 1, 1.0);
    answer
}

fn given(
    core: &Core,
    exchange: &Exchange,
    work: impl Fn(&Core, &Access<'_>, &Account) -> Result<Value, Denied>,
) -> Result<Value, Denied> {
    let Bearer::Token(token) = Bearer::read(exchange) else { return Err(Denied::UNAUTHORIZED) };
    let access = core.ledger.access(token, core.clock.now()).map_err(|_| Denied::UNAUTHORIZED)?;
    let person = account::find(access.account).ok_or(Denied::UNAUTHORIZED)?;
    work(core, &access, person)
}

fn moody(mood: DiscordMood, bucket: &str) -> Option<Answer> {
    match mood {
        DiscordMood::Good => None,
        DiscordMood::LimitedUser => Some(limited(bucket, "user", 1.48)),
        DiscordMood::LimitedGlobal => Some(limited(bucket, "global", 3.2)),
        DiscordMood::LimitedShared => Some(limited(bucket, "shared", 30.5)),
        DiscordMood::Blocked => {
            let page = "<!doctype html><title>Access denied</title><p>error code: 1015</p>".to_owned();
            Some(Answer::refused(answer::html(StatusCode::FORBIDDEN, page), "blocked by the gateway"))
        }
    }
}

/// 429: whole seconds in the header, fractions in the body.
fn limited(bucket: &str, scope: &str, wait: f64) -> Answer {
    let message =
        if scope == "shared" { "The resource is being rate limited." } else { "You are being rate limited." };
    let body = json!({"message": message, "retry_after": wait, "global": scope == "global"});
    let mut response = answer::json(StatusCode::TOO_MANY_REQUESTS, &body);
    answer::set(&mut response, header::RETRY_AFTER, &format!("{}", wait.ceil()));
    let scope_header = HeaderName::from_static("x-ratelimit-scope");
    answer::set(&mut response, scope_header, scope);
    if scope == "global" {
        answer::set(&mut response, HeaderName::from_static("x-ratelimit-global"), "true");
    } else {
        count(&mut response, bucket, 0, wait);
    }
    Answer::refused(response, "rate limited")
}

fn count(response: &mut Response, bucket: &str, remaining: u32, reset_after: f64) {
    let headers = [
        ("x-ratelimit-limit", LIMIT.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset-after", format!("{reset_after:.3}")),
        ("x-ratelimit-bucket", bucket.to_owned()),
    ];
    for (name, value) in headers {
        answer::set(response, HeaderName::from_static(name), &value);
    }
}

/// Ada has moved to the names of 2023 and has an animated picture; Ben has done neither.
fn profile(person: &Account) -> Value {
    let moved = person.id == "ada";
    json!({
        "id": person.snowflake,
        "username": person.id,
        "discriminator": if moved { "0" } else { "0042" },
        "global_name": moved.then_some(person.name),
        "avatar": moved.then_some("a_0123456789abcdef0123456789abcdef"),
        "banner": null, "accent_color": null, "locale": "en-GB", "mfa_enabled": true, "flags": 0,
        "public_flags": 0, "premium_type": 0, "avatar_decoration_data": null, "collectibles": null,
        "primary_guild": null,
    })
}
