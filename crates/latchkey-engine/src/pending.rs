//! A sign-in between the click and its end: what proves that an answer is ours, and its sealed form.

use std::sync::Arc;

use latchkey_oidc::DpopKey;
use latchkey_protocol::{
    ConnectionId, Keep, ProviderId, Redirect, SignInId, SignInStage, SignInView, Timestamp,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;
use zeroize::Zeroizing;

use crate::connection::Values;
use crate::credential::TokenSet;
use crate::provider::{Provider, ProviderFile};

/// Ten minutes from the click to the answer, in milliseconds.
pub(crate) const LIFE_MS: i64 = 600_000;
/// How long a token set whose account is not known yet is kept across restarts, in milliseconds: a week.
const REDEEMED_LIFE_MS: i64 = 7 * 86_400_000;

/// A sign-in that was begun. Everything the answer is held against is recorded here at the start, so that
/// neither a changed provider file nor another sign-in can redirect a code (R18, R57).
#[derive(Clone)]
pub(crate) struct PendingSignIn {
    pub(crate) id: SignInId,
    pub(crate) provider: ProviderId,
    /// The connection it renews.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) keep: Keep,
    pub(crate) redirect: Redirect,
    pub(crate) redirect_uri: String,
    /// What its file said when the sign-in began, for this server.
    pub(crate) by: Arc<Provider>,
    /// Which server it is, by the provider's variables.
    pub(crate) variables: Values,
    pub(crate) client_id: String,
    pub(crate) state: SecretString,
    /// Absent where the provider knows no challenges.
    pub(crate) verifier: Option<SecretString>,
    /// What the ID token has to repeat, where it is verified (OpenID Connect Core 15.5.2).
    pub(crate) nonce: Option<SecretString>,
    /// What the tokens are going to be bound to, where the provider binds them (RFC 9449).
    pub(crate) key: Option<Arc<DpopKey>>,
    /// What the issuer's discovery document said, to be stored with the connection.
    pub(crate) discovered: Values,
    /// Where the browser goes.
    pub(crate) url: Url,
    pub(crate) started_at: Timestamp,
    /// What the code was exchanged for; from here on the code is spent and only the account is unknown.
    pub(crate) redeemed: Option<Redeemed>,
}

/// A token set that waits to learn whose it is.
#[derive(Clone)]
pub(crate) struct Redeemed {
    pub(crate) set: TokenSet,
    pub(crate) granted: Vec<String>,
    /// What the redirect and the token answer said that is to be kept.
    pub(crate) kept: Values,
    /// Whose it is, where the token answer says so.
    pub(crate) account: Option<(String, String)>,
    /// The ID token that came along.
    pub(crate) id_token: Option<SecretString>,
    /// When that was, by the provider's clock: an ID token is judged by this moment, however long its issuer's
    /// keys cannot be read.
    pub(crate) received_at: Timestamp,
}

impl PendingSignIn {
    pub(crate) fn expires_at(&self) -> Timestamp {
        self.started_at.plus(LIFE_MS)
    }

    /// Until when its sealed form is kept. Once the code is redeemed the consent is worth more than ten minutes.
    pub(crate) fn kept_until(&self) -> Timestamp {
        let life = if self.redeemed.is_some() { REDEEMED_LIFE_MS } else { LIFE_MS };
        self.started_at.plus(life)
    }

    /// Compares in constant time (RFC 6749 10.12).
    pub(crate) fn has_state(&self, state: &SecretString) -> bool {
        self.state.expose_secret().as_bytes().ct_eq(state.expose_secret().as_bytes()).into()
    }

    /// What others see of it at this stage.
    pub(crate) fn view(&self, stage: SignInStage) -> SignInView {
        SignInView {
            id: self.id.clone(),
            provider: self.provider.clone(),
            connection: self.connection.clone(),
            stage,
            redirect: self.redirect,
            by_code: self.by.file.device.is_some(),
            browser_missing: false,
            started_at: self.started_at,
            expires_at: self.expires_at(),
        }
    }

    /// The place to which the sealed form is bound.
    pub(crate) fn place(id: &SignInId) -> String {
        format!("sign-in {id}")
    }

    /// The written form, for sealing only.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let redeemed = self.redeemed.as_ref();
        let set = redeemed.map(|redeemed| redeemed.set.to_bytes());
        let secret = |text: &SecretString| Zeroizing::new(text.expose_secret().to_owned());
        let written = Written {
            provider: self.provider.clone(),
            connection: self.connection.clone(),
            keep: self.keep,
            redirect: self.redirect,
            redirect_uri: self.redirect_uri.clone(),
            by: self.by.file.clone(),
            variables: self.variables.clone(),
            client_id: self.client_id.clone(),
            state: secret(&self.state),
            verifier: self.verifier.as_ref().map(secret),
            nonce: self.nonce.as_ref().map(secret),
            key: self.key.as_ref().map(|key| Zeroizing::new(key.to_bytes().to_vec())),
            discovered: self.discovered.clone(),
            url: self.url.clone(),
            started_at: self.started_at,
            set,
            granted: redeemed.map(|redeemed| redeemed.granted.clone()).unwrap_or_default(),
            kept: redeemed.map(|redeemed| redeemed.kept.clone()).unwrap_or_default(),
            account: redeemed.and_then(|redeemed| redeemed.account.clone()),
            id_token: redeemed.and_then(|redeemed| redeemed.id_token.as_ref()).map(secret),
            received_at: redeemed.map(|redeemed| redeemed.received_at),
        };
        // With room from the start: a buffer that grows leaves copies of what it held.
        let set = written.set.as_ref().map_or(0, |set| 4 * set.len());
        let id_token = written.id_token.as_ref().map_or(0, |id_token| 2 * id_token.len());
        let mut bytes = Zeroizing::new(Vec::with_capacity(set + id_token + 32 * 1024));
        let _ = serde_json::to_writer(&mut *bytes, &written);
        bytes
    }

    /// Reads [`Self::to_bytes`]; `None` when it is something else.
    pub(crate) fn from_bytes(id: SignInId, bytes: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(bytes).ok()?;
        let redeemed = match &written.set {
            Some(set) => Some(Redeemed {
                set: TokenSet::from_bytes(set)?,
                granted: written.granted,
                kept: written.kept,
                account: written.account,
                id_token: written.id_token.map(|id_token| id_token.as_str().into()),
                received_at: written.received_at.unwrap_or(written.started_at),
            }),
            None => None,
        };
        let key = match &written.key {
            Some(key) => Some(Arc::new(DpopKey::from_bytes(key).ok()?)),
            None => None,
        };
        Some(Self {
            id,
            by: Arc::new(Provider { id: written.provider.clone(), file: written.by }),
            provider: written.provider,
            connection: written.connection,
            keep: written.keep,
            redirect: written.redirect,
            redirect_uri: written.redirect_uri,
            variables: written.variables,
            client_id: written.client_id,
            state: written.state.as_str().into(),
            verifier: written.verifier.map(|verifier| verifier.as_str().into()),
            nonce: written.nonce.map(|nonce| nonce.as_str().into()),
            key,
            discovered: written.discovered,
            url: written.url,
            started_at: written.started_at,
            redeemed,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    provider: ProviderId,
    connection: Option<ConnectionId>,
    keep: Keep,
    redirect: Redirect,
    redirect_uri: String,
    by: ProviderFile,
    variables: Values,
    client_id: String,
    state: Zeroizing<String>,
    verifier: Option<Zeroizing<String>>,
    // Absent in sign-ins that a version before this one began.
    #[serde(default)]
    nonce: Option<Zeroizing<String>>,
    #[serde(default)]
    key: Option<Zeroizing<Vec<u8>>>,
    #[serde(default)]
    discovered: Values,
    url: Url,
    started_at: Timestamp,
    set: Option<Zeroizing<Vec<u8>>>,
    granted: Vec<String>,
    kept: Values,
    account: Option<(String, String)>,
    #[serde(default)]
    id_token: Option<Zeroizing<String>>,
    #[serde(default)]
    received_at: Option<Timestamp>,
}
