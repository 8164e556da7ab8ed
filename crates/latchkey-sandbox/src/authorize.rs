//! The authorization endpoint (RFC 6749 4.1.1, RFC 7636 4.3): who asks is settled on a page, everything else goes
//! back to the client.

use axum::http::StatusCode;

use crate::account;
use crate::answer::{self, Answer};
use crate::client::Client;
use crate::core::Core;
use crate::decision;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::grant::AuthorizationRequest;
use crate::pages;
use crate::params::Params;
use crate::settings::Consent;

/// A refusal that may be told to the client, because its redirect URI is its own.
struct Told {
    error: &'static str,
    why: String,
}

/// `GET /authorize`
pub(crate) fn show(core: &mut Core, exchange: &Exchange) -> Answer {
    let face = exchange.face();
    let (client, redirect_uri) = match identify(core, &exchange.query) {
        Ok(identified) => identified,
        Err(why) => return refuse_on_page(face, why),
    };
    match read(face, &client, redirect_uri, &exchange.query) {
        Ok(request) => ask(core, &client, request, exchange.query.value("login_hint")),
        Err(Told { error, why }) => {
            let state = exchange.query.value("state");
            let response = decision::redirect_error(core, face, redirect_uri, state, error, &why);
            Answer::refused(response, why)
        }
    }
}

/// The client and its redirect URI, or why there is no safe place to redirect to (RFC 6749 4.1.2.1).
fn identify<'a>(core: &Core, query: &'a Params) -> Result<(Client, &'a str), &'static str> {
    if ["client_id", "redirect_uri"].into_iter().any(|name| query.all(name).count() > 1) {
        return Err("client_id or redirect_uri was sent more than once");
    }
    let client = query.value("client_id").and_then(|id| core.client(id)).ok_or("Invalid client")?;
    let redirect_uri = query.value("redirect_uri").ok_or("Invalid redirect URI")?;
    if client.allows_redirect(redirect_uri) {
        Ok((client.clone(), redirect_uri))
    } else {
        Err("Invalid redirect URI")
    }
}

fn refuse_on_page(face: Face, why: &'static str) -> Answer {
    let shown = match face {
        Face::Discord if why == "Invalid redirect URI" => "Invalid \"redirect_uri\" in request".into(),
        Face::Plain | Face::Discord | Face::Odd => why.into(),
        Face::Spotify => format!("INVALID_CLIENT: {why}"),
    };
    Answer::refused(answer::html(StatusCode::BAD_REQUEST, pages::refusal(face.title(), &shown)), why)
}

fn read(
    face: Face,
    client: &Client,
    redirect_uri: &str,
    query: &Params,
) -> Result<AuthorizationRequest, Told> {
    let invalid = |why: &str| Told { error: "invalid_request", why: why.into() };
    if let Some(name) = query.repeated() {
        return Err(invalid(&format!("{name} was sent more than once")));
    }
    if query.value("response_type").ok_or_else(|| invalid("response_type is missing"))? != "code" {
        return Err(Told { error: "unsupported_response_type", why: "response_type is not code".into() });
    }
    let state = query.value("state").ok_or_else(|| invalid("state is missing"))?;
    if query.value("code_challenge_method") != Some("S256") {
        return Err(invalid(match face {
            Face::Plain | Face::Spotify | Face::Odd => "code_challenge_method is not S256",
            Face::Discord => "Unsupported \"code_challenge_method\"",
        }));
    }
    let challenge = query.value("code_challenge").ok_or_else(|| invalid("code_challenge is missing"))?;
    if !is_code_challenge(challenge) {
        return Err(invalid("code_challenge is not 43 characters of base64url"));
    }
    Ok(AuthorizationRequest {
        face,
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.into(),
        state: state.into(),
        code_challenge: challenge.into(),
        scopes: scopes(face, query.value("scope"))?,
    })
}

/// A SHA-256 in base64url has 43 characters (RFC 7636 4.2).
fn is_code_challenge(challenge: &str) -> bool {
    challenge.len() == 43
        && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn scopes(face: Face, asked: Option<&str>) -> Result<Vec<String>, Told> {
    let Some(asked) = asked else { return Ok(face.default_scopes()) };
    let mut scopes: Vec<String> = Vec::new();
    for name in asked.split(' ').filter(|name| !name.is_empty()) {
        if face.scope(name).is_none() {
            return Err(Told { error: "invalid_scope", why: format!("there is no scope {name}") });
        }
        if !scopes.iter().any(|known| known == name) {
            scopes.push(name.into());
        }
    }
    Ok(scopes)
}

/// Shows the consent page, unless the settings answer it.
fn ask(core: &mut Core, client: &Client, request: AuthorizationRequest, login_hint: Option<&str>) -> Answer {
    match core.settings.consent.clone() {
        Consent::Agree { account } => decision::agree(core, request, &account),
        Consent::Decline => decision::decline(core, &request),
        Consent::Ask => {
            let hinted = login_hint.and_then(account::find).map(|account| account.id);
            let preselected = hinted.unwrap_or(core.last_account);
            let transaction = core.entropy.name("sbx_tx_");
            let page = pages::consent(client, &request, &transaction, preselected);
            core.transactions.insert(transaction, request);
            Answer::accepted(answer::html(StatusCode::OK, page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_exactly_one_digest() {
        assert!(is_code_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        for wrong in
            ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"]
        {
            assert!(!is_code_challenge(wrong), "{wrong}");
        }
    }
}
