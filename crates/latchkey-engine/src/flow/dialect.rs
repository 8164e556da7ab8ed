//! How one provider writes what RFC 6749 says: requests on their way out, answers on their way in.
//!
//! The `oauth2` crate speaks the standard and nothing else. What it sends is brought into a provider's own form
//! here, after it has left the crate; what comes back is brought into the standard's form before the crate
//! reads it.

mod answers;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, header};
use oauth2::HttpRequest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::form_urlencoded;

use latchkey_protocol::Timestamp;

use crate::credential::RegisteredClient;
use crate::dpop::Holder;
use crate::provider::file::{Client, ClientAuthentication, ProviderFile, TokenBody};
use crate::provider::{Protocol, Provider};

pub(crate) use answers::Aside;

/// A provider's form of the token endpoint, and who asks.
pub(crate) struct Dialect<'d> {
    file: &'d ProviderFile,
    client: &'d RegisteredClient,
    now: Timestamp,
    holder: Option<Holder<'d>>,
}

impl<'d> Dialect<'d> {
    /// The dialect of `provider` for a request that leaves at `now`.
    pub(crate) fn new(provider: &'d Provider, client: &'d RegisteredClient, now: Timestamp) -> Self {
        Self { file: &provider.file, client, now, holder: None }
    }

    /// The same with a proof of the key that what is granted is bound to (RFC 9449 5).
    #[must_use]
    pub(crate) fn held_by(self, holder: Option<Holder<'d>>) -> Self {
        Self { holder, ..self }
    }

    /// Who proves that it holds the key, where there is one.
    pub(crate) fn holder(&self) -> Option<Holder<'d>> {
        self.holder
    }

    /// What the provider speaks.
    pub(crate) fn protocol(&self) -> Protocol {
        self.file.protocol
    }

    /// When the request leaves.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client.id
    }

    /// The client secret, which no text of an answer may repeat.
    pub(crate) fn secret(&self) -> Option<&SecretString> {
        self.client.secret.as_ref()
    }

    /// Where codes are exchanged.
    pub(crate) fn token_url(&self) -> &str {
        &self.file.token.url
    }

    /// Where refresh tokens are exchanged.
    pub(crate) fn refresh_url(&self) -> &str {
        self.file.token.refresh_url.as_ref().unwrap_or(&self.file.token.url)
    }

    /// The standard's request as this provider wants it.
    pub(crate) fn put(&self, mut request: HttpRequest) -> HttpRequest {
        let fields: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
        let own = |(name, _): &(String, String)| name != "client_id";
        let mut fields: Vec<_> = fields.into_iter().filter(own).collect();
        match prove(&self.file.client, self.client) {
            Proof::Header(value) => drop(request.headers_mut().insert(header::AUTHORIZATION, value)),
            Proof::Fields(proof) => fields.extend(proof),
        }
        for (name, value) in &self.file.token.parameters {
            fields.push((name.clone(), value.clone()));
        }
        let (body, media_type) = match self.file.token.body {
            TokenBody::Form => (as_form(&fields), FORM),
            TokenBody::Json => (as_json(fields), JSON),
        };
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        *request.body_mut() = body.into_bytes();
        request
    }
}

pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const JSON: &str = "application/json";

/// How a client says who it is.
pub(super) enum Proof {
    /// In `Authorization`.
    Header(HeaderValue),
    /// In the body.
    Fields(Vec<(String, String)>),
}

/// The first way of the file that fits what there is (RFC 6749 2.3.1).
pub(super) fn prove(form: &Client, client: &RegisteredClient) -> Proof {
    let id = (form.id_parameter.clone(), client.id.clone());
    match (form.authentication_with(client.secret.is_some()), &client.secret) {
        (ClientAuthentication::Basic, _) => basic(client).map_or(Proof::Fields(vec![id]), Proof::Header),
        (ClientAuthentication::Post | ClientAuthentication::None, Some(secret)) => {
            let secret = (form.secret_parameter.clone(), secret.expose_secret().to_owned());
            Proof::Fields(vec![id, secret])
        }
        (ClientAuthentication::Post | ClientAuthentication::None, None) => Proof::Fields(vec![id]),
    }
}

/// `Basic`, both halves form-encoded before they are joined (RFC 6749 2.3.1).
pub(super) fn basic(client: &RegisteredClient) -> Option<HeaderValue> {
    let secret = client.secret.as_ref().map_or("", ExposeSecret::expose_secret);
    let half = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = BASE64_STANDARD.encode(format!("{}:{}", half(&client.id), half(secret)));
    secret_header(&format!("Basic {both}"))
}

/// A header that no log shows. None for a text that no header may have.
pub(crate) fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

pub(super) fn as_form(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(super) fn as_json(fields: Vec<(String, String)>) -> String {
    let object: Map<String, Value> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    Value::Object(object).to_string()
}
