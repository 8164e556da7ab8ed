//! Ways to obtain and renew a token set: the authorization code flow, and PocketBase's sessions.

pub(crate) mod auth_refresh;
pub(crate) mod authorization_code;
pub(crate) mod token_answer;

use std::sync::OnceLock;

use latchkey_protocol::Timestamp;
use secrecy::SecretString;

use crate::connection::Connection;
use crate::http::Http;
use crate::provider::{Protocol, Provider};
use authorization_code::TokenOutcome;

/// Renews access as the provider's protocol has it. `date` is set to what the answer says of the provider's clock;
/// `now` is when the provider is asked.
pub(crate) async fn renew(
    http: &Http,
    provider: &Provider,
    connection: &Connection,
    refresh: &SecretString,
    date: &OnceLock<Timestamp>,
    now: Timestamp,
) -> TokenOutcome {
    match provider.file.protocol {
        Protocol::Oauth2 => {
            let token_url = &provider.file.authorization.token_url;
            authorization_code::refresh(http, token_url, &connection.client_id, refresh, date).await
        }
        Protocol::Pocketbase => {
            auth_refresh::refresh(http, &connection.account.key, refresh, date, now).await
        }
    }
}
