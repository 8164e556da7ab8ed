//! A sign-in between the click and its end: what proves that an answer is ours, and its sealed form.

use latchkey_protocol::{
    ConnectionId, Keep, ProviderId, Redirect, SignInId, SignInStage, SignInView, Timestamp,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;
use zeroize::Zeroizing;

use crate::credential::TokenSet;

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
    pub(crate) token_url: String,
    pub(crate) issuer: Option<String>,
    pub(crate) issuer_in_answer: bool,
    pub(crate) client_id: String,
    pub(crate) asked: Vec<String>,
    pub(crate) state: SecretString,
    pub(crate) verifier: SecretString,
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
        let set = self.redeemed.as_ref().map(|redeemed| redeemed.set.to_bytes());
        let written = Written {
            provider: self.provider.clone(),
            connection: self.connection.clone(),
            keep: self.keep,
            redirect: self.redirect,
            redirect_uri: self.redirect_uri.clone(),
            token_url: self.token_url.clone(),
            issuer: self.issuer.clone(),
            issuer_in_answer: self.issuer_in_answer,
            client_id: self.client_id.clone(),
            asked: self.asked.clone(),
            state: Zeroizing::new(self.state.expose_secret().to_owned()),
            verifier: Zeroizing::new(self.verifier.expose_secret().to_owned()),
            url: self.url.clone(),
            started_at: self.started_at,
            set,
            granted: self.redeemed.as_ref().map(|redeemed| redeemed.granted.clone()).unwrap_or_default(),
        };
        // With room from the start: a buffer that grows leaves copies of what it held.
        let set = written.set.as_ref().map_or(0, |set| 4 * set.len());
        let mut bytes = Zeroizing::new(Vec::with_capacity(set + 16 * 1024));
        let _ = serde_json::to_writer(&mut *bytes, &written);
        bytes
    }

    /// Reads [`Self::to_bytes`]; `None` when it is something else.
    pub(crate) fn from_bytes(id: SignInId, bytes: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(bytes).ok()?;
        let redeemed = match &written.set {
            Some(set) => Some(Redeemed { set: TokenSet::from_bytes(set)?, granted: written.granted }),
            None => None,
        };
        Some(Self {
            id,
            provider: written.provider,
            connection: written.connection,
            keep: written.keep,
            redirect: written.redirect,
            redirect_uri: written.redirect_uri,
            token_url: written.token_url,
            issuer: written.issuer,
            issuer_in_answer: written.issuer_in_answer,
            client_id: written.client_id,
            asked: written.asked,
            state: written.state.as_str().into(),
            verifier: written.verifier.as_str().into(),
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
    token_url: String,
    issuer: Option<String>,
    issuer_in_answer: bool,
    client_id: String,
    asked: Vec<String>,
    state: Zeroizing<String>,
    verifier: Zeroizing<String>,
    url: Url,
    started_at: Timestamp,
    set: Option<Zeroizing<Vec<u8>>>,
    granted: Vec<String>,
}
