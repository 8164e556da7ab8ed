//! A small honest client, so that each test only says where it deviates.

use std::collections::HashMap;

use latchkey_sandbox::{Consent, Control, Rotation, Sandbox, SandboxOptions, Settings};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::Value;

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const REDIRECT: &str = "dev.latchkey.app:/oauth/sandbox";

/// The strictest rotation.
pub(crate) const HARSH: Rotation = Rotation::Rotate { grace_seconds: 0, reuse_detection: true };

/// A sandbox and a client in front of it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    base: &'static str,
    token_path: &'static str,
}

impl World {
    pub(crate) async fn plain() -> Self {
        Self::start(SandboxOptions::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::start(SandboxOptions { settings, ..SandboxOptions::default() }).await
    }

    pub(crate) async fn start(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        Self { sandbox, http: http(), base: "", token_path: "/token" }
    }

    pub(crate) async fn spotify() -> Self {
        Self { base: "/spotify", token_path: "/spotify/api/token", ..Self::plain().await }
    }

    pub(crate) async fn discord() -> Self {
        Self { base: "/discord/oauth2", token_path: "/discord/api/oauth2/token", ..Self::plain().await }
    }

    pub(crate) fn control(&self) -> Control {
        self.sandbox.control()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.origin())
    }

    /// An authorization request like an honest client's, with some parameters replaced; an empty value removes one.
    pub(crate) fn authorize_url(&self, changes: &[(&str, &str)]) -> String {
        let honest = [
            ("client_id", "sandbox-desktop"),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("state", "st-8f2c"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = honest.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let pairs = kept.chain(changes).filter(|(_, value)| !value.is_empty());
        let url = self.url(&format!("{}/authorize", self.base));
        Url::parse_with_params(&url, pairs).unwrap().into()
    }

    /// Lets an account agree, without the page; gives the parameters of the callback.
    pub(crate) async fn callback(&self, changes: &[(&str, &str)]) -> HashMap<String, String> {
        let ask = self.control().settings().consent;
        let agree = if ask == Consent::Ask { Consent::Agree { account: "ada".into() } } else { ask.clone() };
        self.control().change_settings(|settings| settings.consent = agree);
        let response = self.http.get(self.authorize_url(changes)).send().await.unwrap();
        self.control().change_settings(|settings| settings.consent = ask);
        location(&response)
    }

    pub(crate) async fn code(&self) -> String {
        self.callback(&[]).await.remove("code").unwrap()
    }

    pub(crate) fn code_form(code: &str) -> HashMap<&'static str, &str> {
        HashMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("client_id", "sandbox-desktop"),
            ("code_verifier", VERIFIER),
        ])
    }

    pub(crate) async fn token(&self, form: &HashMap<&str, &str>) -> Reply {
        Reply::read(self.http.post(self.url(self.token_path)).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Reply {
        self.token(&Self::code_form(code)).await
    }

    pub(crate) async fn sign_in(&self) -> Tokens {
        let code = self.code().await;
        Tokens::of(&self.redeem(&code).await)
    }

    pub(crate) async fn sign_in_for(&self, scope: &str) -> Tokens {
        let code = self.callback(&[("scope", scope)]).await.remove("code").unwrap();
        Tokens::of(&self.redeem(&code).await)
    }

    /// The request itself, for faults that leave no whole answer.
    pub(crate) fn refresh_request(&self, refresh_token: &str) -> reqwest::RequestBuilder {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", "sandbox-desktop"),
        ];
        self.http.post(self.url(self.token_path)).form(&form)
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Reply {
        Reply::read(self.refresh_request(refresh_token).send().await.unwrap()).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Reply {
        let form = [("token", token), ("client_id", "sandbox-desktop")];
        Reply::read(self.http.post(self.url("/revoke")).form(&form).send().await.unwrap()).await
    }

    pub(crate) async fn bearer(&self, path: &str, token: &str) -> Reply {
        Reply::read(self.http.get(self.url(path)).bearer_auth(token).send().await.unwrap()).await
    }

    pub(crate) async fn page(&self, url: &str) -> Reply {
        Reply::read(self.http.get(url).send().await.unwrap()).await
    }

    /// The reason of the latest refusal.
    pub(crate) fn last_refusal(&self) -> String {
        self.control().refusals().pop().expect("something was refused").1
    }
}

/// Follows nothing and asks no proxy, like the client the sandbox is made for.
#[expect(clippy::disallowed_methods, reason = "the sandbox may not use the engine's client")]
pub(crate) fn http() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

/// The parameters in a redirect.
pub(crate) fn location(response: &Response) -> HashMap<String, String> {
    let location = response.headers()["location"].to_str().unwrap();
    Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

/// An answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let text_of = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), text_of(value))).collect();
        Self { status: response.status(), headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:.300}", self.text))
    }

    /// Status, OAuth error and its description.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let json = self.json();
        let member = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), member("error"), member("error_description"))
    }
}

/// A token answer.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text);
        let json = reply.json();
        let member = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self { access: member("access_token"), refresh: member("refresh_token") }
    }
}
