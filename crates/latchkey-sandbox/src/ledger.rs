//! The books: every code, token and grant ever issued, and the operations that move them through their states.
//!
//! Nothing is ever deleted, because tests search for leaks of things that died long ago.

use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::face::Face;
use crate::grant::{
    AccessState, AccessToken, AuthorizationCode, AuthorizationRequest, BearerRefusal, CodePresentation,
    CodeState, Grant, GrantId, Presented, RefreshState, RefreshToken, RevokedBecause,
};
use crate::random::Entropy;
use crate::refusal::Refusal;
use crate::settings::Rotation;

/// The rules that hold for one request, taken from the settings and the face.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) now: Timestamp,
    pub(crate) code_life: Duration,
    pub(crate) access_token_life: Duration,
    pub(crate) authorization_life: Option<Duration>,
    pub(crate) rotation: Rotation,
    pub(crate) issue_refresh_token: bool,
    /// Whether the access token loses the last scope of its grant.
    pub(crate) reduce_scope: bool,
    pub(crate) prefixes: Prefixes,
}

/// How the names of a face begin, so that a leak tells what leaked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefixes {
    pub(crate) code: &'static str,
    pub(crate) access_token: &'static str,
    pub(crate) refresh_token: &'static str,
}

/// What the token endpoint hands out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenSet {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scopes: Vec<String>,
}

/// What a valid bearer may do.
#[derive(Debug)]
pub(crate) struct Access<'a> {
    pub(crate) account: &'static str,
    pub(crate) client_id: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) expires_at: Timestamp,
}

/// What a client presents in order to refresh.
#[derive(Debug)]
pub(crate) struct RefreshPresentation {
    pub(crate) client_id: String,
    pub(crate) refresh_token: String,
    pub(crate) scopes: Option<Vec<String>>,
}

/// A grant as tests see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GrantView {
    /// Counts from 1, in the order of the code exchanges.
    pub id: u64,
    /// Which face issued it.
    pub face: Face,
    /// The client it was issued to.
    pub client_id: String,
    /// `ada` or `ben`.
    pub account: String,
    /// What the person agreed to.
    pub scopes: Vec<String>,
    /// Why it ended, if it did.
    pub revoked: Option<RevokedBecause>,
    /// Its refresh tokens, oldest first.
    pub refresh_tokens: Vec<RefreshTokenView>,
    /// How many of its access tokens work at this moment.
    pub live_access_tokens: usize,
}

impl GrantView {
    /// The refresh token that a refresh would accept, if there is one.
    pub fn active_refresh_token(&self) -> Option<&str> {
        self.refresh_tokens.iter().find(|token| token.state == "active").map(|token| token.value.as_str())
    }
}

/// A refresh token as tests see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefreshTokenView {
    /// The token.
    pub value: String,
    /// `active`, `spent` or `revoked`.
    pub state: &'static str,
}

/// The books of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    codes: Vec<AuthorizationCode>,
    grants: Vec<Grant>,
    refresh_tokens: Vec<RefreshToken>,
    access_tokens: Vec<AccessToken>,
}

impl Ledger {
    pub(crate) fn issue_code(
        &mut self,
        request: AuthorizationRequest,
        account: &'static str,
        terms: &Terms,
        entropy: &mut Entropy,
    ) -> String {
        let value = entropy.name(terms.prefixes.code);
        self.codes.push(AuthorizationCode {
            value: value.clone(),
            request,
            account,
            issued_at: terms.now,
            state: CodeState::Issued,
            grant: None,
        });
        value
    }

    pub(crate) fn redeem_code(
        &mut self,
        shown: &CodePresentation,
        terms: &Terms,
        entropy: &mut Entropy,
    ) -> Result<TokenSet, Refusal> {
        let code = self.codes.iter_mut().find(|code| code.value == shown.code).ok_or(Refusal::UnknownCode)?;
        let outcome = code.present(shown, terms.code_life, terms.now);
        if let (Err(Refusal::CodeReplayed), Some(grant)) = (&outcome, code.grant) {
            self.revoke_grant(grant, RevokedBecause::CodeReplayed);
        }
        outcome?;
        let grant = self.open_grant(&shown.code, terms.now).ok_or(Refusal::UnknownCode)?;
        let refresh_token = terms.issue_refresh_token.then(|| self.add_refresh_token(grant, terms, entropy));
        Ok(self.token_set(grant, refresh_token, None, terms, entropy))
    }

    /// Opens a grant without a code: a person agreed on the page for devices.
    pub(crate) fn grant_to_device(
        &mut self,
        face: Face,
        client_id: &str,
        account: &'static str,
        scopes: Vec<String>,
        terms: &Terms,
        entropy: &mut Entropy,
    ) -> TokenSet {
        let id = GrantId(self.grants.len() as u64 + 1);
        let (client_id, authorized_at) = (client_id.to_owned(), terms.now);
        self.grants.push(Grant { id, face, client_id, account, scopes, authorized_at, revoked: None });
        let refresh_token = terms.issue_refresh_token.then(|| self.add_refresh_token(id, terms, entropy));
        self.token_set(id, refresh_token, None, terms, entropy)
    }

    pub(crate) fn refresh(
        &mut self,
        shown: &RefreshPresentation,
        terms: &Terms,
        entropy: &mut Entropy,
    ) -> Result<TokenSet, Refusal> {
        let token = self.refresh_token(&shown.refresh_token).ok_or(Refusal::UnknownRefreshToken)?;
        let id = token.grant;
        let grant = self.grant(id).ok_or(Refusal::UnknownRefreshToken)?;
        grant.check(&shown.client_id, terms.authorization_life, terms.now)?;
        let wider = |asked: &Vec<String>| asked.iter().any(|scope| !grant.scopes.contains(scope));
        if shown.scopes.as_ref().is_some_and(wider) {
            return Err(Refusal::ScopeNotGranted);
        }
        let presented = token.present(terms.rotation, terms.now, |successor| self.is_active(successor));
        let next = self.follow(presented, id, shown, terms, entropy)?;
        Ok(self.token_set(id, next, shown.scopes.as_deref(), terms, entropy))
    }

    /// Revokes what RFC 7009 2.1 asks: a refresh token with its whole grant, an access token alone. A token that
    /// is not known is no error.
    pub(crate) fn revoke_token(&mut self, token: &str, client_id: &str) -> Result<(), Refusal> {
        let refresh = self.refresh_token(token).map(|token| token.grant);
        let access =
            self.access_tokens.iter().find(|access| access.value == token).map(|access| access.grant);
        let Some(grant) = refresh.or(access) else { return Ok(()) };
        if self.grant(grant).is_some_and(|grant| grant.client_id != client_id) {
            return Err(Refusal::TokenOfAnotherClient);
        }
        if refresh.is_some() {
            self.revoke_grant(grant, RevokedBecause::ByClient);
        } else {
            self.access_tokens
                .iter_mut()
                .filter(|access| access.value == token)
                .for_each(AccessToken::revoke);
        }
        Ok(())
    }

    /// Revokes as Discord does: every grant of the person and the client on that face, whichever token is shown.
    pub(crate) fn revoke_all_of_token(&mut self, token: &str, client_id: &str) -> Result<(), Refusal> {
        let refresh = self.refresh_token(token).map(|token| token.grant);
        let access =
            self.access_tokens.iter().find(|access| access.value == token).map(|access| access.grant);
        let Some(shown) = refresh.or(access).and_then(|id| self.grant(id)) else { return Ok(()) };
        if shown.client_id != client_id {
            return Err(Refusal::TokenOfAnotherClient);
        }
        let (face, account) = (shown.face, shown.account);
        let theirs =
            |grant: &&Grant| grant.face == face && grant.account == account && grant.client_id == client_id;
        let ids: Vec<GrantId> = self.grants.iter().filter(theirs).map(|grant| grant.id).collect();
        for id in ids {
            self.revoke_grant(id, RevokedBecause::ByClient);
        }
        Ok(())
    }

    /// The client that a token was issued to.
    pub(crate) fn client_of(&self, token: &str) -> Option<String> {
        let refresh = self.refresh_token(token).map(|token| token.grant);
        let access = self.access_tokens.iter().find(|access| access.value == token);
        let grant = refresh.or(access.map(|access| access.grant))?;
        self.grant(grant).map(|grant| grant.client_id.clone())
    }

    /// The latest access token of an account.
    pub(crate) fn last_access_of(&self, account: &str) -> Option<String> {
        let theirs =
            |access: &&AccessToken| self.grant(access.grant).is_some_and(|grant| grant.account == account);
        self.access_tokens.iter().rev().find(theirs).map(|access| access.value.clone())
    }

    /// Ends every live grant of one account, or of everybody; tells how many there were.
    pub(crate) fn revoke_account(&mut self, account: Option<&str>, because: RevokedBecause) -> usize {
        let theirs = |grant: &&Grant| account.is_none_or(|account| grant.account == account);
        let ids: Vec<GrantId> = self.grants.iter().filter(theirs).map(|grant| grant.id).collect();
        ids.into_iter().filter(|&id| self.revoke_grant(id, because)).count()
    }

    /// Ends every live access token; tells how many there were.
    pub(crate) fn expire_access(&mut self, now: Timestamp) -> usize {
        self.access_tokens.iter_mut().filter_map(|token| token.cut(now).then_some(())).count()
    }

    pub(crate) fn access(&self, bearer: &str, now: Timestamp) -> Result<Access<'_>, BearerRefusal> {
        let found = self.access_tokens.iter().find(|token| token.value == bearer);
        let token = found.ok_or(BearerRefusal::Unknown)?;
        token.check(now)?;
        let grant = self.grant(token.grant).ok_or(BearerRefusal::Unknown)?;
        let (client_id, expires_at) = (grant.client_id.as_str(), token.expires_at);
        Ok(Access { account: grant.account, client_id, scopes: &token.scopes, expires_at })
    }

    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(|code| code.value.as_str())
    }

    pub(crate) fn access_tokens(&self) -> impl Iterator<Item = &str> {
        self.access_tokens.iter().map(|token| token.value.as_str())
    }

    pub(crate) fn refresh_tokens(&self) -> impl Iterator<Item = &str> {
        self.refresh_tokens.iter().map(|token| token.value.as_str())
    }

    pub(crate) fn grants(&self, now: Timestamp) -> Vec<GrantView> {
        self.grants.iter().map(|grant| self.grant_view(grant, now)).collect()
    }

    /// Turns the decision about a refresh token into its effects and the token the answer may name.
    fn follow(
        &mut self,
        presented: Presented,
        grant: GrantId,
        shown: &RefreshPresentation,
        terms: &Terms,
        entropy: &mut Entropy,
    ) -> Result<Option<String>, Refusal> {
        match presented {
            Presented::Keep => {
                Ok((terms.rotation == Rotation::FixedEcho).then(|| shown.refresh_token.clone()))
            }
            Presented::Rotate => {
                let successor = self.add_refresh_token(grant, terms, entropy);
                let spent = self.refresh_tokens.iter_mut().find(|token| token.value == shown.refresh_token);
                if let Some(token) = spent {
                    token.spend(successor.clone(), terms.now);
                }
                Ok(Some(successor))
            }
            Presented::Again(successor) => Ok(Some(successor)),
            Presented::Reused { revoke_family } => {
                if revoke_family {
                    self.revoke_grant(grant, RevokedBecause::RefreshTokenReused);
                }
                Err(Refusal::RefreshTokenReused)
            }
            Presented::Revoked => Err(Refusal::RefreshTokenRevoked),
        }
    }

    fn open_grant(&mut self, code: &str, now: Timestamp) -> Option<GrantId> {
        let id = GrantId(self.grants.len() as u64 + 1);
        let code = self.codes.iter_mut().find(|issued| issued.value == code)?;
        code.grant = Some(id);
        self.grants.push(Grant {
            id,
            face: code.request.face,
            client_id: code.request.client_id.clone(),
            account: code.account,
            scopes: code.request.scopes.clone(),
            authorized_at: now,
            revoked: None,
        });
        Some(id)
    }

    fn add_refresh_token(&mut self, grant: GrantId, terms: &Terms, entropy: &mut Entropy) -> String {
        let value = entropy.name(terms.prefixes.refresh_token);
        self.refresh_tokens.push(RefreshToken { value: value.clone(), grant, state: RefreshState::Active });
        value
    }

    fn token_set(
        &mut self,
        grant: GrantId,
        refresh_token: Option<String>,
        asked: Option<&[String]>,
        terms: &Terms,
        entropy: &mut Entropy,
    ) -> TokenSet {
        let granted = self.grant(grant).map(|grant| grant.scopes.clone()).unwrap_or_default();
        let mut scopes = asked.map_or(granted, <[String]>::to_vec);
        if terms.reduce_scope {
            scopes.pop();
        }
        let access_token = entropy.name(terms.prefixes.access_token);
        self.access_tokens.push(AccessToken {
            value: access_token.clone(),
            grant,
            scopes: scopes.clone(),
            expires_at: terms.now.plus(terms.access_token_life),
            state: AccessState::Live,
        });
        TokenSet { access_token, refresh_token, scopes }
    }

    fn revoke_grant(&mut self, id: GrantId, because: RevokedBecause) -> bool {
        self.refresh_tokens.iter_mut().filter(|token| token.grant == id).for_each(RefreshToken::revoke);
        self.access_tokens.iter_mut().filter(|token| token.grant == id).for_each(AccessToken::revoke);
        self.grants.iter_mut().find(|grant| grant.id == id).is_some_and(|grant| grant.revoke(because))
    }

    fn grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.id == id)
    }

    fn refresh_token(&self, value: &str) -> Option<&RefreshToken> {
        self.refresh_tokens.iter().find(|token| token.value == value)
    }

    fn is_active(&self, value: &str) -> bool {
        self.refresh_token(value).is_some_and(|token| token.state == RefreshState::Active)
    }

    fn grant_view(&self, grant: &Grant, now: Timestamp) -> GrantView {
        let tokens = self.refresh_tokens.iter().filter(|token| token.grant == grant.id);
        let alive = |token: &&AccessToken| token.grant == grant.id && token.check(now).is_ok();
        GrantView {
            id: grant.id.0,
            face: grant.face,
            client_id: grant.client_id.clone(),
            account: grant.account.into(),
            scopes: grant.scopes.clone(),
            revoked: grant.revoked,
            refresh_tokens: tokens.map(refresh_token_view).collect(),
            live_access_tokens: self.access_tokens.iter().filter(alive).count(),
        }
    }
}

fn refresh_token_view(token: &RefreshToken) -> RefreshTokenView {
    let state = match token.state {
        RefreshState::Active => "active",
        RefreshState::Spent { .. } => "spent",
        RefreshState::Revoked => "revoked",
    };
    RefreshTokenView { value: token.value.clone(), state }
}
