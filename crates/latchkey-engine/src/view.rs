//! The only place where inner types become protocol types. The arrow points one way.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use latchkey_protocol::{
    AccountView, AvailabilityStatus, ClientIdSource, ConnectionView, FailureView, Farewell, GrantView,
    NoticeKind, Problem, ProblemCode, ProviderAvailability, ProviderCategory, ProviderNeed, ProviderView,
    PurposeView, RealmView, RenewalView, RestingPlace, Revocation, SealedReason, SetupView, SignInView,
    Timestamp, VariableView,
};

use crate::callback::SCHEME;
use crate::choices::Choices;
use crate::connection::{Account, Connection};
use crate::health::{Moment, health};
use crate::pocketbase::Address;
use crate::provider::file::{Category, Fit, SecretNeed, Status, Variable};
use crate::provider::{Catalog, CatalogNotice, Protocol, Provider, ProviderFile, Purpose, RedirectKind};
use crate::store::{Damage, Salvaged, StoreError};
use crate::vault::{KeyFileError, KeychainError, VaultError};

pub(crate) fn connection(
    connection: &Connection,
    choices: &Choices,
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
        alias: choices.alias.clone(),
        browser: choices.browser.clone(),
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
        sealed: (connection.resting == RestingPlace::Sealed)
            .then(|| moment.unsettled.unwrap_or(SealedReason::OnItsWay)),
        sign_in,
        realm: realm(connection, provider),
        purposes: provider.map(|provider| granted_purposes(provider, connection)).unwrap_or_default(),
        manage_url: provider.and_then(|provider| provider.file.manage_url.clone()),
    }
}

/// Where the account is; `None` at a provider of one place.
fn realm(connection: &Connection, provider: Option<&Provider>) -> Option<RealmView> {
    let address = match provider?.file.protocol {
        Protocol::Oauth2 | Protocol::Oidc | Protocol::Oauth1 => None,
        Protocol::Pocketbase => Address::from_key(&connection.account.key),
    }?;
    Some(RealmView {
        server: address.realm.server().to_owned(),
        may_impersonate: address.realm.is_of_superusers() && address.acting.is_none(),
        impersonated_by: address.acting,
    })
}

fn granted_purposes(provider: &Provider, connection: &Connection) -> Vec<PurposeView> {
    let granted =
        |purpose: &Purpose| purpose.scopes.iter().all(|scope| connection.grant.granted.contains(scope));
    provider.file.purposes.iter().map(|of| purpose(of, granted(of))).collect()
}

fn purpose(purpose: &Purpose, on: bool) -> PurposeView {
    PurposeView { id: purpose.id.clone(), words: purpose.words.clone(), on }
}

pub(crate) fn account(account: &Account) -> AccountView {
    let picture = account.picture.as_ref().map(|picture| {
        format!("data:{};base64,{}", picture.media_type, BASE64_STANDARD.encode(&picture.bytes))
    });
    AccountView { key: account.key.clone(), name: account.name.clone(), picture }
}

pub(crate) fn provider(
    provider: &Provider,
    client: ClientState,
    sign_in: Option<SignInView>,
) -> ProviderView {
    let file = &provider.file;
    let needs = needs(file, &client);
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
        purposes: file.purposes.iter().map(|of| purpose(of, of.default)).collect(),
        client_id: client.id,
        setup,
        sign_in,
        for_testing: file.for_testing,
        category: category(file.category),
        availability: ProviderAvailability {
            status: status(file.availability.status),
            reason: file.availability.reason.clone(),
        },
        needs,
        variables: file.variables.iter().map(variable).collect(),
        secret_saved: client.secret_saved,
    }
}

/// What is known of the client at a provider.
pub(crate) struct ClientState {
    pub(crate) id: ClientIdSource,
    pub(crate) secret_saved: bool,
}

/// What has to be there before a sign-in and is not.
fn needs(file: &ProviderFile, client: &ClientState) -> Vec<ProviderNeed> {
    if file.availability.fit == Fit::Broker {
        return vec![ProviderNeed::Broker];
    }
    let id = matches!(client.id, ClientIdSource::Missing { .. }) && !file.always_registers();
    let secret = file.client.secret == SecretNeed::Required
        && file.client.registration.is_none()
        && !client.secret_saved;
    let client = match (id, secret, file.client.secret) {
        (_, true, _) => Some(ProviderNeed::ClientIdAndSecret),
        (true, false, SecretNeed::Optional) => Some(ProviderNeed::ClientIdPerhapsSecret),
        (true, false, SecretNeed::None | SecretNeed::Required) => Some(ProviderNeed::ClientId),
        (false, false, _) => None,
    };
    let variable = (!file.variables.is_empty()).then_some(ProviderNeed::Variable);
    variable.into_iter().chain(client).collect()
}

fn variable((name, variable): (&String, &Variable)) -> VariableView {
    VariableView { name: name.clone(), words: variable.words.clone(), default: variable.default.clone() }
}

fn status(status: Status) -> AvailabilityStatus {
    match status {
        Status::Open => AvailabilityStatus::Open,
        Status::Approval => AvailabilityStatus::Approval,
        Status::Limited => AvailabilityStatus::Limited,
        Status::Closed => AvailabilityStatus::Closed,
        Status::Sunset => AvailabilityStatus::Sunset,
    }
}

fn category(category: Category) -> ProviderCategory {
    match category {
        Category::Business => ProviderCategory::Business,
        Category::Chat => ProviderCategory::Chat,
        Category::Developer => ProviderCategory::Developer,
        Category::Files => ProviderCategory::Files,
        Category::Games => ProviderCategory::Games,
        Category::Health => ProviderCategory::Health,
        Category::Identity => ProviderCategory::Identity,
        Category::Mail => ProviderCategory::Mail,
        Category::Maps => ProviderCategory::Maps,
        Category::Media => ProviderCategory::Media,
        Category::Other => ProviderCategory::Other,
        Category::Productivity => ProviderCategory::Productivity,
        Category::SelfHosted => ProviderCategory::SelfHosted,
        Category::Social => ProviderCategory::Social,
    }
}

/// The redirect URI that a person registers: that of the provider's best way back.
pub(crate) fn redirect_uri_to_register(provider: &Provider) -> String {
    if provider.allows(RedirectKind::DeepLink) { deep_link_uri(provider) } else { loopback_uri(provider) }
}

/// Every redirect URI of a provider, for a registration that takes several.
pub(crate) fn redirect_uris(provider: &Provider) -> Vec<String> {
    let redirects = provider.file.authorization.redirects.iter();
    let uri = |kind: &RedirectKind| match kind {
        RedirectKind::DeepLink => deep_link_uri(provider),
        RedirectKind::Loopback => loopback_uri(provider),
    };
    redirects.map(uri).collect()
}

/// Registered without a port, a loopback literal stands for every port (RFC 8252 7.3).
fn loopback_uri(provider: &Provider) -> String {
    let port = provider.file.authorization.loopback_port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("http://127.0.0.1{port}/oauth/{}", provider.id)
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

pub(crate) fn notices(catalog: &Catalog, damages: &[Damage]) -> Vec<latchkey_protocol::Notice> {
    let files = catalog.notices().iter().map(provider_file_notice);
    files.chain(damages.iter().map(damage_notice)).collect()
}

fn damage_notice(damage: &Damage) -> latchkey_protocol::Notice {
    let (message, remedy) = match damage {
        Damage::File { kept_at, what, salvaged } => (
            format!(
                "The database was damaged ({what}). It is kept at {}. {}",
                kept_at.display(),
                read_of(salvaged)
            ),
            "Connect what is missing again, or put a backup of latchkey.db in its place and start Latchkey again.",
        ),
        Damage::Emptied { kept_at } => {
            let kept = kept_at.as_ref().map(|path| format!(" What was left is kept at {}.", path.display()));
            let message = "The database is empty or gone, although Latchkey has been used here.";
            (
                format!("{message}{}", kept.unwrap_or_default()),
                "Put a backup of latchkey.db in its place and start Latchkey again, or connect your accounts again.",
            )
        }
        Damage::RolledBack { adopted, doubtful } => (
            rolled_back(*adopted, doubtful),
            "Sign in again where a connection asks for it. To keep this from happening, leave latchkey.db out of \
             synchronised folders.",
        ),
        Damage::Row { name, what } => (
            format!("{name} cannot be read from the database ({what}). It is kept there as it is."),
            "Sign in to this account again. Everything else works.",
        ),
    };
    latchkey_protocol::Notice { kind: NoticeKind::Database, message, remedy: remedy.to_owned() }
}

fn rolled_back(adopted: usize, doubtful: &[String]) -> String {
    let found = match adopted {
        0 => String::new(),
        1 => " The newer sign-in of one connection was found in the keychain.".to_owned(),
        many => format!(" The newer sign-ins of {many} connections were found in the keychain."),
    };
    let asked = match doubtful {
        [] => String::new(),
        names => {
            format!(
                " What it holds of {} may have been used since, so it is not sent again.",
                names.join(", ")
            )
        }
    };
    format!("An older copy of the database was put back.{found}{asked}")
}

fn read_of(salvaged: &Salvaged) -> String {
    let read = match salvaged.connections {
        0 => "No connection could be read from it".to_owned(),
        1 => "One connection could be read from it".to_owned(),
        many => format!("{many} connections could be read from it"),
    };
    let lost = match (salvaged.lost.as_slice(), salvaged.unnamed) {
        ([], 0) => String::new(),
        ([], unnamed) => format!("; lost: {unnamed} of which no name is left"),
        (names, 0) => format!("; lost: {}", names.join(", ")),
        (names, unnamed) => format!("; lost: {}, and {unnamed} of which no name is left", names.join(", ")),
    };
    format!("{read}{lost}.")
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
                "Start a keychain service, protect your sign-ins with a passphrase, or keep this one in memory only.",
            ),
            VaultError::PassphraseNeeded => {
                (ProblemCode::PassphraseNeeded, "Enter the passphrase and try again.")
            }
            VaultError::KeyFile(KeyFileError::Missing(_)) => (
                ProblemCode::KeychainUnavailable,
                "Put the key file back, or say where it is, and try again.",
            ),
            VaultError::KeyFile(KeyFileError::Open(_)) => (
                ProblemCode::KeychainUnavailable,
                "Make the file readable for you alone (chmod 600) and try again.",
            ),
            VaultError::KeyFile(KeyFileError::Damaged(_) | KeyFileError::Unusable { .. }) => {
                (ProblemCode::KeychainUnavailable, "Put a copy of the key file in its place and try again.")
            }
            VaultError::KeyMissing | VaultError::ItemMissing | VaultError::Damaged(_) => {
                (ProblemCode::SignInNeeded, "Restore the keychain from a backup, or sign in again.")
            }
        };
        Problem::new(code, message).hint(hint)
    }
}

/// Why a set stays sealed that did not move.
pub(crate) fn sealed_reason(error: &VaultError) -> SealedReason {
    match error {
        VaultError::Keychain(KeychainError::Locked) => SealedReason::KeychainLocked,
        VaultError::Keychain(KeychainError::Absent(_)) => SealedReason::KeychainAbsent,
        VaultError::Keychain(KeychainError::Slow) => SealedReason::KeychainSlow,
        VaultError::Keychain(KeychainError::TooLarge) => SealedReason::TooLarge,
        VaultError::Keychain(KeychainError::Refused(_))
        | VaultError::PassphraseNeeded
        | VaultError::KeyFile(_)
        | VaultError::KeyMissing
        | VaultError::ItemMissing
        | VaultError::Damaged(_) => SealedReason::KeychainRefused,
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
