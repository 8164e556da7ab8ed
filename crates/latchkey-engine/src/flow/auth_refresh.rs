//! Renewing a PocketBase session: the token is exchanged for one that lives longer. Nothing is spent by asking, so
//! an answer that is lost leaves no doubt, and no refusal is the fault of an attempt before.

use std::sync::OnceLock;

use latchkey_protocol::Timestamp;
use secrecy::SecretString;

use super::authorization_code::TokenOutcome;
use super::dialect::Aside;
use super::token_answer::{Granted, TokenKind};
use crate::http::Http;
use crate::pacing::RetryAfter;
use crate::pocketbase::{Address, Refusal, Session};

/// Renews the session of the account with this key. `date` is set to what the answer says of the server's clock,
/// and `now` stands in for that where it says nothing.
pub(crate) async fn refresh(
    http: &Http,
    account_key: &str,
    token: &SecretString,
    date: &OnceLock<Timestamp>,
    now: Timestamp,
) -> TokenOutcome {
    let Some(address) = Address::from_key(account_key) else {
        let text = Some("the stored account does not name its server".to_owned());
        return TokenOutcome::RequestRefused { text };
    };
    match address.realm.refresh(http, token).await {
        Ok(session) => {
            if let Some(at) = session.date {
                let _ = date.set(at);
            }
            TokenOutcome::Granted(granted(session, now))
        }
        Err(refusal) => refused(refusal),
    }
}

/// A session as a token set: a token that can be prolonged is what prolongs it. Another token is no proof that it
/// was, and the same one none that it was not: within a second the server makes it again. Its end counts.
pub(crate) fn granted(session: Session, now: Timestamp) -> Granted {
    Granted {
        life_s: Some(session.life_s(now)),
        refresh: session.claims.refreshable.then(|| session.token.clone()),
        access: session.token,
        kind: TokenKind::Bearer,
        scopes: None,
        aside: Aside::default(),
    }
}

fn refused(refusal: Refusal) -> TokenOutcome {
    let text = refusal.to_string();
    match refusal {
        Refusal::Dead => TokenOutcome::Rejected { text: None },
        Refusal::RuleNotMet | Refusal::WrongCollection | Refusal::MethodOff | Refusal::Forbidden(_) => {
            TokenOutcome::RequestRefused { text: Some(text) }
        }
        Refusal::TooMany { wait_ms } => TokenOutcome::Throttled { retry_after: RetryAfter::For(wait_ms) },
        Refusal::Redirected => TokenOutcome::Redirected,
        Refusal::ProxyRefused => TokenOutcome::ProxyRefused,
        Refusal::Untrusted(text) => TokenOutcome::Untrusted { text },
        Refusal::Unreachable(text) => TokenOutcome::NotSent { text },
        Refusal::Input { .. }
        | Refusal::StepOver
        | Refusal::SameMethod
        | Refusal::NotFound
        | Refusal::Fault(_) => TokenOutcome::Failing { text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_token_ends_a_session() {
        assert!(matches!(refused(Refusal::Dead), TokenOutcome::Rejected { .. }));
        assert!(matches!(refused(Refusal::WrongCollection), TokenOutcome::RequestRefused { .. }));
        let unreachable = refused(Refusal::Unreachable("lost".into()));
        assert!(
            matches!(unreachable, TokenOutcome::NotSent { .. }),
            "what is lost costs nothing: {unreachable:?}"
        );
        for passing in [Refusal::NotFound, Refusal::Fault("it answers 502".into())] {
            assert!(matches!(refused(passing), TokenOutcome::Failing { .. }));
        }
        assert!(matches!(refused(Refusal::TooMany { wait_ms: 3_000 }), TokenOutcome::Throttled { .. }));
    }
}
