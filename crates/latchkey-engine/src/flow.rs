//! Ways to obtain, renew and give back a token set: the authorization code flow, and PocketBase's sessions.

pub(crate) mod auth_refresh;
pub(crate) mod authorization_code;
pub(crate) mod device;
pub(crate) mod dialect;
pub(crate) mod pushed;
pub(crate) mod revocation;
pub(crate) mod subject;
pub(crate) mod token_answer;

use std::sync::OnceLock;

use latchkey_protocol::Timestamp;
use secrecy::SecretString;

use crate::connection::Connection;
use crate::http::Http;
use crate::provider::Protocol;
use authorization_code::TokenOutcome;
use dialect::Dialect;

/// Renews access as the provider's protocol has it. `date` is set to what the answer says of the provider's clock.
pub(crate) async fn renew(
    http: &Http,
    dialect: &Dialect<'_>,
    connection: &Connection,
    refresh: &SecretString,
    date: &OnceLock<Timestamp>,
) -> TokenOutcome {
    match dialect.protocol() {
        Protocol::Oauth2 | Protocol::Oidc | Protocol::Oauth1 => {
            authorization_code::refresh(http, dialect, refresh, date).await
        }
        Protocol::Pocketbase => {
            auth_refresh::refresh(http, &connection.account.key, refresh, date, dialect.now()).await
        }
    }
}
