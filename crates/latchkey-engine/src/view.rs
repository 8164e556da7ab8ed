//! The only place where inner types become protocol types. The arrow points one way.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use latchkey_protocol::{
    AccountView, ClientIdSource, ConnectionView, FailureView, Farewell, GrantView, NoticeKind, Problem,
    ProblemCode, ProviderView, RenewalView, Revocation, SetupView, SignInView, Timestamp,
};

use crate::callback::SCHEME;
use crate::connection::{Account, Connection};
use crate::health::{Moment, health};
use crate::provider::{Catalog, CatalogNotice, Provider, RedirectKind};
use crate::store::{Damage, StoreError};
use crate::vault::{KeychainError, VaultError};

pub(crate) fn connection(
    connection: &Connection,
    moment: &Moment,
    sign_in: Option<SignInView>,
    provider: Option<&Provider>,
    now: Timestamp,
) -> ConnectionView {
    let track = &connection.track;
    ConnectionView {
        id: connection.id.clone(),
        provider: connection.provider.clone(),
        provider_name: connection.provider_name.clone(),
        account: account(&connection.account),
        health: health(connection, moment, now),
        grant: GrantView {
            authorized_at: connection.grant.authorized_at,
            ends_at: connection.grant.ends_at,
            granted: connection.grant.granted.clone(),
            missing: connection.grant.missing(),
        },
        renewal: RenewalView {
            renewable: connection.access.renewable,
            access_expires_at: connection.access.expires_at,
            last_success_at: track.last_success_at,
            consecutive_failures: track.failures,
            last_failure: track.last_failure.as_ref().map(|failure| FailureView {
                kind: failure.kind,
                at: failure.at,
                message: failure.message.clone(),
            }),
        },
        resting: connection.resting,
        sign_in,
        manage_url: provider.and_then(|provider| provider.file.manage_url.clone()),
    }
}

pub(crate) fn account(account: &Account) -> AccountView {
    let picture = account.picture.as_ref().map(|picture| {
        format!("data:{};base64,{}", picture.media_type, BASE64_STANDARD.encode(&picture.bytes))
    });
    AccountView { key: account.key.clone(), name: account.name.clone(), picture }
}

pub(crate) fn provider(
    provider: &Provider,
    client_id: ClientIdSource,
    sign_in: Option<SignInView>,
) -> ProviderView {
    let file = &provider.file;
    let words = &file.authorization.scope_words;
    let word = |scope: &String| words.get(scope).unwrap_or(scope).clone();
    let setup = file.client.register_url.as_ref().map(|register_url| SetupView {
        steps: file.client.steps.clone(),
        register_url: register_url.clone(),
        redirect_uri: redirect_uri_to_register(provider),
    });
    ProviderView {
        id: provider.id.clone(),
        name: file.name.clone(),
        summary: file.summary.clone(),
        asks: file.authorization.scopes.iter().map(word).collect(),
        client_id,
        setup,
        sign_in,
        for_testing: file.for_testing,
    }
}

/// The redirect URI that a person registers: that of the provider's best way back.
pub(crate) fn redirect_uri_to_register(provider: &Provider) -> String {
    if provider.allows(RedirectKind::DeepLink) {
        deep_link_uri(provider)
    } else {
        // Registered without a port, a loopback literal stands for every port (RFC 8252 7.3).
        format!("http://127.0.0.1/oauth/{}", provider.id)
    }
}

/// One slash: a private-use scheme has no authority (RFC 8252 7.1).
pub(crate) fn deep_link_uri(provider: &Provider) -> String {
    format!("{SCHEME}:/oauth/{}", provider.id)
}

pub(crate) fn farewell(
    connection: &Connection,
    revocation: Revocation,
    provider: Option<&Provider>,
) -> Farewell {
    Farewell {
        provider_name: connection.provider_name.clone(),
        account_name: connection.account.name.clone(),
        revocation,
        manage_url: provider.and_then(|provider| provider.file.manage_url.clone()),
    }
}

pub(crate) fn notices(catalog: &Catalog, damage: Option<&Damage>) -> Vec<latchkey_protocol::Notice> {
    let mut notices: Vec<_> = catalog.notices().iter().map(provider_file_notice).collect();
    notices.extend(damage.map(|damage| latchkey_protocol::Notice {
        kind: NoticeKind::Database,
        message: format!("The database was damaged ({}). It is kept at {}.", damage.what, damage.kept_at.display()),
        remedy: "Connect your accounts again, or put a backup of latchkey.db in its place and start Latchkey again."
            .to_owned(),
    }));
    notices
}

fn provider_file_notice(notice: &CatalogNotice) -> latchkey_protocol::Notice {
    let line = notice.fault.line.map(|line| format!(", line {line}")).unwrap_or_default();
    latchkey_protocol::Notice {
        kind: NoticeKind::ProviderFile,
        message: format!("{}{line}: {}.", notice.path.display(), notice.fault.message.trim_end_matches('.')),
        remedy: notice.fault.remedy.clone(),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let message = format!("Latchkey could not save this: {error}.");
        Problem::new(ProblemCode::Storage, message)
            .hint("Check that the disk has room and that the file may be written, then try again.")
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        let message = capital(&format!("{error}."));
        let (code, hint) = match &error {
            VaultError::Keychain(KeychainError::Locked) => {
                (ProblemCode::KeychainUnavailable, "Unlock the keychain and try again.")
            }
            VaultError::Keychain(KeychainError::Slow) => (
                ProblemCode::KeychainUnavailable,
                "Look for a password dialog of the keychain, then try again.",
            ),
            VaultError::Keychain(
                KeychainError::Absent(_) | KeychainError::Refused(_) | KeychainError::TooLarge,
            ) => (
                ProblemCode::KeychainUnavailable,
                "Start a keychain service, or keep this sign-in in memory only.",
            ),
            VaultError::KeyMissing | VaultError::ItemMissing | VaultError::Damaged(_) => {
                (ProblemCode::SignInNeeded, "Restore the keychain from a backup, or sign in again.")
            }
        };
        Problem::new(code, message).hint(hint)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
