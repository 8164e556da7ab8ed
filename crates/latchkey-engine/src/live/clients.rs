//! Providers as a connection or a sign-in meets them: on its server, with its client.

use std::sync::Arc;

use latchkey_protocol::{ClientIdSource, ProviderId, ProviderView};
use secrecy::SecretString;

use super::sign_ins::SignInCard;
use super::{Parts, lock};
use crate::connection::{Connection, Values};
use crate::pocketbase::Address;
use crate::provider::file::SecretNeed;
use crate::provider::{Protocol, Provider};
use crate::store::Registered;
use crate::view::{self, ClientState};

impl Parts {
    /// The provider of a connection, with what is known of the connection in its URLs.
    pub(crate) fn provider_of(&self, connection: &Connection) -> Option<Arc<Provider>> {
        let provider = self.catalog.provider(&connection.provider)?;
        if !provider.file.is_open() {
            return Some(provider.clone());
        }
        let file = &provider.file;
        // The file may have changed since: what it would not admit today is put nowhere.
        let variables = connection.variables.iter().filter(|(name, value)| {
            file.variables.get(*name).and_then(|known| known.pattern.admit(value)).as_ref() == Some(*value)
        });
        let kept = connection.kept.iter().filter(|(name, value)| {
            file.keep.get(*name).and_then(|known| known.admit(value)).as_ref() == Some(*value)
        });
        let mut values: Values =
            variables.chain(kept).map(|(name, value)| (name.clone(), value.clone())).collect();
        values.insert("client_id".to_owned(), connection.client_id.clone());
        if file.protocol == Protocol::Pocketbase {
            values.extend(Address::from_key(&connection.account.key)?.realm.values());
        }
        Some(Arc::new(provider.filled(&values).as_recorded(&connection.kept)))
    }

    /// How a provider is.
    pub(crate) fn view_of_provider(&self, provider: &Provider) -> ProviderView {
        let sign_in = self.sign_in_on(&SignInCard::Provider(provider.id.clone()));
        let variables = provider.file.values(&Values::new()).unwrap_or_default();
        let secret_saved = self.client_id(provider, &variables).is_some_and(|id| {
            self.environment_secret(provider, &id).is_some()
                || self.registered(&provider.id, &variables, &id).is_some_and(|known| known.secret)
        });
        let client = ClientState { id: self.client_id_source(provider, &variables), secret_saved };
        view::provider(provider, client, sign_in)
    }

    /// The client id to use on a server, and where it comes from: settings win over the environment, which wins
    /// over the provider file.
    pub(crate) fn client_id(&self, provider: &Provider, variables: &Values) -> Option<String> {
        let saved = self.chosen(&provider.id, variables).map(|known| known.client_id);
        saved.or_else(|| self.environment_client_id(provider)).or_else(|| provider.file.client.id.clone())
    }

    /// The client that is chosen for new sign-ins on a server.
    pub(crate) fn chosen(&self, provider: &ProviderId, variables: &Values) -> Option<Registered> {
        let is = |known: &&Registered| {
            known.chosen && &known.provider == provider && &known.variables == variables
        };
        lock(&self.clients).iter().find(is).cloned()
    }

    /// One client on a server, chosen or not.
    pub(crate) fn registered(
        &self,
        provider: &ProviderId,
        variables: &Values,
        client_id: &str,
    ) -> Option<Registered> {
        let is = |known: &&Registered| {
            known.client_id == client_id && &known.provider == provider && &known.variables == variables
        };
        lock(&self.clients).iter().find(is).cloned()
    }

    /// What the database knows of clients from here on.
    pub(crate) fn set_clients(&self, clients: Vec<Registered>) {
        *lock(&self.clients) = clients;
    }

    /// A secret that could not be saved, for as long as this process runs.
    pub(crate) fn hold_client_secret(&self, place: String, secret: SecretString) {
        lock(&self.client_secrets).insert(place, secret);
    }

    pub(crate) fn held_client_secret(&self, place: &str) -> Option<SecretString> {
        lock(&self.client_secrets).get(place).cloned()
    }

    fn environment_client_id(&self, provider: &Provider) -> Option<String> {
        (self.environment)(&provider.client_id_variable()).filter(|id| !id.trim().is_empty())
    }

    /// The secret that the environment names, for the client id that it names.
    pub(crate) fn environment_secret(&self, provider: &Provider, client_id: &str) -> Option<SecretString> {
        let own = |id: &String| id == client_id;
        self.environment_client_id(provider).or_else(|| provider.file.client.id.clone()).filter(own)?;
        let secret = (self.environment)(&provider.client_secret_variable())?;
        (provider.file.client.secret != SecretNeed::None && !secret.trim().is_empty()).then(|| secret.into())
    }

    fn client_id_source(&self, provider: &Provider, variables: &Values) -> ClientIdSource {
        let variable = provider.client_id_variable();
        if self.chosen(&provider.id, variables).is_some() {
            ClientIdSource::Settings
        } else if self.environment_client_id(provider).is_some() {
            ClientIdSource::Environment { variable }
        } else if provider.file.client.id.is_some() {
            ClientIdSource::BuiltIn
        } else {
            ClientIdSource::Missing { variable }
        }
    }
}
