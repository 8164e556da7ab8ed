//! Whether what a renewal brought is somebody else's: OpenID Connect Core 12.2.
//!
//! Nothing is asked of anybody between the answer and its commit: an ID token is held against the keys that are at
//! hand. Only what it clearly says of another account, client or sign-in makes a renewal strange. One that cannot be
//! verified, has run out by somebody's clock or is none at all costs no sign-in, because it came straight from the
//! token endpoint.

use std::sync::Arc;

use latchkey_oidc::{IdTokenError, Refreshed, Session};
use secrecy::ExposeSecret;

use crate::connection::Connection;
use crate::credential::TokenSet;
use crate::flow::subject::Subject;
use crate::flow::token_answer::Granted;
use crate::http::host_of;
use crate::identity;
use crate::issuer::Question;
use crate::live::{Parts, Slot};
use crate::provider::Provider;

/// Reads the keys of the connection's issuer beside its renewal, where they are not at hand.
pub(super) fn look_up_keys(parts: &Arc<Parts>, slot: &Slot) {
    let provider = parts.provider_of(&slot.connection());
    let Some(issuer) = provider.and_then(|provider| provider.file.verified_issuer().map(str::to_owned))
    else {
        return;
    };
    let of = parts.clone();
    let parts = of.clone();
    of.tasks.spawn(async move { parts.issuers.look_up(&parts.http, parts.clock.boot(), &issuer).await });
}

/// Whether a renewal names another account than the one that was renewed.
pub(super) fn is_strange(
    parts: &Parts,
    provider: &Provider,
    connection: &Connection,
    set: &TokenSet,
    granted: &Granted,
) -> bool {
    let Some(id_token) = granted.aside.id_token.as_ref().map(ExposeSecret::expose_secret) else {
        return false;
    };
    let named = Subject::read(id_token);
    let (Some(issuer), Some(before)) = (provider.file.verified_issuer(), &set.signed_in) else {
        return named.is_some_and(|named| identity::is_another(provider, &connection.account, &named));
    };
    let question = Question {
        issuer,
        client_id: &connection.client_id,
        access_token: granted.access.expose_secret(),
        session: Session::Refresh(Refreshed {
            subject: &before.subject,
            nonce: before.nonce.as_deref(),
            auth_time: before.auth_time,
        }),
        at: parts.skew.provider_now(host_of(&provider.file.token.url), parts.clock.as_ref()),
    };
    match parts.issuers.verify_at_hand(question, id_token) {
        Some(Ok(_)) => false,
        Some(Err(error)) if names_another(&error) => {
            tracing::warn!(connection.id = %connection.id, %error, "a renewal is not used");
            true
        }
        Some(Err(_)) | None => {
            let other = |named: Subject| {
                named.key != before.subject || named.issuer.is_some_and(|named| named != issuer)
            };
            named.is_some_and(other)
        }
    }
}

/// Whether a signed ID token says that it is about something else.
fn names_another(error: &IdTokenError) -> bool {
    match error {
        IdTokenError::Issuer
        | IdTokenError::Audience
        | IdTokenError::AuthorizedParty
        | IdTokenError::OtherSubject
        | IdTokenError::Nonce
        | IdTokenError::AccessToken => true,
        IdTokenError::Malformed
        | IdTokenError::OtherKind
        | IdTokenError::Algorithm(_)
        | IdTokenError::Critical
        | IdTokenError::UnknownKey
        | IdTokenError::Signature
        | IdTokenError::Expired
        | IdTokenError::Clock(_)
        | IdTokenError::Subject
        | IdTokenError::AuthTime => false,
    }
}
