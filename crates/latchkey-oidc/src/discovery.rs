//! Discovery documents (OpenID Connect Discovery 1.0, RFC 8414): where they are, and which are believed.

use std::net::Ipv4Addr;

use serde::Deserialize;
use url::{Host, Url};

/// What an issuer says of itself. Every endpoint is https, or http on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// The issuer, to the letter.
    pub issuer: String,
    /// Where the browser goes.
    pub authorization_endpoint: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: Url,
    /// Where the keys are.
    pub jwks_uri: Option<Url>,
    /// Where claims about the account are.
    pub userinfo_endpoint: Option<Url>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Where the device flow begins (RFC 8628).
    pub device_authorization_endpoint: Option<Url>,
    /// Where clients register themselves (RFC 7591).
    pub registration_endpoint: Option<Url>,
    /// Where requests are pushed (RFC 9126).
    pub pushed_authorization_request_endpoint: Option<Url>,
    /// Whether every request must be pushed (RFC 9126 5).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// Whether each answer names its issuer (RFC 9207 3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Challenge methods (RFC 8414 2); absent where the issuer does not say.
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// Scopes; absent where the issuer does not say.
    pub scopes_supported: Option<Vec<String>>,
    /// How clients authenticate at the token endpoint; absent means `client_secret_basic`.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Algorithms of ID tokens; absent where the issuer does not say.
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
    /// Algorithms of DPoP proofs (RFC 9449 5.1); absent where there is no DPoP.
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
}

/// Why a discovery document is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is no such document.
    #[error("the discovery document cannot be read: {0}")]
    Malformed(String),
    /// It speaks of another issuer (Discovery 4.3, RFC 8414 3.3).
    #[error("the discovery document is that of {found}")]
    OtherIssuer {
        /// The issuer it names.
        found: String,
    },
    /// A secret would travel unprotected.
    #[error("the discovery document names {endpoint} at {url}, which is not https")]
    Unprotected {
        /// The member.
        endpoint: &'static str,
        /// Its value.
        url: String,
    },
    /// An endpoint has no user, no password and no fragment (RFC 6749 3.1, 3.2).
    #[error("the discovery document names {endpoint} with a user, a password or a fragment")]
    Adorned {
        /// The member.
        endpoint: &'static str,
    },
    /// Somebody outside sends requests into a private network.
    #[error("the discovery document names {endpoint} at {host}, an address inside of a private network")]
    Inward {
        /// The member.
        endpoint: &'static str,
        /// Where it leads.
        host: String,
    },
}

/// Whether a program that signs a person in can register itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// It can (RFC 7591).
    Offered,
    /// A person has to.
    ByHand,
}

/// Where the document of an issuer may be, in the order in which it is asked for: appended as OpenID Connect
/// Discovery 4 has it, then inserted as RFC 8414 3.1 has it. There is no third guess. Empty for an issuer that
/// is no https URL, or http one of this computer, without query and fragment.
pub fn well_known_urls(issuer: &str) -> Vec<Url> {
    let Some(base) = Url::parse(issuer).ok().filter(is_issuer) else { return Vec::new() };
    let path = base.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = base.clone();
        url.set_path(&path);
        url
    };
    let appended = at(format!("{path}/.well-known/openid-configuration"));
    let inserted = at(format!("/.well-known/oauth-authorization-server{path}"));
    vec![appended, inserted]
}

fn is_issuer(url: &Url) -> bool {
    is_protected(url) && url.query().is_none() && is_plain(url)
}

/// Without a user, a password and a fragment.
fn is_plain(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

/// Whether a URL names, by its letters alone, a place that is not on the public network. What a name resolves to
/// is not asked.
fn is_inward(url: &Url) -> bool {
    let four = |ip: Ipv4Addr| {
        let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
        ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || shared
    };
    match url.host() {
        Some(Host::Ipv4(ip)) => four(ip),
        Some(Host::Ipv6(ip)) => {
            let own = ip.is_unique_local() || ip.is_unicast_link_local();
            own || ip.is_loopback() || ip.is_unspecified() || ip.to_ipv4_mapped().is_some_and(four)
        }
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => true,
    }
}

/// https, or http to a loopback literal, which never leaves the computer.
fn is_protected(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// A URL as far as it may be shown.
fn bare(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

impl Metadata {
    /// Reads the document that was asked of `issuer`.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Self, MetadataError> {
        let metadata: Self =
            serde_json::from_slice(document).map_err(|error| MetadataError::Malformed(error.to_string()))?;
        if metadata.issuer != issuer {
            return Err(MetadataError::OtherIssuer { found: metadata.issuer });
        }
        metadata.check_endpoints(Url::parse(issuer).is_ok_and(|issuer| is_inward(&issuer)))?;
        Ok(metadata)
    }

    /// An issuer that is inside of a private network itself may name its neighbours.
    fn check_endpoints(&self, from_inside: bool) -> Result<(), MetadataError> {
        for (endpoint, url) in self.endpoints() {
            if !is_protected(url) {
                return Err(MetadataError::Unprotected { endpoint, url: bare(url) });
            }
            if !is_plain(url) {
                return Err(MetadataError::Adorned { endpoint });
            }
            if !from_inside && is_inward(url) {
                let host = url.host_str().unwrap_or_default().to_owned();
                return Err(MetadataError::Inward { endpoint, host });
            }
        }
        Ok(())
    }

    /// Every endpoint that the issuer has, by the name that the document gives it.
    pub fn endpoints(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        let endpoints = [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", self.jwks_uri.as_ref()),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
            ("revocation_endpoint", self.revocation_endpoint.as_ref()),
            ("device_authorization_endpoint", self.device_authorization_endpoint.as_ref()),
            ("registration_endpoint", self.registration_endpoint.as_ref()),
            ("pushed_authorization_request_endpoint", self.pushed_authorization_request_endpoint.as_ref()),
        ];
        endpoints.into_iter().filter_map(|(endpoint, url)| Some((endpoint, url?)))
    }

    /// Whether PKCE with S256 is announced (RFC 8414 2). `None` where the issuer does not say.
    pub fn proves_pkce(&self) -> Option<bool> {
        self.code_challenge_methods_supported.as_ref().map(|methods| methods.iter().any(|it| it == "S256"))
    }

    /// Whether clients register themselves.
    pub fn registration(&self) -> Registration {
        match self.registration_endpoint {
            Some(_) => Registration::Offered,
            None => Registration::ByHand,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example/tenant";

    fn document(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let mut document = serde_json::json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/jwks",
            "code_challenge_methods_supported": ["S256"],
            "unknown": 1,
        });
        change(&mut document);
        document.to_string().into_bytes()
    }

    #[test]
    fn r54_only_the_issuer_itself_may_speak_to_the_letter() {
        assert!(Metadata::parse(&document(|_| {}), ISSUER).is_ok());
        let others =
            ["https://id.example/tenant/", "https://ID.example/tenant", "https://id.example:443/tenant"];
        for other in others {
            let refused = Metadata::parse(&document(|_| {}), other).unwrap_err();
            assert_eq!(refused, MetadataError::OtherIssuer { found: ISSUER.into() }, "{other}");
        }
    }

    #[test]
    fn r56_the_document_is_looked_for_in_two_places_and_no_third() {
        let urls: Vec<_> = well_known_urls(ISSUER).iter().map(Url::to_string).collect();
        assert_eq!(
            urls,
            [
                "https://id.example/tenant/.well-known/openid-configuration",
                "https://id.example/.well-known/oauth-authorization-server/tenant",
            ]
        );
        let root: Vec<_> = well_known_urls("https://id.example").iter().map(Url::to_string).collect();
        assert_eq!(root[0], "https://id.example/.well-known/openid-configuration");
        assert_eq!(root[1], "https://id.example/.well-known/oauth-authorization-server");
        for bad in ["http://id.example", "https://id.example?x", "https://u@id.example", "id.example", ""] {
            assert_eq!(well_known_urls(bad), [], "{bad}");
        }
        assert_eq!(well_known_urls("http://127.0.0.1:8080").len(), 2);
    }

    #[test]
    fn an_endpoint_that_is_not_protected_is_named() {
        let unprotected = document(|it| it["token_endpoint"] = "http://id.example/token".into());
        let refused = Metadata::parse(&unprotected, ISSUER).unwrap_err();
        assert!(
            matches!(refused, MetadataError::Unprotected { endpoint: "token_endpoint", .. }),
            "{refused}"
        );
        let scheme = document(|it| it["jwks_uri"] = "file:///etc/passwd".into());
        assert!(Metadata::parse(&scheme, ISSUER).is_err());
    }

    #[test]
    fn an_issuer_outside_cannot_send_requests_inside() {
        let inside = [
            "https://10.0.0.1/token",
            "https://192.168.1.1/token",
            "https://169.254.169.254/token",
            "https://100.64.0.1/token",
            "https://0.0.0.0/token",
            "http://127.0.0.1:8080/token",
            "https://[::1]/token",
            "https://[fd00::1]/token",
            "https://[fe80::1]/token",
            "https://[::ffff:10.0.0.1]/token",
            "https://localhost/token",
            "https://a.localhost./token",
        ];
        for url in inside {
            let refused = Metadata::parse(&document(|it| it["token_endpoint"] = url.into()), ISSUER);
            let named = matches!(refused, Err(MetadataError::Inward { endpoint: "token_endpoint", .. }));
            assert!(named, "{url}: {refused:?}");
        }
        let neighbour = document(|it| {
            it["issuer"] = "https://192.168.1.2".into();
            it["token_endpoint"] = "https://192.168.1.3/token".into();
        });
        assert!(Metadata::parse(&neighbour, "https://192.168.1.2").is_ok(), "it is inside itself");
    }

    #[test]
    fn an_endpoint_has_no_user_and_no_fragment() {
        for url in
            ["https://eve@id.example/token", "https://:x@id.example/token", "https://id.example/token#x"]
        {
            let refused = Metadata::parse(&document(|it| it["token_endpoint"] = url.into()), ISSUER);
            assert_eq!(refused, Err(MetadataError::Adorned { endpoint: "token_endpoint" }), "{url}");
        }
        let secret = document(|it| it["jwks_uri"] = "http://a:planted@id.example/?planted".into());
        assert!(!Metadata::parse(&secret, ISSUER).unwrap_err().to_string().contains("planted"));
    }

    #[test]
    fn what_is_no_document_is_refused_and_what_is_missing_is_named() {
        for text in ["", "[]", "{}", "<html>", r#"{"issuer":1}"#] {
            let refused = Metadata::parse(text.as_bytes(), ISSUER).unwrap_err();
            assert!(matches!(refused, MetadataError::Malformed(_)), "{text}");
        }
        let without = document(|it| drop(it.as_object_mut().unwrap().remove("token_endpoint")));
        assert!(Metadata::parse(&without, ISSUER).unwrap_err().to_string().contains("token_endpoint"));
    }

    #[test]
    fn r6_pkce_is_proven_denied_or_not_spoken_of() {
        let of = |change: fn(&mut serde_json::Value)| {
            Metadata::parse(&document(change), ISSUER).unwrap().proves_pkce()
        };
        assert_eq!(of(|_| {}), Some(true));
        assert_eq!(of(|it| it["code_challenge_methods_supported"] = vec!["plain"].into()), Some(false));
        assert_eq!(of(|it| it["code_challenge_methods_supported"] = serde_json::Value::Null), None);
    }
}
