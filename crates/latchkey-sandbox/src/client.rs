//! The table of registered clients and the rule by which a redirect URI matches a registered one.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An app that was registered with the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    /// What the consent page calls it.
    #[serde(default = "Client::default_name")]
    pub name: String,
    /// The secret of a confidential client; a public client has none (RFC 6749 2.1).
    #[serde(default)]
    pub secret: Option<String>,
    /// Registered redirect URIs. One on a literal loopback address without a port matches any port (RFC 8252 7.3).
    pub redirect_uris: Vec<String>,
}

impl Client {
    /// The public client that every sandbox knows.
    pub const DESKTOP: &'static str = "sandbox-desktop";
    /// The confidential client that a sandbox knows when its options give a secret.
    pub const CONFIDENTIAL: &'static str = "sandbox-confidential";
    /// What the two built-in clients register.
    pub const REDIRECT_URIS: [&'static str; 9] = [
        "dev.latchkey.app:/oauth/sandbox",
        "http://127.0.0.1/oauth/sandbox",
        "http://[::1]/oauth/sandbox",
        "dev.latchkey.app:/oauth/spotify",
        "http://127.0.0.1/oauth/spotify",
        "http://[::1]/oauth/spotify",
        "dev.latchkey.app:/oauth/discord",
        "http://127.0.0.1/oauth/discord",
        "http://[::1]/oauth/discord",
    ];

    /// A public client with the built-in redirect URIs.
    pub fn public(id: impl Into<String>) -> Self {
        let redirect_uris = Self::REDIRECT_URIS.map(String::from).into();
        Self { id: id.into(), name: Self::default_name(), secret: None, redirect_uris }
    }

    /// A confidential client with the built-in redirect URIs.
    pub fn confidential(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { secret: Some(secret.into()), ..Self::public(id) }
    }

    pub(crate) fn allows_redirect(&self, presented: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_matches(registered, presented))
    }

    fn default_name() -> String {
        "Latchkey".into()
    }
}

/// Byte equality, except for the port of a registered loopback literal that names none.
fn redirect_matches(registered: &str, presented: &str) -> bool {
    if registered == presented {
        return true;
    }
    let (Ok(registered), Ok(mut presented)) = (Url::parse(registered), Url::parse(presented)) else {
        return false;
    };
    let any_port = is_loopback_literal(&registered) && registered.port().is_none();
    any_port && presented.set_port(None).is_ok() && registered == presented
}

/// `localhost` is a name and does not count (RFC 8252 8.3).
fn is_loopback_literal(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(_)) | None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_literals_take_any_port_and_nothing_else() {
        let client = Client::public("app");
        for good in [
            "dev.latchkey.app:/oauth/sandbox",
            "http://127.0.0.1/oauth/sandbox",
            "http://127.0.0.1:43117/oauth/sandbox",
            "http://[::1]:9/oauth/spotify",
        ] {
            assert!(client.allows_redirect(good), "{good}");
        }
        for bad in [
            "dev.latchkey.app:/oauth/sandbox/",
            "dev.latchkey.app://oauth/sandbox",
            "http://localhost:43117/oauth/sandbox",
            "http://127.0.0.2:43117/oauth/sandbox",
            "https://127.0.0.1:43117/oauth/sandbox",
            "http://127.0.0.1:43117/oauth/sandbox/",
            "http://127.0.0.1:43117/oauth/sandbox?x=1",
            "http://127.0.0.1:43117/oauth/sandbox#x",
            "http://127.0.0.1@evil.example/oauth/sandbox",
            "http://user@127.0.0.1:1/oauth/sandbox",
            "",
        ] {
            assert!(!client.allows_redirect(bad), "{bad}");
        }
    }
}
