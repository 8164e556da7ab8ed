//! A provider as its issuer's discovery document describes it, and what of that is stored with a connection.
//!
//! What is stored is what a refresh token is sent to: a document that changes later, or is not there, redirects
//! nothing (R57).

use latchkey_oidc::Metadata;

use super::Provider;
use super::file::{ClientAuthentication, DISCOVERED, Discovery, Pattern, Pkce, ProviderFile, Values};

/// The issuer that the stored endpoints are of.
const ISSUER: &str = "discovered_issuer";
/// How a client may prove itself at the stored token endpoint.
const AUTHENTICATION: &str = "token_endpoint_auth_methods";

/// An endpoint that no sign-in goes without, and that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its discovery document names no usable {0}")]
pub(crate) struct Unusable(pub(crate) &'static str);

impl Provider {
    /// The provider as `metadata` describes it, and what of that is stored with a connection.
    pub(crate) fn as_discovered(&self, metadata: &Metadata) -> Result<(Self, Values), Unusable> {
        let admitted = |(name, url): (&'static str, &url::Url)| {
            let known = DISCOVERED.contains(&name);
            Some((name.to_owned(), Pattern::Endpoint.admit(url.as_str()).filter(|_| known)?))
        };
        let mut kept: Values = metadata.endpoints().filter_map(admitted).collect();
        for name in ["authorization_endpoint", "token_endpoint"] {
            if !kept.contains_key(name) {
                return Err(Unusable(name));
            }
        }
        kept.insert(ISSUER.to_owned(), metadata.issuer.clone());
        if let Some(methods) = &metadata.token_endpoint_auth_methods_supported {
            kept.insert(AUTHENTICATION.to_owned(), methods.join(" "));
        }
        let mut provider = self.recorded_in(&kept);
        let authorization = &mut provider.file.authorization;
        authorization.issuer_in_answer |= metadata.authorization_response_iss_parameter_supported;
        authorization.par_required |= metadata.require_pushed_authorization_requests;
        authorization.par_required &= authorization.par_url.is_some();
        if metadata.proves_pkce() == Some(false) {
            // `plain` is never sent (R3); the nonce ties the answer to the request (R6).
            authorization.pkce = Pkce::Unsupported;
        }
        if let Some(known) = &metadata.scopes_supported {
            authorization.scopes.retain(|scope| scope == "openid" || known.contains(scope));
        }
        Ok((provider, kept))
    }

    /// The provider with the endpoints that were stored with a connection, as far as they are of its issuer.
    pub(crate) fn as_recorded(&self, kept: &Values) -> Self {
        if self.file.discovery() == Discovery::Endpoints { self.recorded_in(kept) } else { self.clone() }
    }

    fn recorded_in(&self, kept: &Values) -> Self {
        let own = kept.get(ISSUER) == self.file.authorization.issuer.as_ref();
        let usable = |(name, url): &(&String, &String)| {
            let known = own && DISCOVERED.contains(&name.as_str());
            known && Pattern::Endpoint.admit(url).as_ref() == Some(url)
        };
        let copy = |(name, url): (&String, &String)| (name.clone(), url.clone());
        let endpoints: Values = kept.iter().filter(usable).map(copy).collect();
        let mut file = self.file.discovered(&endpoints);
        restrict(&mut file, kept.get(AUTHENTICATION).map_or("client_secret_basic", String::as_str));
        Self { id: self.id.clone(), file }
    }
}

/// Leaves of the ways in which a client proves itself those that the issuer takes (RFC 8414 2).
fn restrict(file: &mut ProviderFile, methods: &str) {
    let name = |way: ClientAuthentication| match way {
        ClientAuthentication::None => "none",
        ClientAuthentication::Basic => "client_secret_basic",
        ClientAuthentication::Post => "client_secret_post",
    };
    file.client.authentication.retain(|way| methods.split(' ').any(|method| method == name(*way)));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use latchkey_protocol::ProviderId;

    use super::*;
    use crate::provider::Catalog;

    const ISSUER_URL: &str = "https://id.example";

    fn provider() -> Provider {
        let catalog = Catalog::load(Path::new("/nonexistent"), None);
        let any = catalog.provider(&ProviderId::try_from("oidc").unwrap()).unwrap();
        any.filled(&Values::from([("issuer".to_owned(), ISSUER_URL.to_owned())]))
    }

    fn metadata(more: &serde_json::Value) -> Metadata {
        let mut document = serde_json::json!({
            "issuer": ISSUER_URL,
            "authorization_endpoint": "https://id.example/authorize?kind=1",
            "token_endpoint": "https://id.example/token",
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Metadata::parse(document.to_string().as_bytes(), ISSUER_URL).unwrap()
    }

    fn discovered(more: &serde_json::Value) -> (Provider, Values) {
        provider().as_discovered(&metadata(more)).unwrap()
    }

    #[test]
    fn endpoints_are_those_of_the_document_and_what_is_not_offered_is_left_out() {
        let (bare, _) = discovered(&serde_json::json!({}));
        assert_eq!(bare.file.authorization.url, "https://id.example/authorize?kind=1");
        assert_eq!(bare.file.token.url, "https://id.example/token");
        assert!(bare.file.identity.url.is_none() && bare.file.revocation.is_none());
        assert!(bare.file.client.registration.is_none() && bare.file.device.is_none());
        let (full, _) = discovered(&serde_json::json!({
            "revocation_endpoint": "https://id.example/revoke",
            "userinfo_endpoint": "https://id.example/me",
            "registration_endpoint": "https://id.example/register",
        }));
        assert_eq!(full.file.revocation.unwrap().url, "https://id.example/revoke");
        assert_eq!(full.file.identity.url.as_deref(), Some("https://id.example/me"));
        assert_eq!(full.file.client.registration.unwrap().url, "https://id.example/register");
    }

    #[test]
    fn r57_what_was_stored_stands_for_its_issuer_and_for_no_other() {
        let (first, kept) = discovered(&serde_json::json!({}));
        assert_eq!(provider().as_recorded(&kept).file.token.url, first.file.token.url);
        let mut other = kept.clone();
        other.insert(ISSUER.to_owned(), "https://evil.example".to_owned());
        assert_eq!(provider().as_recorded(&other).file.token.url, "{token_endpoint}");
        let mut torn = kept;
        torn.insert("token_endpoint".to_owned(), "http://evil.example/token".to_owned());
        assert_eq!(provider().as_recorded(&torn).file.token.url, "{token_endpoint}");
    }

    #[test]
    fn a_client_proves_itself_as_the_issuer_wants_it() {
        let ways = |more: &serde_json::Value| discovered(more).0.file.client.authentication;
        assert_eq!(ways(&serde_json::json!({})), [ClientAuthentication::Basic], "RFC 8414 2");
        let post =
            serde_json::json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "none"]});
        assert_eq!(ways(&post), [ClientAuthentication::None, ClientAuthentication::Post]);
        let (_, kept) = discovered(&post);
        assert_eq!(provider().as_recorded(&kept).file.client.authentication.len(), 2, "at a renewal, too");
    }

    #[test]
    fn r3_r6_plain_challenges_are_never_sent_and_scopes_are_those_that_there_are() {
        let plain = serde_json::json!({
            "code_challenge_methods_supported": ["plain"],
            "scopes_supported": ["profile"],
            "authorization_response_iss_parameter_supported": true,
            "require_pushed_authorization_requests": true,
        });
        let authorization = discovered(&plain).0.file.authorization;
        assert_eq!(authorization.pkce, Pkce::Unsupported);
        assert_eq!(authorization.scopes, ["openid", "profile"]);
        assert!(
            authorization.issuer_in_answer && !authorization.par_required,
            "there is no place to push to"
        );
        assert_ne!(discovered(&serde_json::json!({})).0.file.authorization.pkce, Pkce::Unsupported);
    }
}
