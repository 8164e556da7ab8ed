//! What is asked of a server. One function per call of the API; each answers with what it means.

use http::HeaderValue;
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::address::Realm;
use super::answer::{Admission, Refusal, Session, admission, granted, session};
use super::methods::Methods;
use crate::http::{Http, Reply};

/// Bytes of an answer with one record.
const LIMIT: usize = 256 * 1024;
/// Bytes of the list of methods, which carries the logos of services.
const METHODS_LIMIT: usize = 2 * 1024 * 1024;

/// What an upstream service gave, and what proves that it is ours.
pub(crate) struct Redemption<'c> {
    /// The name of the service in `auth-methods`.
    pub(crate) upstream: &'c str,
    pub(crate) code: &'c SecretString,
    pub(crate) verifier: &'c SecretString,
    pub(crate) redirect_uri: &'c str,
}

/// A mail that a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mail {
    /// One that proves the address.
    Verification,
    /// One with which another password is chosen.
    Reset,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByIdentity<'b> {
    identity: &'b str,
    password: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_id: Option<&'b str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByMailedCode<'b> {
    otp_id: &'b str,
    password: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_id: Option<&'b str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByUpstream<'b> {
    provider: &'b str,
    code: &'b str,
    code_verifier: &'b str,
    #[serde(rename = "redirectURL")]
    redirect_url: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mfa_id: Option<&'b str>,
}

#[derive(Serialize)]
struct ToAddress<'b> {
    email: &'b str,
}

#[derive(Serialize)]
struct ForSeconds {
    duration: i64,
}

impl Realm {
    /// What the collection offers.
    pub(crate) async fn methods(&self, http: &Http) -> Result<Methods, Refusal> {
        let request = Request::new(Method::GET, self.endpoint(&["auth-methods"]));
        let reply = granted(http.send(request, METHODS_LIMIT).await?, &[])?;
        serde_json::from_slice(&reply.body).map_err(|_| not_pocketbase())
    }

    /// The first or the second method: an identity and a password.
    pub(crate) async fn with_password(
        &self,
        http: &Http,
        identity: &str,
        password: &SecretString,
        first: Option<&SecretString>,
    ) -> Result<Admission, Refusal> {
        let body = ByIdentity { identity, password: password.expose_secret(), mfa_id: exposed(first) };
        admission(self.post(http, &["auth-with-password"], &body, None).await?, &[password])
    }

    /// Has a code mailed. The id is needed along with it; an address that nobody has gets one as well.
    pub(crate) async fn request_code(&self, http: &Http, email: &str) -> Result<String, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Sent {
            otp_id: String,
        }
        let reply = granted(self.post(http, &["request-otp"], &ToAddress { email }, None).await?, &[])?;
        let sent: Sent = serde_json::from_slice(&reply.body).map_err(|_| not_pocketbase())?;
        Ok(sent.otp_id)
    }

    /// The first or the second method: a code that was mailed.
    pub(crate) async fn with_code(
        &self,
        http: &Http,
        otp_id: &str,
        code: &SecretString,
        first: Option<&SecretString>,
    ) -> Result<Admission, Refusal> {
        let body = ByMailedCode { otp_id, password: code.expose_secret(), mfa_id: exposed(first) };
        admission(self.post(http, &["auth-with-otp"], &body, None).await?, &[code])
    }

    /// The first or the second method: a code of an upstream service. The tokens of that service, which come back
    /// along with the session, are not read.
    pub(crate) async fn with_upstream(
        &self,
        http: &Http,
        from: &Redemption<'_>,
        first: Option<&SecretString>,
    ) -> Result<Admission, Refusal> {
        let body = ByUpstream {
            provider: from.upstream,
            code: from.code.expose_secret(),
            code_verifier: from.verifier.expose_secret(),
            redirect_url: from.redirect_uri,
            mfa_id: exposed(first),
        };
        let reply = self.post(http, &["auth-with-oauth2"], &body, None).await?;
        admission(reply, &[from.code, from.verifier])
    }

    /// Prolongs a token. The old one lives on until its own end, and one that cannot be prolonged, or was made in
    /// this very second, comes back as it was.
    pub(crate) async fn refresh(&self, http: &Http, token: &SecretString) -> Result<Session, Refusal> {
        let reply = self.post(http, &["auth-refresh"], &serde_json::json!({}), Some(token)).await?;
        session(&granted(reply, &[token])?)
    }

    /// Acts as a record of this collection for so many seconds; 0 for as long as the collection's tokens live.
    /// `token` is a superuser's.
    pub(crate) async fn impersonate(
        &self,
        http: &Http,
        record: &str,
        duration: i64,
        token: &SecretString,
    ) -> Result<Session, Refusal> {
        let body = ForSeconds { duration };
        let reply = self.post(http, &["impersonate", record], &body, Some(token)).await?;
        session(&granted(reply, &[token])?)
    }

    /// Has a mail sent. The server does not say whether anybody has that address.
    pub(crate) async fn request_mail(&self, http: &Http, mail: Mail, email: &str) -> Result<(), Refusal> {
        let call = match mail {
            Mail::Verification => "request-verification",
            Mail::Reset => "request-password-reset",
        };
        granted(self.post(http, &[call], &ToAddress { email }, None).await?, &[]).map(drop)
    }

    async fn post(
        &self,
        http: &Http,
        call: &[&str],
        body: &impl Serialize,
        token: Option<&SecretString>,
    ) -> Result<Reply, Refusal> {
        let mut request = Request::new(Method::POST, self.endpoint(call));
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(http::header::CONTENT_TYPE, json);
        if let Some(token) = token {
            let text = format!("Bearer {}", token.expose_secret());
            let mut value = HeaderValue::from_str(&text).map_err(|_| Refusal::Dead)?;
            value.set_sensitive(true);
            request.headers_mut().insert(http::header::AUTHORIZATION, value);
        }
        // Texts and numbers always serialize.
        *request.body_mut() = Some(serde_json::to_vec(body).unwrap_or_default().into());
        Ok(http.send(request, LIMIT).await?)
    }
}

fn exposed(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

fn not_pocketbase() -> Refusal {
    Refusal::Fault("the answer is not PocketBase's".to_owned())
}
