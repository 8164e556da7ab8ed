//! The revocation endpoint (RFC 7009). The Spotify face has none; that of the Discord face ends more than was
//! asked for.

use axum::http::StatusCode;

use crate::answer::{self, Answer};
use crate::client_authentication::{authenticate, check_form, required, used_header};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::refusal::Refusal;

/// `POST /revoke`, `POST /discord/api/oauth2/token/revoke`
pub(crate) fn revoke(core: &mut Core, exchange: &Exchange) -> Answer {
    match handle(core, exchange) {
        Ok(()) if exchange.face() == Face::Discord => {
            Answer::accepted(answer::json(StatusCode::OK, &serde_json::json!({})))
        }
        Ok(()) => Answer::accepted(answer::text(StatusCode::OK, "")),
        Err(refusal) => {
            Answer::refused(exchange.face().refuse(&refusal, used_header(exchange)), refusal.reason())
        }
    }
}

/// `token_type_hint` is only a hint: the books are searched completely (RFC 7009 2.1).
fn handle(core: &mut Core, exchange: &Exchange) -> Result<(), Refusal> {
    check_form(exchange)?;
    let client_id = authenticate(core, exchange)?;
    let token = required(&exchange.form, "token")?;
    match exchange.face() {
        Face::Plain | Face::Spotify | Face::Odd => core.ledger.revoke_token(&token, &client_id),
        Face::Discord => core.ledger.revoke_all_of_token(&token, &client_id),
    }
}
