//! The pages a person sees. They load nothing from elsewhere, run no script, and name elements for WebDriver.

use std::fmt::Write as _;

use crate::account::{ACCOUNTS, Account};
use crate::client::Client;
use crate::grant::AuthorizationRequest;

const STYLE: &str = include_str!("pages.css");

/// Makes text harmless inside HTML, attributes included.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            harmless => escaped.push(harmless),
        }
    }
    escaped
}

/// A page under the name of a provider; `content` is HTML.
pub(crate) fn layout(provider: &str, title: &str, content: &str) -> String {
    let (provider, title) = (escape(provider), escape(title));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title} · {provider}</title><style>{STYLE}</style></head>\
         <body><main><p class=\"provider\">{provider}</p>{content}</main></body></html>"
    )
}

/// The consent page.
pub(crate) fn consent(
    client: &Client,
    request: &AuthorizationRequest,
    transaction: &str,
    account: &str,
) -> String {
    let app = escape(&client.name);
    let content = format!(
        "<h1>Let {app} use your account?</h1>\
         <p>A practice provider on this computer. The people are made up.</p>\
         <form method=\"post\" action=\"{base}/authorize/decision\">\
         <input type=\"hidden\" name=\"transaction\" value=\"{transaction}\">\
         <fieldset><legend>Account</legend>{accounts}</fieldset>\
         <fieldset><legend>{app} asks to</legend><ul class=\"scopes\">{scopes}</ul></fieldset>\
         <div class=\"actions\">\
         <button id=\"decline\" name=\"decision\" value=\"decline\">Decline</button>\
         <button id=\"agree\" class=\"primary\" name=\"decision\" value=\"agree\">Agree</button></div>\
         <p class=\"aside\">Either way you go back to <span id=\"redirect\">{redirect}</span></p></form>",
        base = request.face.base(),
        accounts = accounts(account),
        scopes = scopes(request),
        redirect = escape(&request.redirect_uri),
    );
    layout(request.face.title(), &format!("Let {} use your account?", client.name), &content)
}

/// A page that ends a request, because there is nobody safe to redirect to.
pub(crate) fn refusal(provider: &str, why: &str) -> String {
    let content = format!("<h1>This cannot go on</h1><p id=\"refusal\" role=\"alert\">{}</p>", escape(why));
    layout(provider, "This cannot go on", &content)
}

/// What a hotel answers before one has paid.
pub(crate) fn captive_portal() -> String {
    layout(
        "Harbour Hotel",
        "Welcome",
        "<h1>Welcome to our Wi-Fi</h1><p>Please sign in at the front desk.</p>",
    )
}

/// The choice of an account.
pub(crate) fn accounts(preselected: &str) -> String {
    let mut list = String::new();
    for Account { id, name, email, .. } in &ACCOUNTS {
        let checked = if *id == preselected { " checked" } else { "" };
        // Writing to a String cannot fail.
        let _written = write!(
            list,
            "<label class=\"choice\" for=\"account-{id}\">\
             <input type=\"radio\" id=\"account-{id}\" name=\"account\" value=\"{id}\" required{checked}>\
             <img src=\"/pictures/{id}.png\" alt=\"\" width=\"40\" height=\"40\">\
             <span>{name}<br><span class=\"aside\">{email}</span></span></label>"
        );
    }
    list
}

fn scopes(request: &AuthorizationRequest) -> String {
    let mut list = String::new();
    for scope in request.scopes.iter().filter_map(|name| request.face.scope(name)) {
        let (name, meaning) = (scope.name, scope.meaning);
        let (input, note) = if scope.needed {
            (" disabled".into(), " <span class=\"aside\">needed</span>")
        } else {
            (format!(" name=\"scope\" value=\"{name}\""), "")
        };
        let _written = write!(
            list,
            "<li><label class=\"choice\" for=\"scope-{name}\">\
             <input type=\"checkbox\" id=\"scope-{name}\" checked{input}>\
             <span>{meaning}{note}</span></label></li>"
        );
    }
    if list.is_empty() { "<li>See that you have an account</li>".into() } else { list }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_smuggle_html_into_the_page() {
        let page = refusal("Sandbox", "<script>alert('x')</script>");
        assert!(!page.contains("<script"));
        assert!(page.contains("&lt;script&gt;"));
    }
}
