//! Telling a provider that a grant is over: RFC 7009, and every other way in which providers want to hear it.

use http::{HeaderValue, header};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::dialect::{self, FORM, JSON, Proof};
use super::token_answer;
use crate::credential::{RegisteredClient, TokenSet};
use crate::http::{Http, NoReply, Reply};
use crate::provider::Provider;
use crate::provider::file::{Client, Revocation, RevocationStyle};

/// What a revocation endpoint answered (RFC 7009 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RevocationOutcome {
    /// The token is dead: revoked, or unknown to the provider.
    Done,
    /// The provider refuses to do it.
    Refused,
    /// The provider did not answer, or asked to wait: it is tried again.
    Later,
}

/// Whether `provider` can be told at all.
pub(crate) fn is_offered(provider: &Provider) -> bool {
    provider.file.revocation.is_some()
}

/// Revokes a token set, and before it what came for another account: nobody else knows of that.
pub(crate) async fn revoke(
    http: &Http,
    provider: &Provider,
    client: &RegisteredClient,
    set: &TokenSet,
) -> RevocationOutcome {
    if let Some(strange) = set.quarantined.clone() {
        let strange =
            TokenSet { access: strange.access, refresh: strange.refresh, quarantined: None, ..set.clone() };
        if revoke_whole(http, provider, client, &strange).await == RevocationOutcome::Later {
            return RevocationOutcome::Later;
        }
    }
    revoke_whole(http, provider, client, set).await
}

/// By RFC 7009 the refresh token first, then the access token (2.1), so that what is left after a kill in between
/// is short; otherwise the one token that the provider asks for.
async fn revoke_whole(
    http: &Http,
    provider: &Provider,
    client: &RegisteredClient,
    set: &TokenSet,
) -> RevocationOutcome {
    let first = revoke_one(http, provider, client, set).await;
    let standard = |revocation: &Revocation| revocation.style == RevocationStyle::Rfc7009;
    let both = set.refresh.is_some() && provider.file.revocation.as_ref().is_some_and(standard);
    if !both || first != RevocationOutcome::Done {
        return first;
    }
    // Some providers cannot revoke access tokens alone; theirs ends by itself.
    let access = TokenSet { refresh: None, ..set.clone() };
    match revoke_one(http, provider, client, &access).await {
        RevocationOutcome::Later => RevocationOutcome::Later,
        RevocationOutcome::Done | RevocationOutcome::Refused => RevocationOutcome::Done,
    }
}

/// Revokes the token by which most of the grant ends.
pub(crate) async fn revoke_one(
    http: &Http,
    provider: &Provider,
    client: &RegisteredClient,
    set: &TokenSet,
) -> RevocationOutcome {
    let Some(revocation) = &provider.file.revocation else { return RevocationOutcome::Refused };
    let Some(request) = request(revocation, &provider.file.client, client, set) else {
        return RevocationOutcome::Refused;
    };
    match http.send(request, token_answer::LIMIT).await {
        Ok(Reply { status: 200..=299, .. }) => RevocationOutcome::Done,
        Ok(Reply { status: 408 | 425 | 429 | 500..=599, .. })
        | Err(NoReply::NotSent(_) | NoReply::Untrusted(_) | NoReply::ProxyRefused | NoReply::Lost(_)) => {
            RevocationOutcome::Later
        }
        Ok(_) | Err(NoReply::TooLarge(_)) => RevocationOutcome::Refused,
    }
}

/// What a request is made of.
struct Parts {
    method: Method,
    authorization: Option<HeaderValue>,
    fields: Vec<(String, String)>,
    media_type: Option<&'static str>,
}

fn request(
    revocation: &Revocation,
    form: &Client,
    client: &RegisteredClient,
    set: &TokenSet,
) -> Option<Request> {
    let parts = parts(revocation, form, client, set)?;
    let mut request = Request::new(parts.method, Url::parse(&revocation.url).ok()?);
    if let Some(value) = parts.authorization {
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    if let Some(media_type) = parts.media_type {
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        let json = media_type == JSON;
        let body = if json { dialect::as_json(parts.fields) } else { dialect::as_form(&parts.fields) };
        *request.body_mut() = Some(body.into());
    }
    Some(request)
}

fn parts(revocation: &Revocation, form: &Client, client: &RegisteredClient, set: &TokenSet) -> Option<Parts> {
    let access = || set.access.expose_secret().to_owned();
    let secret = || client.secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    let field = |name: &str, value: String| (name.to_owned(), value);
    let bearer = |token: &SecretString| dialect::secret_header(&format!("Bearer {}", token.expose_secret()));
    let (renews, token) = match &set.refresh {
        Some(refresh) => (true, refresh.expose_secret().to_owned()),
        None => (false, access()),
    };
    let hint = if renews { "refresh_token" } else { "access_token" };
    let (method, authorization, mut fields, media_type) = match revocation.style {
        RevocationStyle::Rfc7009 => {
            let mut fields = vec![field("token", token), field("token_type_hint", hint.to_owned())];
            let header = match dialect::prove(form, client) {
                Proof::Header(value) => Some(value),
                Proof::Fields(proof) => {
                    fields.extend(proof);
                    None
                }
            };
            (Method::POST, header, fields, Some(FORM))
        }
        RevocationStyle::DeleteJsonBasic => {
            let fields = vec![field("access_token", access())];
            (Method::DELETE, Some(dialect::basic(client)?), fields, Some(JSON))
        }
        RevocationStyle::DeleteBearer => (Method::DELETE, bearer(&set.access), Vec::new(), None),
        RevocationStyle::PostBearer => (Method::POST, bearer(&set.access), Vec::new(), None),
        RevocationStyle::FormBearer => {
            (Method::POST, bearer(&set.access), vec![field("token", access())], Some(FORM))
        }
        RevocationStyle::FormAccess => {
            (Method::POST, None, vec![field("access_token", access())], Some(FORM))
        }
        RevocationStyle::JsonAccess => {
            (Method::POST, None, vec![field("access_token", access())], Some(JSON))
        }
        RevocationStyle::JsonBasic => {
            (Method::POST, Some(dialect::basic(client)?), vec![field("token", token)], Some(JSON))
        }
        RevocationStyle::JsonClient => {
            let fields =
                [("token", access()), ("client_id", client.id.clone()), ("client_secret", secret()?)];
            (Method::POST, None, fields.map(|(name, value)| field(name, value)).into(), Some(JSON))
        }
        RevocationStyle::JsonCamel => {
            let fields =
                [("accessToken", access()), ("clientId", client.id.clone()), ("clientSecret", secret()?)];
            (Method::POST, None, fields.map(|(name, value)| field(name, value)).into(), Some(JSON))
        }
        RevocationStyle::JsonClientHeader => {
            let header = dialect::secret_header(&format!("Client {}", secret()?))?;
            let fields = vec![field("client_id", client.id.clone()), field("access_token", access())];
            (Method::POST, Some(header), fields, Some(JSON))
        }
        RevocationStyle::FormClientBearer => {
            let header = bearer(client.secret.as_ref()?);
            (Method::POST, header, vec![field("client_id", client.id.clone())], Some(FORM))
        }
    };
    fields.extend(revocation.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
    Some(Parts { method, authorization, fields, media_type })
}
