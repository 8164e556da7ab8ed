//! The client that Latchkey is to a provider: which id and secret it uses there, and how it comes by them.

mod registration;

use std::sync::Arc;

use latchkey_protocol::{EventBody, Keep, Problem, ProblemCode};
use secrecy::{ExposeSecret, SecretString};

use crate::connection::{Connection, Values};
use crate::credential::RegisteredClient;
use crate::live::Parts;
use crate::provider::Provider;
use crate::provider::file::SecretNeed;
use crate::resting::LoadError;
use crate::store::Registered;
use crate::vault::VaultError;

/// Bytes of a client id or secret that somebody types.
const LONGEST: usize = 2048;

/// The client that a connection's grant belongs to.
pub(crate) async fn of(
    parts: &Parts,
    provider: &Provider,
    connection: &Connection,
) -> Result<RegisteredClient, LoadError> {
    at(parts, provider, &connection.variables, &connection.client_id).await
}

/// One client on a server, with its secret where there is one.
pub(crate) async fn at(
    parts: &Parts,
    provider: &Provider,
    variables: &Values,
    client_id: &str,
) -> Result<RegisteredClient, LoadError> {
    let place = Registered::place(&provider.id, variables, client_id);
    let known = parts.registered(&provider.id, variables, client_id);
    let secret =
        match parts.held_client_secret(&place).or_else(|| parts.environment_secret(provider, client_id)) {
            Some(secret) => Some(secret),
            None if known.is_some_and(|known| known.secret) => read(parts, place).await?,
            None => None,
        };
    Ok(RegisteredClient { id: client_id.to_owned(), secret })
}

async fn read(parts: &Parts, place: String) -> Result<Option<SecretString>, LoadError> {
    let Some(envelope) = parts.store.sealed_client_secret(place.clone()).await? else { return Ok(None) };
    let bytes = parts.vault.open(Keep::Keychain, &place, &envelope).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| VaultError::ItemMissing)?;
    Ok(Some(text.into()))
}

/// Whether there is a client for a new sign-in, or a way to one.
pub(crate) fn check(parts: &Parts, provider: &Provider, variables: &Values) -> Result<(), Problem> {
    let there = parts.client_id(provider, variables).is_some() || provider.file.client.registration.is_some();
    if there { Ok(()) } else { Err(missing(provider, "client id")) }
}

/// The client for a new sign-in: the one there is, else one that Latchkey registers for itself. `provider` is
/// that of the server.
pub(crate) async fn for_sign_in(
    parts: &Parts,
    provider: &Provider,
    variables: &Values,
) -> Result<RegisteredClient, Problem> {
    let form = &provider.file.client;
    let client = match (parts.client_id(provider, variables), &form.registration) {
        (Some(id), _) => at(parts, provider, variables, &id).await?,
        (None, Some(registration)) => {
            let client = registration::register(parts, provider, registration).await?;
            keep(parts, provider, variables, &client, true).await?;
            client
        }
        (None, None) => return Err(missing(provider, "client id")),
    };
    if client.secret.is_none() && form.secret == SecretNeed::Required {
        return Err(missing(provider, "client secret"));
    }
    Ok(client)
}

/// Saves what the person brings. An empty id removes the client; no secret leaves that of the same id in place.
pub(crate) async fn save(
    parts: &Arc<Parts>,
    provider: &Provider,
    variables: &Values,
    client_id: &str,
    secret: Option<SecretString>,
) -> Result<(), Problem> {
    let client_id = client_id.trim();
    check_text("client id", client_id)?;
    if let Some(secret) = &secret {
        check_text("client secret", secret.expose_secret())?;
    }
    if client_id.is_empty() {
        parts.store.drop_registration(&provider.id, variables).await?;
        parts.set_clients(parts.store.registrations().await?);
    } else {
        let client = RegisteredClient { id: client_id.to_owned(), secret };
        keep_sealed(parts, provider, variables, &client, true).await?;
    }
    tell(parts, provider);
    Ok(())
}

fn tell(parts: &Parts, provider: &Provider) {
    if let Some(known) = parts.catalog.provider(&provider.id) {
        parts.events.send(EventBody::ProviderChanged { provider: Box::new(parts.view_of_provider(known)) });
    }
}

/// Keeps a client. Where its secret cannot be sealed, it is held in memory for as long as Latchkey runs.
pub(crate) async fn keep(
    parts: &Parts,
    provider: &Provider,
    variables: &Values,
    client: &RegisteredClient,
    chosen: bool,
) -> Result<(), Problem> {
    let Err(error) = keep_sealed(parts, provider, variables, client, chosen).await else { return Ok(()) };
    tracing::warn!(provider = %provider.id, ?error.code, "a client is known until Latchkey is closed");
    if let Some(secret) = &client.secret {
        let place = Registered::place(&provider.id, variables, &client.id);
        parts.hold_client_secret(place, secret.clone());
    }
    Ok(())
}

async fn keep_sealed(
    parts: &Parts,
    provider: &Provider,
    variables: &Values,
    client: &RegisteredClient,
    chosen: bool,
) -> Result<(), Problem> {
    let place = Registered::place(&provider.id, variables, &client.id);
    let envelope = match &client.secret {
        Some(secret) => {
            let bytes = secret.expose_secret().as_bytes();
            Some(parts.vault.seal(Keep::Keychain, &place, bytes, &parts.entropy).await?)
        }
        None => None,
    };
    let registered = Registered {
        provider: provider.id.clone(),
        variables: variables.clone(),
        client_id: client.id.clone(),
        secret: envelope.is_some(),
        chosen,
    };
    parts.store.save_registration(registered, envelope).await?;
    parts.set_clients(parts.store.registrations().await?);
    Ok(())
}

/// What a header and a form can carry (RFC 6749 appendix A).
fn check_text(what: &str, text: &str) -> Result<(), Problem> {
    if text.len() <= LONGEST && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
        return Ok(());
    }
    let problem = Problem::new(ProblemCode::InvalidInput, format!("This does not look like a {what}."));
    Err(problem.hint("Copy it from the provider's page; it has no spaces and no line breaks."))
}

fn missing(provider: &Provider, what: &str) -> Problem {
    let message = format!("{} needs your own {what}.", provider.file.name);
    Problem::new(ProblemCode::ClientIdMissing, message)
        .hint("Follow the steps on its card and save it there.")
}
