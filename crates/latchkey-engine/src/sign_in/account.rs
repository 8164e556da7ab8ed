//! Whose the tokens of a sign-in are: what the ID token says, where it is verified, and what the provider answers.
//! Nothing says "connected" before both agree.

use latchkey_oidc::{Claims, IdTokenError, Session};
use latchkey_protocol::{Problem, ProblemCode, Redirect};
use secrecy::ExposeSecret;

use super::finish::{again, given_up, pause, provider_name};
use crate::connection::Account;
use crate::credential::SignedIn;
use crate::identity::{self, IdentityError};
use crate::issuer::{IssuerError, Question};
use crate::live::Parts;
use crate::pending::{LIFE_MS, PendingSignIn, Redeemed};
use crate::text::displayable;

/// Why the account is not known.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    IdToken(#[from] IssuerError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Unknown {
    fn may_pass(&self) -> bool {
        match self {
            Self::IdToken(error) => error.may_pass(),
            Self::Identity(error) => matches!(error, IdentityError::Passing(_) | IdentityError::Throttled(_)),
        }
    }

    /// Milliseconds for which the provider asked to be left alone.
    fn wait_ms(&self) -> i64 {
        if let Self::Identity(IdentityError::Throttled(wait_ms)) = self { *wait_ms } else { 0 }
    }
}

/// Asks whose the tokens are, for ten minutes where what is in the way may pass: the code is spent. What a verified
/// ID token said is put beside the tokens.
pub(super) async fn account_of(
    parts: &Parts,
    pending: &PendingSignIn,
    redeemed: &mut Redeemed,
) -> Result<Account, Problem> {
    let name = provider_name(parts, pending);
    if !redeemed.set.usable {
        let message = format!("{name} gave a kind of token that Latchkey cannot use.");
        return Err(Problem::new(ProblemCode::Misconfigured, message).hint("Check the provider's file."));
    }
    let (mut asked, until) = (0, parts.clock.boot().plus(LIFE_MS));
    loop {
        match ask(parts, pending, redeemed).await {
            Ok((account, signed_in)) => {
                redeemed.set.signed_in = signed_in;
                return Ok(account);
            }
            Err(error) if error.may_pass() && parts.clock.boot() < until && !given_up(parts, pending) => {
                let left = until.0.saturating_sub(parts.clock.boot().0);
                pause(parts, again(asked).max(error.wait_ms()).min(left)).await;
                asked += 1;
            }
            Err(error) => return Err(problem(&name, &error)),
        }
    }
}

async fn ask(
    parts: &Parts,
    pending: &PendingSignIn,
    redeemed: &Redeemed,
) -> Result<(Account, Option<SignedIn>), Unknown> {
    let provider = pending.by.filled(&redeemed.kept);
    let claims = verified(parts, pending, redeemed).await?;
    let by_claims = claims.as_ref().and_then(|claims| identity::account_in(&provider, &claims.all));
    let by_answer = || {
        let (key, name) = redeemed.account.clone()?;
        Some(Account { key, name, picture: None, person: None })
    };
    let named = by_claims.or_else(by_answer);
    let subject = claims.as_ref().map(|claims| claims.subject.as_str());
    let access = parts.shown(&redeemed.set);
    let account = identity::identify(&parts.http, &provider, access, named.as_ref(), subject).await?;
    let nonce = pending.nonce.as_ref().map(|nonce| nonce.expose_secret().to_owned());
    let signed_in =
        claims.map(|claims| SignedIn { subject: claims.subject, nonce, auth_time: claims.auth_time });
    Ok((account, signed_in))
}

/// What the ID token says, once everything about it is right. `None` at a provider whose ID tokens are not verified.
async fn verified(
    parts: &Parts,
    pending: &PendingSignIn,
    redeemed: &Redeemed,
) -> Result<Option<Claims>, IssuerError> {
    let Some(issuer) = pending.by.file.verified_issuer() else { return Ok(None) };
    let (session, id_token) = match (&pending.nonce, &redeemed.id_token) {
        (Some(nonce), Some(token)) => {
            (Session::SignIn { nonce: nonce.expose_secret(), max_age_s: None }, token)
        }
        (Some(_), None) => return Err(IssuerError::Missing),
        (None, Some(token)) if pending.redirect == Redirect::DeviceCode => (Session::Device, token),
        // No standard says that a device gets one.
        (None, Some(_) | None) => return Ok(None),
    };
    let question = Question {
        issuer,
        client_id: &pending.client_id,
        access_token: redeemed.set.access.expose_secret(),
        session,
        at: redeemed.received_at,
    };
    let boot = parts.clock.boot();
    parts.issuers.verify(&parts.http, boot, question, id_token.expose_secret()).await.map(Some)
}

fn problem(name: &str, error: &Unknown) -> Problem {
    let said = displayable(&error.to_string()).unwrap_or_default();
    let (message, hint) = match error {
        Unknown::IdToken(IssuerError::IdToken(IdTokenError::Clock(_) | IdTokenError::Expired)) => (
            format!("{name} let you in, but what it says of you is not believed: {said}."),
            "Nothing was stored. Check the date and time of this computer and sign in again.",
        ),
        Unknown::IdToken(_) => (
            format!("{name} let you in, but what it says of you is not believed: {said}."),
            "Nothing was stored. Tell whoever runs the provider, and sign in again when it is put right.",
        ),
        Unknown::Identity(_) => (
            format!("{name} let you in, but does not say who you are: {said}."),
            "Nothing was stored. Put right what the provider says and sign in again.",
        ),
    };
    Problem::new(ProblemCode::Misconfigured, message).hint(hint)
}
