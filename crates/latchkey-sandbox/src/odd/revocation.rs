//! Revocation in every form that the settings name, each as strict as the others.

use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::answer::{self, Answer};
use crate::client::Client;
use crate::core::Core;
use crate::exchange::Exchange;
use crate::odd_settings::OddRevocation;

/// `POST /odd/revoke`
pub(crate) fn revoke(core: &mut Core, exchange: &Exchange) -> Answer {
    answer(core, exchange, false)
}

/// `DELETE /odd/tokens`
pub(crate) fn delete(core: &mut Core, exchange: &Exchange) -> Answer {
    answer(core, exchange, true)
}

fn answer(core: &mut Core, exchange: &Exchange, deletes: bool) -> Answer {
    let style = core.settings.odd.revocation;
    let wanted = matches!(style, OddRevocation::DeleteJsonBasic | OddRevocation::DeleteBearer);
    let found = if wanted == deletes { token(core, exchange, style) } else { None };
    let revoked = found.and_then(|(token, client)| {
        let client = client.or_else(|| core.ledger.client_of(&token))?;
        core.ledger.revoke_token(&token, &client).ok()
    });
    match revoked {
        Some(()) => Answer::accepted(answer::text(StatusCode::OK, "")),
        None => Answer::refused(answer::text(StatusCode::BAD_REQUEST, ""), format!("it is no {style:?}")),
    }
}

/// The token, and the client where the request names one; `None` where it has another form.
fn token(core: &Core, exchange: &Exchange, style: OddRevocation) -> Option<(String, Option<String>)> {
    let field = |name: &str| exchange.form.value(name).map(str::to_owned);
    let header = |scheme: &str| {
        let value = exchange.header(header::AUTHORIZATION)?.strip_prefix(scheme)?.strip_prefix(' ')?;
        Some(value.to_owned())
    };
    let (json, form) = (exchange.is_json(), exchange.is_form());
    let secret_of = |client: &Client, secret: &str| client.secret.as_deref() == Some(secret);
    let proven = |id: &str, secret: &str| {
        core.client(id).filter(|client| secret_of(client, secret)).map(|client| client.id.clone())
    };
    let basic = || {
        let decoded = String::from_utf8(STANDARD.decode(header("Basic")?).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        proven(id, secret)
    };
    match style {
        OddRevocation::Rfc7009 => {
            (form && header("Bearer").is_none()).then_some(())?;
            Some((field("token")?, field("client_id")))
        }
        OddRevocation::DeleteJsonBasic => json.then_some((field("access_token")?, Some(basic()?))),
        OddRevocation::DeleteBearer | OddRevocation::PostBearer => {
            exchange.form.is_empty().then_some((header("Bearer")?, None))
        }
        OddRevocation::FormBearer => {
            let token = field("token")?;
            (form && header("Bearer")? == token).then_some((token, None))
        }
        OddRevocation::FormAccess => form.then_some((field("access_token")?, None)),
        OddRevocation::JsonAccess => json.then_some((field("access_token")?, None)),
        OddRevocation::JsonBasic => json.then_some((field("token")?, Some(basic()?))),
        OddRevocation::JsonClient => {
            let client = proven(&field("client_id")?, &field("client_secret")?)?;
            json.then_some((field("token")?, Some(client)))
        }
        OddRevocation::JsonCamel => {
            let client = proven(&field("clientId")?, &field("clientSecret")?)?;
            json.then_some((field("accessToken")?, Some(client)))
        }
        OddRevocation::JsonClientHeader => {
            let client = proven(&field("client_id")?, &header("Client")?)?;
            json.then_some((field("access_token")?, Some(client)))
        }
        OddRevocation::FormClientBearer => {
            let client = proven(&field("client_id")?, &header("Bearer")?)?;
            let token = core.ledger.last_access_of(&field("account")?)?;
            form.then_some((token, Some(client)))
        }
    }
}
