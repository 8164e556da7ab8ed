//! The authorization code flow with PKCE (RFC 6749 4.1, RFC 7636, RFC 8252): the request that goes to the
//! browser, the exchange, the refresh.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use latchkey_oidc::DpopKey;
use latchkey_protocol::Timestamp;
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::dialect::{Aside, Dialect};
use super::token_answer::{Granted, SendFailure, TokenSender};
use crate::dpop::{NONCE_WANTED, PROOF_REFUSED};
use crate::http::Http;
use crate::pacing::RetryAfter;
use crate::provider::Provider;
use crate::provider::file::{Challenge, Pkce};
use crate::text::{displayable, without};

/// How a call to the token endpoint ended. Each is acted upon differently; none may be guessed.
#[derive(Debug)]
pub(crate) enum TokenOutcome {
    /// Tokens.
    Granted(Granted),
    /// `invalid_grant`: the one answer that ends a grant (RFC 6749 5.2).
    Rejected {
        /// What the provider said, made safe for display.
        text: Option<String>,
    },
    /// The provider does not accept this client.
    ClientRefused {
        /// The error code and what the provider said.
        text: Option<String>,
    },
    /// The provider does not accept the request as it is.
    RequestRefused {
        /// The error code and what the provider said.
        text: Option<String>,
    },
    /// The endpoint answers with a redirect, which is never followed.
    Redirected,
    /// The certificate is not trusted on this computer.
    Untrusted {
        /// Why.
        text: String,
    },
    /// Nothing was sent: the proxy on the way wants a name and a password.
    ProxyRefused,
    /// Nothing was sent.
    NotSent {
        /// Why.
        text: String,
    },
    /// The provider asked to wait, and says it has not acted.
    Throttled {
        /// How long.
        retry_after: RetryAfter,
    },
    /// The provider failed, and nothing is spent by asking it again.
    Failing {
        /// What was seen.
        text: String,
    },
    /// The provider may or may not have acted: no whole, valid answer was read.
    Ambiguous {
        /// What was seen.
        text: String,
        /// Whether the provider itself answered with a fault.
        by_provider: bool,
    },
}

impl TokenOutcome {
    /// Whether the endpoint answered as one does, whatever it said.
    pub(crate) fn is_answer(&self) -> bool {
        match self {
            Self::Granted(_)
            | Self::Rejected { .. }
            | Self::ClientRefused { .. }
            | Self::RequestRefused { .. }
            | Self::Redirected
            | Self::Throttled { .. } => true,
            Self::Untrusted { .. }
            | Self::ProxyRefused
            | Self::NotSent { .. }
            | Self::Failing { .. }
            | Self::Ambiguous { .. } => false,
        }
    }
}

/// What the browser needs, and what proves that the answer is ours.
pub(crate) struct AuthorizationRequest {
    pub(crate) url: Url,
    pub(crate) state: SecretString,
    pub(crate) verifier: SecretString,
}

/// Builds the authorization request (RFC 6749 4.1.1) with the challenge that the provider knows (RFC 7636 4.3).
/// `state`, `verifier` and `nonce` are 43 characters of 256 random bits each.
pub(crate) fn authorization_request(
    provider: &Provider,
    client_id: &str,
    redirect_uri: &str,
    state: String,
    verifier: String,
    nonce: Option<&SecretString>,
    key: Option<&Arc<DpopKey>>,
) -> Result<AuthorizationRequest, url::ParseError> {
    let authorization = &provider.file.authorization;
    let client = BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_auth_uri(AuthUrl::new(authorization.url.clone())?)
        .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned())?);
    let sent = state.clone();
    let mut request = client.authorize_url(|| CsrfToken::new(sent));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
    match (authorization.pkce, authorization.challenge) {
        (Pkce::Unsupported, _) => {}
        (Pkce::Required | Pkce::Supported, Challenge::S256) => {
            request = request.set_pkce_challenge(challenge);
        }
        (Pkce::Required | Pkce::Supported, Challenge::Plain) => {
            request = request
                .add_extra_param("code_challenge", verifier.clone())
                .add_extra_param("code_challenge_method", "plain");
        }
        (Pkce::Required | Pkce::Supported, Challenge::S256Hex) => {
            request = request
                .add_extra_param("code_challenge", in_hex(challenge.as_str()))
                .add_extra_param("code_challenge_method", "S256");
        }
    }
    let standard = authorization.scope_separator == " " && authorization.scope_parameter == "scope";
    if standard {
        request = request.add_scopes(authorization.scopes.iter().cloned().map(Scope::new));
    } else if !authorization.scopes.is_empty() {
        let scopes = authorization.scopes.join(&authorization.scope_separator);
        request = request.add_extra_param(&authorization.scope_parameter, scopes);
    }
    if let Some(nonce) = nonce {
        request = request.add_extra_param("nonce", nonce.expose_secret());
    }
    // The code itself is bound to the key (RFC 9449 10).
    if let Some(thumbprint) = key.and_then(|key| key.thumbprint().ok()) {
        request = request.add_extra_param("dpop_jkt", thumbprint);
    }
    for (name, value) in &authorization.parameters {
        request = request.add_extra_param(name, value);
    }
    let (url, _) = request.url();
    let url = with_client_id_as(url, &provider.file.client.id_parameter);
    Ok(AuthorizationRequest { url, state: state.into(), verifier: verifier.into() })
}

/// A digest in base64url as the same digest in hexadecimal.
fn in_hex(digest: &str) -> String {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}

/// The URL with its `client_id` under another name.
fn with_client_id_as(mut url: Url, parameter: &str) -> Url {
    if parameter == "client_id" {
        return url;
    }
    let renamed = |name: &str| if name == "client_id" { parameter.to_owned() } else { name.to_owned() };
    let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (renamed(&name), value.into_owned())).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

/// Exchanges a code (RFC 6749 4.1.3, RFC 7636 4.5) at the endpoint recorded when the sign-in began. Without a
/// `verifier` the provider knows no challenges. `date` is set to what the answer says of the provider's clock.
pub(crate) async fn exchange(
    http: &Http,
    dialect: &Dialect<'_>,
    redirect_uri: &str,
    code: &SecretString,
    verifier: Option<&SecretString>,
    date: &OnceLock<Timestamp>,
) -> TokenOutcome {
    let client = match client(dialect.token_url(), dialect.client_id()) {
        Ok(client) => client,
        Err(error) => return request_refused(&error.to_string()),
    };
    let redirect = match RedirectUrl::new(redirect_uri.to_owned()) {
        Ok(redirect) => redirect,
        Err(error) => return request_refused(&error.to_string()),
    };
    let client = client.set_redirect_uri(redirect);
    let mut request = client.exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()));
    if let Some(verifier) = verifier {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
    }
    let aside = OnceLock::new();
    let result = request.request_async(&TokenSender { http, dialect, date, aside: &aside }).await;
    let sent: Vec<_> = [Some(code), verifier, dialect.secret()].into_iter().flatten().collect();
    with(outcome(result, &sent), aside)
}

/// Renews access (RFC 6749 6). No scope is sent: the grant's own scopes stand (R45). `date` is set to what the
/// answer says of the provider's clock.
pub(crate) async fn refresh(
    http: &Http,
    dialect: &Dialect<'_>,
    refresh_token: &SecretString,
    date: &OnceLock<Timestamp>,
) -> TokenOutcome {
    let client = match client(dialect.refresh_url(), dialect.client_id()) {
        Ok(client) => client,
        Err(error) => return request_refused(&error.to_string()),
    };
    let aside = OnceLock::new();
    let result = client
        .exchange_refresh_token(&RefreshToken::new(refresh_token.expose_secret().to_owned()))
        .request_async(&TokenSender { http, dialect, date, aside: &aside })
        .await;
    let sent: Vec<_> = [Some(refresh_token), dialect.secret()].into_iter().flatten().collect();
    with(outcome(result, &sent), aside)
}

fn with(outcome: TokenOutcome, aside: OnceLock<Aside>) -> TokenOutcome {
    match (outcome, aside.into_inner()) {
        (TokenOutcome::Granted(granted), Some(aside)) => TokenOutcome::Granted(Granted { aside, ..granted }),
        (outcome, _) => outcome,
    }
}

type TokenClient = BasicClient<
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

fn client(token_url: &str, client_id: &str) -> Result<TokenClient, url::ParseError> {
    let token_url = TokenUrl::new(token_url.to_owned())?;
    Ok(BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_auth_type(oauth2::AuthType::RequestBody)
        .set_token_uri(token_url))
}

/// What a refusal of another endpoint of the provider's means.
pub(crate) fn refusal(error: BasicRequestTokenError<SendFailure>, dialect: &Dialect<'_>) -> TokenOutcome {
    let sent: Vec<_> = dialect.secret().into_iter().collect();
    match error {
        RequestTokenError::ServerResponse(answer) => refused(&answer, &sent),
        RequestTokenError::Request(failure) => unanswered(failure),
        RequestTokenError::Parse(error, _) => {
            let text = format!("the answer is not what it should be, at {}", error.path());
            TokenOutcome::Failing { text }
        }
        RequestTokenError::Other(text) => TokenOutcome::Failing { text },
    }
}

fn request_refused(text: &str) -> TokenOutcome {
    TokenOutcome::RequestRefused { text: displayable(text) }
}

/// What the answer means. `sent` is never repeated from it.
fn outcome(
    result: Result<oauth2::basic::BasicTokenResponse, BasicRequestTokenError<SendFailure>>,
    sent: &[&SecretString],
) -> TokenOutcome {
    match result {
        Ok(response) => TokenOutcome::Granted(Granted::from(response)),
        Err(RequestTokenError::ServerResponse(answer)) => refused(&answer, sent),
        Err(RequestTokenError::Request(failure)) => unanswered(failure),
        Err(RequestTokenError::Parse(error, _)) => {
            let text = format!("the answer is not what RFC 6749 describes, at {}", error.path());
            TokenOutcome::Ambiguous { text, by_provider: true }
        }
        Err(RequestTokenError::Other(text)) => TokenOutcome::Ambiguous { text, by_provider: true },
    }
}

pub(super) fn refused(answer: &oauth2::basic::BasicErrorResponse, sent: &[&SecretString]) -> TokenOutcome {
    let said = |text: &str| displayable(&without(text, sent));
    let description = answer.error_description().and_then(|text| said(text));
    let code = answer.error().as_ref();
    let text = said(&description.map_or_else(|| code.to_owned(), |text| format!("{code}: {text}")));
    match answer.error() {
        BasicErrorResponseType::InvalidGrant => TokenOutcome::Rejected { text },
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => {
            TokenOutcome::ClientRefused { text }
        }
        BasicErrorResponseType::InvalidRequest
        | BasicErrorResponseType::InvalidScope
        | BasicErrorResponseType::UnsupportedGrantType => TokenOutcome::RequestRefused { text },
        // What is refused for its proof alone has not been looked at further: nothing is spent (RFC 9449 5, 8).
        BasicErrorResponseType::Extension(code) if code == NONCE_WANTED => {
            let text = "dpop_nonce_loop: the provider wants another nonce again and again".to_owned();
            TokenOutcome::Failing { text }
        }
        BasicErrorResponseType::Extension(code) if code == PROOF_REFUSED => {
            TokenOutcome::Failing { text: text.unwrap_or_default() }
        }
        // `temporarily_unavailable`, `server_error` and whatever else a provider invents: nothing that ends
        // a grant (R41, F10).
        BasicErrorResponseType::Extension(_) => {
            TokenOutcome::Ambiguous { text: text.unwrap_or_default(), by_provider: true }
        }
    }
}

pub(super) fn unanswered(failure: SendFailure) -> TokenOutcome {
    match failure {
        SendFailure::NotSent(text) => TokenOutcome::NotSent { text },
        SendFailure::Untrusted(text) => TokenOutcome::Untrusted { text },
        SendFailure::ProxyRefused => TokenOutcome::ProxyRefused,
        SendFailure::Redirected => TokenOutcome::Redirected,
        SendFailure::Throttled { retry_after } => TokenOutcome::Throttled { retry_after },
        SendFailure::Lost(text) => TokenOutcome::Ambiguous { text, by_provider: false },
        SendFailure::Fault(text) => TokenOutcome::Ambiguous { text, by_provider: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalog;
    use latchkey_protocol::ProviderId;

    fn request() -> AuthorizationRequest {
        let catalog = Catalog::load(std::path::Path::new("/nonexistent"), None);
        let spotify = catalog.provider(&ProviderId::try_from("spotify").unwrap()).unwrap();
        let spotify = &spotify.asking(&spotify.scopes_for(None).unwrap());
        // The verifier of RFC 7636 appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let redirect = "dev.latchkey.app:/oauth/spotify";
        authorization_request(spotify, "client-1", redirect, "state-1".to_owned(), verifier, None, None)
            .unwrap()
    }

    #[test]
    fn the_authorization_request_is_what_the_provider_file_says() {
        assert_eq!(
            request().url.as_str(),
            "https://accounts.spotify.com/authorize?response_type=code&client_id=client-1&state=state-1\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
             &redirect_uri=dev.latchkey.app%3A%2Foauth%2Fspotify\
             &scope=user-read-recently-played+user-library-read+playlist-read-private&show_dialog=true"
        );
    }

    #[test]
    fn the_verifier_is_not_in_the_request() {
        let request = request();
        assert!(!request.url.as_str().contains(request.verifier.expose_secret()));
    }
}
