//! How a call of a provider's API can end that brings nothing. Every end has a name, because each asks for
//! another deed: wait, grant more, sign in again, or nothing at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Problem, ProblemCode, Timestamp};

/// Why a call brought nothing. Texts are the provider's own, made safe for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum CallFailure {
    /// There is no access to call with.
    NoAccess {
        /// Why, and what to do.
        problem: Problem,
    },
    /// The provider file of this connection names no API, or another one than is called.
    NotOffered,
    /// 401, also after a renewal.
    AccessRefused {
        /// What the provider says.
        text: String,
    },
    /// 403: a permission is missing that the person can grant.
    ScopeMissing {
        /// What the provider says.
        text: String,
    },
    /// 403: the account or the application may not.
    Forbidden {
        /// What the provider says.
        text: String,
    },
    /// 404.
    NotFound {
        /// What the provider says.
        text: String,
    },
    /// 400 and its like: the request is wrong.
    RequestRefused {
        /// The status.
        status: u16,
        /// What the provider says.
        text: String,
    },
    /// The provider asked to wait, or announced that it would; before that nothing is sent.
    RateLimited {
        /// Until when.
        until: Timestamp,
        /// What has to wait.
        scope: RateScope,
    },
    /// Something before the provider turns this computer away, with a page instead of an answer.
    Blocked {
        /// Until when nothing is sent.
        until: Timestamp,
    },
    /// The provider answers nobody on this computer at present, so nothing was sent.
    LeftAlone {
        /// Until when.
        until: Timestamp,
    },
    /// 5xx.
    ProviderFault {
        /// The status.
        status: u16,
        /// What the provider says.
        text: String,
    },
    /// A redirect, which is never followed.
    Redirected,
    /// Nothing was sent.
    Unreachable {
        /// Why.
        text: String,
    },
    /// Nothing was sent: the certificate is not trusted on this computer.
    Untrusted {
        /// Why.
        text: String,
    },
    /// Sent, and no whole answer came back.
    Lost {
        /// Why.
        text: String,
    },
    /// An answer that is not what was asked for.
    Unreadable {
        /// What is missing or wrong.
        text: String,
    },
}

/// What a request to wait concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum RateScope {
    /// What this account may call there.
    User,
    /// Everything that may be called there.
    Global,
    /// A resource that others use too.
    Shared,
}

impl CallFailure {
    /// Until when nothing is sent.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::RateLimited { until, .. } | Self::Blocked { until } | Self::LeftAlone { until } => {
                Some(*until)
            }
            Self::NoAccess { .. }
            | Self::NotOffered
            | Self::AccessRefused { .. }
            | Self::ScopeMissing { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::RequestRefused { .. }
            | Self::ProviderFault { .. }
            | Self::Redirected
            | Self::Unreachable { .. }
            | Self::Untrusted { .. }
            | Self::Lost { .. }
            | Self::Unreadable { .. } => None,
        }
    }

    /// The same as a person or a program is told of it, at `now`.
    pub fn problem(self, now: Timestamp) -> Problem {
        let wait = self.until().and_then(|until| u64::try_from(until.0.saturating_sub(now.0)).ok());
        let message = format!("{}.", capital(&self.to_string()));
        let (code, hint) = match self {
            Self::NoAccess { problem } => return problem,
            Self::NotFound { .. } => (ProblemCode::NotFound, "It may have been removed there."),
            Self::ScopeMissing { .. } => (ProblemCode::Misconfigured, "Reconnect it and allow more."),
            Self::NotOffered
            | Self::AccessRefused { .. }
            | Self::Forbidden { .. }
            | Self::RequestRefused { .. }
            | Self::Redirected
            | Self::Untrusted { .. } => (ProblemCode::Misconfigured, "Put right what the provider says."),
            Self::RateLimited { .. }
            | Self::Blocked { .. }
            | Self::LeftAlone { .. }
            | Self::ProviderFault { .. }
            | Self::Unreachable { .. }
            | Self::Lost { .. }
            | Self::Unreadable { .. } => (ProblemCode::Temporary, "The sign-in is kept. Try again later."),
        };
        Problem { retry_after_ms: wait, ..Problem::new(code, message).hint(hint) }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccess { problem } => write!(f, "{problem}"),
            Self::NotOffered => f.write_str("the provider's file names no such API"),
            Self::AccessRefused { text } => write!(f, "the provider refuses access, also renewed ({text})"),
            Self::ScopeMissing { text } => write!(f, "a permission is missing ({text})"),
            Self::Forbidden { text } => write!(f, "the provider does not permit it ({text})"),
            Self::NotFound { text } => write!(f, "the provider does not find it ({text})"),
            Self::RequestRefused { status, text } => {
                write!(f, "the provider refuses the request with {status} ({text})")
            }
            Self::RateLimited { until, scope: RateScope::User | RateScope::Global } => {
                write!(f, "the provider asks to wait until {until}")
            }
            Self::RateLimited { until, scope: RateScope::Shared } => {
                write!(f, "what is asked for is in heavy use; the provider asks to wait until {until}")
            }
            Self::Blocked { until } => {
                write!(
                    f,
                    "something before the provider turns this computer away; nothing is sent until {until}"
                )
            }
            Self::LeftAlone { until } => {
                write!(f, "the provider answers nobody here at present; nothing is sent until {until}")
            }
            Self::ProviderFault { status, text } => {
                write!(f, "the provider has a fault and answers {status} ({text})")
            }
            Self::Redirected => f.write_str("the provider answers with a redirect, which is never followed"),
            Self::Unreachable { text } | Self::Untrusted { text } | Self::Lost { text } => f.write_str(text),
            Self::Unreadable { text } => write!(f, "the provider's answer cannot be understood ({text})"),
        }
    }
}

impl std::error::Error for CallFailure {}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_wait_says_until_when_and_how_long() {
        let until = Timestamp(1_795_248_000_000);
        let limited = CallFailure::RateLimited { until, scope: RateScope::User };
        assert_eq!(limited.to_string(), "the provider asks to wait until 2026-11-21 08:00:00 UTC");
        assert_eq!(limited.problem(until.plus(-19_056_000)).retry_after_ms, Some(19_056_000));
    }

    #[test]
    fn a_missing_permission_leads_to_granting_more() {
        let problem =
            CallFailure::ScopeMissing { text: "Insufficient client scope".into() }.problem(Timestamp(0));
        assert_eq!(
            problem.to_string(),
            "A permission is missing (Insufficient client scope). Reconnect it and allow more."
        );
    }
}
