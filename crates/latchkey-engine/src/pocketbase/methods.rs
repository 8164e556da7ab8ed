//! What a collection offers to sign in with, as it says itself; and the request to an upstream service, of which
//! nothing that the server chose is kept but where it goes.

use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::provider::file::check_url;
use crate::text::displayable;

/// What `auth-methods` answers.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Methods {
    #[serde(default)]
    pub(crate) password: Password,
    #[serde(default)]
    pub(crate) otp: Timed,
    #[serde(default)]
    pub(crate) mfa: Timed,
    #[serde(default)]
    oauth2: Upstreams,
}

/// Signing in with a password.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Password {
    #[serde(default)]
    pub(crate) enabled: bool,
    /// By which fields a record is found.
    #[serde(default)]
    pub(crate) identity_fields: Vec<String>,
}

/// Something that can be on, and how long what it gives lives, in seconds; 0 while it is off.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Timed {
    #[serde(default)]
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) duration: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Upstreams {
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    providers: Vec<Upstream>,
}

/// Another service through which records sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Upstream {
    /// Its name in calls.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) display_name: String,
    /// Where the browser goes, up to and including `redirect_uri=`.
    #[serde(rename = "authURL", default)]
    auth_url: String,
    /// Empty where the upstream service is not asked with PKCE.
    #[serde(default)]
    code_challenge_method: String,
}

impl Methods {
    /// The services that are on.
    pub(crate) fn upstreams(&self) -> &[Upstream] {
        if self.oauth2.enabled { &self.oauth2.providers } else { &[] }
    }
}

impl Upstream {
    /// Its name for people.
    pub(crate) fn shown(&self) -> String {
        displayable(&self.display_name).or_else(|| displayable(&self.name)).unwrap_or_default()
    }

    /// The authorization request with a state, a verifier and a redirect of our own; `None` where it would travel
    /// unprotected. Without PKCE upstream no challenge is sent, because the server would not send its verifier.
    pub(crate) fn request(
        &self,
        redirect_uri: &str,
        state: &SecretString,
        verifier: &SecretString,
    ) -> Option<Url> {
        let mut url = check_url(&self.auth_url).ok()?;
        let ours = ["state", "code_challenge", "code_challenge_method", "redirect_uri", "nonce"];
        let pairs = url.query_pairs().into_owned();
        let kept: Vec<_> = pairs.filter(|(name, _)| !ours.contains(&name.as_str())).collect();
        let mut query = url.query_pairs_mut();
        query.clear().extend_pairs(kept).append_pair("state", state.expose_secret());
        if !self.code_challenge_method.is_empty() {
            query.append_pair("code_challenge", &challenge(verifier));
            query.append_pair("code_challenge_method", "S256");
        }
        query.append_pair("redirect_uri", redirect_uri);
        drop(query);
        Some(url)
    }
}

/// RFC 7636 4.2, S256.
fn challenge(verifier: &SecretString) -> String {
    let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://id.example/auth?client_id=cid&code_challenge=theirs&code_challenge_method=plain\
        &response_type=code&scope=openid+email&state=theirState&state=twice&redirect_uri=";

    fn upstream(method: &str) -> Upstream {
        Upstream {
            name: "oidc".into(),
            display_name: String::new(),
            auth_url: URL.into(),
            code_challenge_method: method.into(),
        }
    }

    fn values(url: &Url, name: &str) -> Vec<String> {
        url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    }

    #[test]
    fn nothing_that_the_server_chose_proves_the_answer() {
        // The verifier of RFC 7636 appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
        let url = upstream("S256").request("http://127.0.0.1:1/oauth/x", &"ours".into(), &verifier).unwrap();
        assert_eq!(values(&url, "state"), ["ours"]);
        assert_eq!(values(&url, "code_challenge"), ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]);
        assert_eq!(values(&url, "code_challenge_method"), ["S256"]);
        assert_eq!(values(&url, "redirect_uri"), ["http://127.0.0.1:1/oauth/x"]);
        assert_eq!(values(&url, "client_id"), ["cid"]);
        assert_eq!(values(&url, "scope"), ["openid email"]);
    }

    #[test]
    fn without_pkce_upstream_there_is_no_challenge_and_without_https_no_request() {
        let url = upstream("").request("x:/y", &"ours".into(), &"v".into()).unwrap();
        assert_eq!(values(&url, "code_challenge"), Vec::<String>::new());
        let plain = Upstream { auth_url: URL.replace("https", "http"), ..upstream("") };
        assert!(plain.request("x:/y", &"ours".into(), &"v".into()).is_none());
    }
}
