//! The token endpoint (RFC 6749 4.1.3 and 6, RFC 7636 4.5) of both faces.

use crate::answer::Answer;
use crate::client_authentication::{authenticate, check_form, required, used_header};
use crate::core::Core;
use crate::device;
use crate::exchange::Exchange;
use crate::grant::CodePresentation;
use crate::ledger::{RefreshPresentation, Terms, TokenSet};
use crate::refusal::Refusal;
use crate::settings::{RefreshTokenMember, Rotation};
use crate::token_answer::{self, Occasion};

/// `POST /token`, `POST /spotify/api/token`
pub(crate) fn answer(core: &mut Core, exchange: &Exchange) -> Answer {
    match handle(core, exchange) {
        Ok((tokens, occasion)) => {
            Answer::accepted(token_answer::write(core, exchange.face(), &tokens, occasion))
        }
        Err(refusal) => {
            let response = exchange.face().refuse(&refusal, used_header(exchange));
            Answer::refused(response, refusal.reason())
        }
    }
}

/// What a request that is written as the standard asks leads to.
pub(crate) fn handle(core: &mut Core, exchange: &Exchange) -> Result<(TokenSet, Occasion), Refusal> {
    check_form(exchange)?;
    match required(&exchange.form, "grant_type")?.as_str() {
        "authorization_code" => Ok((redeem_code(core, exchange)?, Occasion::Code)),
        "refresh_token" => Ok((refresh(core, exchange)?, Occasion::Refresh)),
        "urn:ietf:params:oauth:grant-type:device_code" => Ok((device::poll(core, exchange)?, Occasion::Code)),
        _ => Err(Refusal::UnsupportedGrantType),
    }
}

fn redeem_code(core: &mut Core, exchange: &Exchange) -> Result<TokenSet, Refusal> {
    let form = &exchange.form;
    let shown = CodePresentation {
        client_id: authenticate(core, exchange)?,
        code: required(form, "code")?,
        redirect_uri: required(form, "redirect_uri")?,
        code_verifier: required(form, "code_verifier")?,
    };
    let terms = core.terms(exchange.face(), false);
    core.ledger.redeem_code(&shown, &terms, &mut core.entropy)
}

fn refresh(core: &mut Core, exchange: &Exchange) -> Result<TokenSet, Refusal> {
    let form = &exchange.form;
    let scopes = form.value("scope").map(|scope| scope.split_whitespace().map(String::from).collect());
    let shown = RefreshPresentation {
        client_id: authenticate(core, exchange)?,
        refresh_token: required(form, "refresh_token")?,
        scopes,
    };
    let terms = refresh_terms(core, exchange);
    core.ledger.refresh(&shown, &terms, &mut core.entropy)
}

/// A successor that the answer will not name must not exist, or the client could not go on.
fn refresh_terms(core: &Core, exchange: &Exchange) -> Terms {
    let mut terms = core.terms(exchange.face(), exchange.rotate_now);
    match core.settings.refresh_token_on_refresh {
        RefreshTokenMember::ByRotation => {}
        RefreshTokenMember::Null | RefreshTokenMember::Empty => terms.rotation = Rotation::Fixed,
    }
    terms
}
