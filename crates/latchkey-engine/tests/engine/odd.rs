//! A provider that does everything otherwise: the odd face of the sandbox, and a file that says so.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::support::{MINUTE, World};
use latchkey_engine::{Callback, ClientSecret};
use latchkey_protocol::{ConnectionView, GrantState, Keep, Problem, ProviderId, ProviderView, Severity};
use latchkey_sandbox::{Client, Endpoint, OddSettings, Outcome};
use url::Url;

/// What is written under each heading of the file, beside what every file has.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) top: &'static str,
    pub(crate) client: &'static str,
    pub(crate) authorization: &'static str,
    pub(crate) token: &'static str,
    /// In place of the usual call.
    pub(crate) identity: Option<&'static str>,
    pub(crate) rest: &'static str,
}

pub(crate) const CLIENT: &str = "odd-client";
pub(crate) const SECRET: &str = "s3cret+%/:";

pub(crate) struct Odd(World);

impl Deref for Odd {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Odd {
    /// A running engine with such a provider, nobody signed in.
    pub(crate) fn new(file: &File, habits: impl FnOnce(&mut OddSettings)) -> Self {
        Self::with_secret(file, None, habits)
    }

    /// The same, where the client has a secret, which is not saved yet.
    pub(crate) fn with_secret(
        file: &File,
        secret: Option<&str>,
        habits: impl FnOnce(&mut OddSettings),
    ) -> Self {
        let mut world = World::before_the_start();
        world.settings(|settings| habits(&mut settings.odd));
        world.write_provider("odd.toml", &text(file));
        let redirect_uris =
            vec!["dev.latchkey.app:/oauth/odd".to_owned(), "http://127.0.0.1/oauth/odd".to_owned()];
        let client = Client { redirect_uris, secret: secret.map(str::to_owned), ..Client::public(CLIENT) };
        world.sandbox.add_client(client);
        world.start();
        assert_eq!(world.overview().notices, []);
        Self(world)
    }

    pub(crate) fn restart(&mut self) {
        self.0.restart();
    }

    pub(crate) fn world(&mut self) -> &mut World {
        &mut self.0
    }

    pub(crate) fn provider(&self) -> ProviderView {
        self.overview().providers.into_iter().find(|provider| provider.id == odd()).unwrap()
    }

    pub(crate) fn save(&self, client_id: &str, secret: &str) -> Result<ProviderView, Problem> {
        let secret = ClientSecret::from(secret);
        self.run(self.engine().save_client(odd(), BTreeMap::new(), client_id.to_owned(), secret))
    }

    pub(crate) fn begin(&self, variables: &[(&str, &str)]) -> Result<Url, Problem> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = variables.iter().map(pair).collect();
        let begun = self.engine().begin_sign_in(odd(), variables, Keep::Keychain, None, None);
        self.run(begun).map(|(_, url)| url.unwrap())
    }

    /// Signs in and says how the connection is.
    pub(crate) fn sign_in_at(&self, variables: &[(&str, &str)]) -> ConnectionView {
        let before = self.overview().connections.len();
        let url = self.begin(variables).unwrap();
        assert_eq!(self.link(&self.browser(&url)), Callback::Taken);
        self.until("connected", |overview| {
            let ended = overview.providers.iter().any(|provider| {
                provider.sign_in.as_ref().is_some_and(|sign_in| {
                    matches!(sign_in.stage, latchkey_protocol::SignInStage::Ended { .. })
                })
            });
            assert!(!ended, "{:?} {:?}", self.provider().sign_in, self.sandbox.refusals());
            let good = |one: &ConnectionView| one.health.grant == GrantState::Connected;
            overview.connections.len() > before && overview.connections.iter().all(good)
        });
        self.until_settled();
        self.overview().connections.pop().unwrap()
    }

    /// Lives through a sign-in and two renewals, and is healthy after that.
    pub(crate) fn lives(&self) -> ConnectionView {
        let connection = self.sign_in_at(&[]);
        for renewal in 1..=2 {
            self.clock.advance(56 * MINUTE);
            self.requests(Endpoint::Refresh, renewal);
            self.until_idle();
        }
        self.is_healthy();
        assert_eq!(connection.account.name, "Ada Lovelace");
        assert_eq!(connection.grant.granted, ["profile", "library.read"]);
        connection
    }

    pub(crate) fn is_healthy(&self) {
        let view = self.check().unwrap();
        assert_eq!(view.health.severity, Severity::Healthy, "{view:?} {:?}", self.sandbox.refusals());
        assert!(self.sandbox.refusals().is_empty(), "{:?}", self.sandbox.refusals());
    }

    /// How the last request to an endpoint was taken.
    pub(crate) fn last(&self, endpoint: Endpoint) -> Outcome {
        self.sandbox.requests_to(endpoint).pop().unwrap().outcome
    }
}

pub(crate) fn odd() -> ProviderId {
    ProviderId::try_from("odd").unwrap()
}

pub(crate) fn text(file: &File) -> String {
    let File { top, client, authorization, token, identity, rest } = file;
    let id = if client.contains("registration") || client.contains("secret =") {
        String::new()
    } else {
        format!("id = \"{CLIENT}\"")
    };
    let identity =
        identity.unwrap_or("url = \"{sandbox}/odd/me\"\nkey = [\"/user/id\"]\nname = [\"/user/name\"]");
    let scopes =
        if authorization.contains("scopes =") { "" } else { "scopes = [\"profile\", \"library.read\"]" };
    let token_url = if token.contains("url = ") { "" } else { "url = \"{sandbox}/odd/token\"" };
    let url = if authorization.contains("url = ") { "" } else { "url = \"{sandbox}/odd/authorize\"" };
    format!(
        "id = \"odd\"\nname = \"Odd\"\nsummary = \"Does everything otherwise.\"\n{top}\n\
         [client]\n{id}\n{client}\n\
         [authorization]\n{url}\nredirects = [\"deep-link\", \"loopback\"]\n{scopes}\n{authorization}\n\
         [token]\n{token_url}\n{token}\n[identity]\n{identity}\n{rest}\n"
    )
}
