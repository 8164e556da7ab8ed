//! The device flow (RFC 8628): a device shows a code, a person types it on a page, and the device asks until that is
//! done.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::account;
use crate::answer::{self, Answer};
use crate::client_authentication::{authenticate, check_form, required, used_header};
use crate::clock::Timestamp;
use crate::core::Core;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::ledger::TokenSet;
use crate::pages::{self, escape};
use crate::refusal::Refusal;
use crate::settings::Consent;

/// Letters that are not taken for one another, and make no words (RFC 8628 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Open,
    Agreed { account: &'static str },
    Declined,
    Spent,
}

/// A code that a device waits with.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) code: String,
    user_code: String,
    face: Face,
    client_id: String,
    scopes: Vec<String>,
    expires_at: Timestamp,
    decision: Decision,
}

/// `POST /device_authorization` (RFC 8628 3.1)
pub(crate) fn begin(core: &mut Core, exchange: &Exchange) -> Answer {
    match issue(core, exchange) {
        Ok(device) => {
            let (settings, page) = (&core.settings.device, format!("{}/device", core.origin));
            let mut body = json!({
                "device_code": device.code, "user_code": device.user_code, "verification_uri": page,
                "expires_in": settings.life_seconds,
            });
            if let Some(members) = body.as_object_mut() {
                if let Some(interval) = settings.interval_seconds {
                    members.insert("interval".into(), interval.into());
                }
                if settings.complete_uri {
                    let complete = format!("{page}?user_code={}", device.user_code);
                    members.insert("verification_uri_complete".into(), complete.into());
                }
            }
            core.devices.push(device);
            Answer::accepted(answer::json(StatusCode::OK, &body))
        }
        Err(refusal) => {
            let response = exchange.face().refuse(&refusal, used_header(exchange));
            Answer::refused(response, refusal.reason())
        }
    }
}

fn issue(core: &mut Core, exchange: &Exchange) -> Result<Device, Refusal> {
    check_form(exchange)?;
    let client_id = authenticate(core, exchange)?;
    let face = exchange.face();
    let asked = exchange.form.value("scope").unwrap_or_default();
    let scopes: Vec<String> = asked.split(' ').filter(|name| !name.is_empty()).map(String::from).collect();
    if scopes.iter().any(|name| face.scope(name).is_none()) {
        return Err(Refusal::UnknownScope);
    }
    let secret = core.entropy.name("sbx_device_");
    let life = std::time::Duration::from_secs(core.settings.device.life_seconds);
    let user_code = user_code(&core.entropy.name(""));
    let expires_at = core.clock.now().plus(life);
    Ok(Device { code: secret, user_code, face, client_id, scopes, expires_at, decision: Decision::Open })
}

/// Two groups of four letters.
fn user_code(name: &str) -> String {
    let letters = name.bytes().take(8).map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    let text: String = letters.collect();
    format!("{}-{}", &text[..4], &text[4..])
}

/// A question of the device (RFC 8628 3.4, 3.5).
pub(crate) fn poll(core: &mut Core, exchange: &Exchange) -> Result<TokenSet, Refusal> {
    let client_id = authenticate(core, exchange)?;
    let shown = required(&exchange.form, "device_code")?;
    let now = core.clock.now();
    let device = core.devices.iter_mut().find(|device| device.code == shown && device.client_id == client_id);
    let device = device.ok_or(Refusal::UnknownDeviceCode)?;
    if now >= device.expires_at {
        return Err(Refusal::DeviceExpired);
    }
    match device.decision {
        Decision::Open if core.settings.device.slow_down > 0 => {
            core.settings.device.slow_down -= 1;
            Err(Refusal::SlowDown)
        }
        Decision::Open => Err(Refusal::AuthorizationPending),
        Decision::Declined => Err(Refusal::DeviceDeclined),
        Decision::Spent => Err(Refusal::UnknownDeviceCode),
        Decision::Agreed { account } => {
            device.decision = Decision::Spent;
            let (face, scopes) = (device.face, device.scopes.clone());
            let terms = core.terms(face, false);
            Ok(core.ledger.grant_to_device(face, &client_id, account, scopes, &terms, &mut core.entropy))
        }
    }
}

/// `GET /device` and `POST /device`: the page where a person types the code, and the answer.
pub(crate) fn show(core: &mut Core, exchange: &Exchange) -> Answer {
    if exchange.method == Method::POST { decide(core, exchange) } else { page(core, exchange) }
}

fn page(core: &mut Core, exchange: &Exchange) -> Answer {
    let typed = exchange.query.value("user_code").unwrap_or_default();
    match core.settings.consent.clone() {
        Consent::Agree { account } if !typed.is_empty() => settle(core, typed, Some(&account)),
        Consent::Decline if !typed.is_empty() => settle(core, typed, None),
        Consent::Agree { .. } | Consent::Decline | Consent::Ask => {
            let content = format!(
                "<h1>Which code does your device show?</h1>\
                 <form method=\"post\" action=\"/device\">\
                 <label for=\"user-code\">Code</label>\
                 <input id=\"user-code\" name=\"user_code\" value=\"{}\" required autocomplete=\"off\">\
                 <fieldset><legend>Account</legend>{}</fieldset>\
                 <div class=\"actions\">\
                 <button id=\"decline\" name=\"decision\" value=\"decline\">Decline</button>\
                 <button id=\"agree\" class=\"primary\" name=\"decision\" value=\"agree\">Agree</button>\
                 </div></form>",
                escape(typed),
                pages::accounts(core.last_account),
            );
            let page = pages::layout(Face::Plain.title(), "Connect a device", &content);
            Answer::accepted(answer::html(StatusCode::OK, page))
        }
    }
}

fn decide(core: &mut Core, exchange: &Exchange) -> Answer {
    let form = &exchange.form;
    let agreed = form.value("decision") == Some("agree");
    let account = form.value("account").filter(|_| agreed).unwrap_or_default().to_owned();
    let typed = form.value("user_code").unwrap_or_default().to_owned();
    settle(core, &typed, agreed.then_some(&account))
}

fn settle(core: &mut Core, typed: &str, account: Option<&str>) -> Answer {
    let bare = |code: &str| code.replace(['-', ' '], "").to_ascii_uppercase();
    let now = core.clock.now();
    let waits = |device: &&mut Device| device.decision == Decision::Open && now < device.expires_at;
    let named = |device: &&mut Device| bare(&device.user_code) == bare(typed);
    let Some(device) = core.devices.iter_mut().filter(waits).find(named) else {
        return refuse("No device waits with this code.");
    };
    device.decision = match account.map(account::find) {
        None => Decision::Declined,
        Some(Some(account)) => Decision::Agreed { account: account.id },
        Some(None) => return refuse("Nobody here has this account."),
    };
    let content = "<h1>You can go back to your device</h1>";
    Answer::accepted(answer::html(StatusCode::OK, pages::layout(Face::Plain.title(), "Done", content)))
}

fn refuse(why: &'static str) -> Answer {
    Answer::refused(answer::html(StatusCode::BAD_REQUEST, pages::refusal(Face::Plain.title(), why)), why)
}
