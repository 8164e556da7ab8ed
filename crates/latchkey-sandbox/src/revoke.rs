//! The revocation endpoint (RFC 7009). The Spotify face has none.

use axum::http::StatusCode;

use crate::answer::{self, Answer};
use crate::client_authentication::{authenticate, check_form, required, used_header};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::refusal::Refusal;

/// `POST /revoke`
pub(crate) fn revoke(core: &mut Core, exchange: &Exchange) -> Answer {
    match handle(core, exchange) {
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
    core.ledger.revoke_token(&token, &client_id)
}
