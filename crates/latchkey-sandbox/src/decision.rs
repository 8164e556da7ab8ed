//! The answer of the consent page, and the authorization response that follows from it (RFC 6749 4.1.2).

use axum::http::StatusCode;
use axum::response::Response;
use url::form_urlencoded;

use crate::account;
use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::grant::AuthorizationRequest;
use crate::pages;
use crate::settings::Callback;

/// `POST /authorize/decision`
pub(crate) fn decide(core: &mut Core, exchange: &Exchange) -> Answer {
    let form = &exchange.form;
    let transaction = form.value("transaction").unwrap_or_default();
    let Some(mut request) = core.transactions.remove(transaction) else {
        return refuse(exchange.face(), "This question was answered already, or never asked.");
    };
    match form.value("decision") {
        Some("agree") => {
            let ticked: Vec<&str> = form.all("scope").collect();
            let face = request.face;
            let needed = |name: &str| face.scope(name).is_some_and(|scope| scope.needed);
            request.scopes.retain(|scope| needed(scope) || ticked.contains(&scope.as_str()));
            agree(core, request, form.value("account").unwrap_or_default())
        }
        Some("decline") => decline(core, &request),
        Some(_) | None => refuse(request.face, "Neither Agree nor Decline was chosen."),
    }
}

/// Issues a code and sends the browser back.
pub(crate) fn agree(core: &mut Core, request: AuthorizationRequest, account: &str) -> Answer {
    let Some(account) = account::find(account) else {
        return refuse(request.face, "Nobody here has this account.");
    };
    core.last_account = account.id;
    let terms = core.terms(request.face, false);
    let (face, redirect_uri, state) = (request.face, request.redirect_uri.clone(), request.state.clone());
    let issued = core.ledger.issue_code(request, account.id, &terms, &mut core.entropy);
    let mut pairs = vec![("code", issued)];
    if core.settings.callback == Callback::RepeatedCode {
        pairs.extend(pairs.clone());
    }
    Answer::accepted(redirect(core, face, &redirect_uri, Some(&state), pairs))
}

/// Sends the browser back with `access_denied`. The sandbox did its work, so this counts as accepted.
pub(crate) fn decline(core: &Core, request: &AuthorizationRequest) -> Answer {
    let mut pairs = vec![("error", "access_denied".into())];
    if request.face == Face::Discord {
        let why = "The resource owner or authorization server denied the request";
        pairs.push(("error_description", why.into()));
    }
    Answer::accepted(redirect(core, request.face, &request.redirect_uri, Some(&request.state), pairs))
}

/// Sends the browser back with an error (RFC 6749 4.1.2.1).
pub(crate) fn redirect_error(
    core: &Core,
    face: Face,
    redirect_uri: &str,
    state: Option<&str>,
    error: &'static str,
    description: &str,
) -> Response {
    let pairs = vec![("error", error.into()), ("error_description", description.into())];
    redirect(core, face, redirect_uri, state, pairs)
}

fn redirect<'a>(
    core: &'a Core,
    face: Face,
    redirect_uri: &str,
    state: Option<&str>,
    mut pairs: Vec<(&'a str, String)>,
) -> Response {
    let callback = core.settings.callback;
    let state = match callback {
        Callback::WrongState => Some("somebody-elses-state"),
        Callback::MissingState => None,
        Callback::Faithful | Callback::WrongIssuer | Callback::RepeatedCode => state,
    };
    pairs.extend(state.map(|state| ("state", state.into())));
    if callback == Callback::WrongIssuer {
        pairs.push(("iss", "https://issuer.example".into()));
    } else if core.settings.send_iss && face == Face::Plain {
        pairs.push(("iss", core.origin.clone()));
    }
    if face == Face::Odd {
        let extra = core.settings.odd.redirect_extra.iter();
        pairs.extend(extra.map(|(name, value)| (name.as_str(), value.clone())));
    }
    // Appended to the client's own bytes, since parsing could normalise them.
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    answer::see_other(&format!("{redirect_uri}{joint}{query}"))
}

fn refuse(face: Face, why: &str) -> Answer {
    Answer::refused(answer::html(StatusCode::BAD_REQUEST, pages::refusal(face.title(), why)), why)
}
