//! Where a person looks after the apps they let in: the provider's side of a revocation, by hand.

use std::fmt::Write as _;

use axum::http::StatusCode;

use crate::account::{self, ACCOUNTS, Account};
use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::grant::RevokedBecause;
use crate::ledger::GrantView;
use crate::pages::{self, escape};

/// `GET /account`
pub(crate) fn show(core: &mut Core, _exchange: &Exchange) -> Answer {
    let grants = core.ledger.grants(core.clock.now());
    let mut content = String::from("<h1>Apps with access</h1>");
    for account in &ACCOUNTS {
        content.push_str(&section(core, account, &grants));
    }
    Answer::accepted(answer::html(
        StatusCode::OK,
        pages::layout("Latchkey Sandbox", "Apps with access", &content),
    ))
}

/// `POST /account/remove`
pub(crate) fn remove(core: &mut Core, exchange: &Exchange) -> Answer {
    let Some(account) = exchange.form.value("account").and_then(account::find) else {
        let page = pages::refusal("Latchkey Sandbox", "Nobody here has this account.");
        return Answer::refused(answer::html(StatusCode::BAD_REQUEST, page), "unknown account");
    };
    core.ledger.revoke_account(Some(account.id), RevokedBecause::ByPerson);
    Answer::accepted(answer::see_other("/account"))
}

fn section(core: &Core, account: &Account, grants: &[GrantView]) -> String {
    let mut apps = String::new();
    for grant in grants.iter().filter(|grant| grant.account == account.id && grant.revoked.is_none()) {
        let name =
            core.client(&grant.client_id).map_or(grant.client_id.as_str(), |client| client.name.as_str());
        let scopes = escape(&grant.scopes.join(", "));
        // Writing to a String cannot fail.
        let _written = write!(apps, "<li>{} <span class=\"aside\">{scopes}</span></li>", escape(name));
    }
    let Account { id, name, .. } = account;
    if apps.is_empty() {
        return format!("<h2>{name}</h2><p id=\"apps-{id}\">No app has access.</p>");
    }
    format!(
        "<h2>{name}</h2><ul id=\"apps-{id}\">{apps}</ul>\
         <form method=\"post\" action=\"/account/remove\">\
         <input type=\"hidden\" name=\"account\" value=\"{id}\">\
         <div class=\"actions\"><button id=\"remove-{id}\">Remove access</button></div></form>"
    )
}
