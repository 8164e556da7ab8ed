//! The state machines of a grant, pure: an authorization code, a refresh token, an access token and the grant that
//! holds them together. Time and policy are arguments, so every life and every grace window is a unit test.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::face::Face;
use crate::refusal::Refusal;
use crate::settings::Rotation;

/// What a client asked for at the authorization endpoint and a person agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRequest {
    pub(crate) face: Face,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) code_challenge: String,
    pub(crate) scopes: Vec<String>,
}

/// What a client presents at the token endpoint together with a code.
#[derive(Clone, Debug)]
pub(crate) struct CodePresentation {
    pub(crate) client_id: String,
    pub(crate) code: String,
    pub(crate) redirect_uri: String,
    pub(crate) code_verifier: String,
}

/// Names a grant; counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GrantId(pub(crate) u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeState {
    Issued,
    Spent,
}

/// An authorization code (RFC 6749 4.1.2): short-lived, and spent by the first presentation of its client.
#[derive(Debug)]
pub(crate) struct AuthorizationCode {
    pub(crate) value: String,
    pub(crate) request: AuthorizationRequest,
    pub(crate) account: &'static str,
    pub(crate) issued_at: Timestamp,
    pub(crate) state: CodeState,
    pub(crate) grant: Option<GrantId>,
}

impl AuthorizationCode {
    /// Issued → Spent, whether or not the presentation is right: there is no second guess.
    pub(crate) fn present(
        &mut self,
        shown: &CodePresentation,
        life: Duration,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if shown.client_id != self.request.client_id {
            return Err(Refusal::CodeOfAnotherClient);
        }
        match std::mem::replace(&mut self.state, CodeState::Spent) {
            CodeState::Spent => Err(Refusal::CodeReplayed),
            CodeState::Issued if now >= self.issued_at.plus(life) => Err(Refusal::CodeExpired),
            CodeState::Issued => self.verify(shown),
        }
    }

    fn verify(&self, shown: &CodePresentation) -> Result<(), Refusal> {
        if shown.redirect_uri != self.request.redirect_uri {
            return Err(Refusal::RedirectDiffers);
        }
        if !is_code_verifier(&shown.code_verifier) {
            return Err(Refusal::MalformedVerifier);
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(shown.code_verifier.as_bytes()));
        if challenge == self.request.code_challenge { Ok(()) } else { Err(Refusal::WrongVerifier) }
    }
}

/// 43 to 128 unreserved characters (RFC 7636 4.1).
fn is_code_verifier(verifier: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefreshState {
    Active,
    Spent { at: Timestamp, successor: String },
    Revoked,
}

/// One refresh token of a family; its family is the grant.
#[derive(Debug)]
pub(crate) struct RefreshToken {
    pub(crate) value: String,
    pub(crate) grant: GrantId,
    pub(crate) state: RefreshState,
}

/// What a presented refresh token leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// It stays valid.
    Keep,
    /// It is to be spent for a fresh successor.
    Rotate,
    /// It was spent a moment ago: the same successor again.
    Again(String),
    /// It was spent before.
    Reused {
        /// Whether the family has to die for it.
        revoke_family: bool,
    },
    Revoked,
}

impl RefreshToken {
    /// Decides without changing anything. `is_unused` tells whether a successor is still active: only the
    /// previous token has a grace, an older one does not.
    pub(crate) fn present(
        &self,
        rotation: Rotation,
        now: Timestamp,
        is_unused: impl Fn(&str) -> bool,
    ) -> Presented {
        match (&self.state, rotation) {
            (RefreshState::Revoked, _) => Presented::Revoked,
            (RefreshState::Active, Rotation::Fixed | Rotation::FixedEcho) => Presented::Keep,
            (RefreshState::Active, Rotation::Rotate { .. }) => Presented::Rotate,
            (RefreshState::Spent { .. }, Rotation::Fixed | Rotation::FixedEcho) => {
                Presented::Reused { revoke_family: false }
            }
            (RefreshState::Spent { at, successor }, Rotation::Rotate { grace_seconds, reuse_detection }) => {
                let in_grace = now.since(*at) < Duration::from_secs(grace_seconds);
                if in_grace && is_unused(successor) {
                    Presented::Again(successor.clone())
                } else {
                    Presented::Reused { revoke_family: reuse_detection }
                }
            }
        }
    }

    /// Active → Spent. A token that is not active stays as it is.
    pub(crate) fn spend(&mut self, successor: String, at: Timestamp) {
        if self.state == RefreshState::Active {
            self.state = RefreshState::Spent { at, successor };
        }
    }

    pub(crate) fn revoke(&mut self) {
        self.state = RefreshState::Revoked;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessState {
    Live,
    /// Ended before its time by `expire_access`; to its holder it looks expired.
    Cut,
    Revoked,
}

/// An access token.
#[derive(Debug)]
pub(crate) struct AccessToken {
    pub(crate) value: String,
    pub(crate) grant: GrantId,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) state: AccessState,
}

/// Why a resource refuses a bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BearerRefusal {
    Unknown,
    Expired,
    Revoked,
}

impl AccessToken {
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), BearerRefusal> {
        match self.state {
            AccessState::Revoked => Err(BearerRefusal::Revoked),
            AccessState::Cut => Err(BearerRefusal::Expired),
            AccessState::Live if now >= self.expires_at => Err(BearerRefusal::Expired),
            AccessState::Live => Ok(()),
        }
    }

    /// Live → Cut; tells whether it was alive.
    pub(crate) fn cut(&mut self, now: Timestamp) -> bool {
        let was_alive = self.check(now).is_ok();
        if was_alive {
            self.state = AccessState::Cut;
        }
        was_alive
    }

    pub(crate) fn revoke(&mut self) {
        self.state = AccessState::Revoked;
    }
}

/// Who or what ended a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedBecause {
    /// Its authorization code was presented twice.
    CodeReplayed,
    /// A spent refresh token came back outside its grace.
    RefreshTokenReused,
    /// The client asked for it at the revocation endpoint.
    ByClient,
    /// The provider ended it, by control.
    ByProvider,
    /// The person removed the app on the account page.
    ByPerson,
}

/// One authorization of one client by one person.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) id: GrantId,
    pub(crate) face: Face,
    pub(crate) client_id: String,
    pub(crate) account: &'static str,
    pub(crate) scopes: Vec<String>,
    pub(crate) authorized_at: Timestamp,
    pub(crate) revoked: Option<RevokedBecause>,
}

impl Grant {
    /// The first reason stays. Tells whether the grant was alive.
    pub(crate) fn revoke(&mut self, because: RevokedBecause) -> bool {
        let was_alive = self.revoked.is_none();
        self.revoked.get_or_insert(because);
        was_alive
    }

    pub(crate) fn check(
        &self,
        client_id: &str,
        life: Option<Duration>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.client_id != client_id {
            return Err(Refusal::RefreshTokenOfAnotherClient);
        }
        if life.is_some_and(|life| now >= self.authorized_at.plus(life)) {
            return Err(Refusal::AuthorizationExpired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const LIFE: Duration = Duration::from_mins(1);
    const DETECTING: Rotation = Rotation::Rotate { grace_seconds: 10, reuse_detection: true };
    const HARSH: Rotation = Rotation::Rotate { grace_seconds: 0, reuse_detection: true };

    #[test]
    fn a_code_is_spent_once() {
        let mut code = issued_code();
        assert_eq!(code.present(&presentation(), LIFE, Timestamp(0)), Ok(()));
        assert_eq!(code.present(&presentation(), LIFE, Timestamp(0)), Err(Refusal::CodeReplayed));
    }

    #[test]
    fn a_wrong_presentation_spends_the_code_too() {
        let mut code = issued_code();
        let wrong = CodePresentation { code_verifier: "x".repeat(43), ..presentation() };
        assert_eq!(code.present(&wrong, LIFE, Timestamp(0)), Err(Refusal::WrongVerifier));
        assert_eq!(code.present(&presentation(), LIFE, Timestamp(0)), Err(Refusal::CodeReplayed));
    }

    #[test]
    fn another_client_cannot_spend_it() {
        let mut code = issued_code();
        let other = CodePresentation { client_id: "other".into(), ..presentation() };
        assert_eq!(code.present(&other, LIFE, Timestamp(0)), Err(Refusal::CodeOfAnotherClient));
        assert_eq!(code.present(&presentation(), LIFE, Timestamp(0)), Ok(()));
    }

    #[test]
    fn a_code_dies_at_the_end_of_its_life() {
        let outcome = |at| issued_code().present(&presentation(), LIFE, Timestamp(at));
        assert_eq!(outcome(59_999), Ok(()));
        assert_eq!(outcome(60_000), Err(Refusal::CodeExpired));
    }

    #[test]
    fn redirect_and_verifier_are_compared_byte_for_byte() {
        let cases = [
            (CodePresentation { redirect_uri: "a:/B".into(), ..presentation() }, Refusal::RedirectDiffers),
            (
                CodePresentation { code_verifier: "short".into(), ..presentation() },
                Refusal::MalformedVerifier,
            ),
            (
                CodePresentation { code_verifier: "x".repeat(129), ..presentation() },
                Refusal::MalformedVerifier,
            ),
            (
                CodePresentation { code_verifier: "+".repeat(43), ..presentation() },
                Refusal::MalformedVerifier,
            ),
        ];
        for (shown, expected) in cases {
            assert_eq!(issued_code().present(&shown, LIFE, Timestamp(0)), Err(expected));
        }
    }

    #[test]
    fn a_fixed_token_stays() {
        assert_eq!(active().present(Rotation::Fixed, Timestamp(0), |_| true), Presented::Keep);
        assert_eq!(active().present(Rotation::FixedEcho, Timestamp(0), |_| true), Presented::Keep);
    }

    #[test]
    fn within_the_grace_a_spent_token_leads_to_the_same_successor() {
        let token = spent_at(Timestamp(1_000));
        assert_eq!(token.present(DETECTING, Timestamp(10_999), |_| true), Presented::Again("next".into()));
        let reused = Presented::Reused { revoke_family: true };
        assert_eq!(token.present(DETECTING, Timestamp(11_000), |_| true), reused);
        assert_eq!(token.present(DETECTING, Timestamp(1_001), |_| false), reused, "only the previous token");
    }

    #[test]
    fn without_grace_not_even_the_same_instant_counts() {
        let token = spent_at(Timestamp(5));
        assert_eq!(token.present(HARSH, Timestamp(5), |_| true), Presented::Reused { revoke_family: true });
    }

    #[test]
    fn revoked_is_final() {
        let mut token = active();
        token.revoke();
        token.spend("next".into(), Timestamp(0));
        assert_eq!(token.present(DETECTING, Timestamp(0), |_| true), Presented::Revoked);
    }

    #[test]
    fn an_access_token_lives_until_expiry_cut_or_revocation() {
        assert_eq!(access().check(Timestamp(999)), Ok(()));
        assert_eq!(access().check(Timestamp(1_000)), Err(BearerRefusal::Expired));
        let mut cut = access();
        assert!(cut.cut(Timestamp(0)));
        assert!(!cut.cut(Timestamp(0)));
        assert_eq!(cut.check(Timestamp(0)), Err(BearerRefusal::Expired));
        cut.revoke();
        assert_eq!(cut.check(Timestamp(0)), Err(BearerRefusal::Revoked));
    }

    fn issued_code() -> AuthorizationCode {
        let request = AuthorizationRequest {
            face: Face::Plain,
            client_id: "app".into(),
            redirect_uri: "a:/b".into(),
            state: "st".into(),
            code_challenge: CHALLENGE.into(),
            scopes: vec!["profile".into()],
        };
        let issued_at = Timestamp(0);
        AuthorizationCode {
            value: "c".into(),
            request,
            account: "ada",
            issued_at,
            state: CodeState::Issued,
            grant: None,
        }
    }

    fn presentation() -> CodePresentation {
        CodePresentation {
            client_id: "app".into(),
            code: "c".into(),
            redirect_uri: "a:/b".into(),
            code_verifier: VERIFIER.into(),
        }
    }

    fn active() -> RefreshToken {
        RefreshToken { value: "r".into(), grant: GrantId(1), state: RefreshState::Active }
    }

    fn spent_at(at: Timestamp) -> RefreshToken {
        let mut token = active();
        token.spend("next".into(), at);
        token
    }

    fn access() -> AccessToken {
        AccessToken {
            value: "a".into(),
            grant: GrantId(1),
            scopes: vec![],
            expires_at: Timestamp(1_000),
            state: AccessState::Live,
        }
    }
}
