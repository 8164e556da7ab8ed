//! How a sign-in ended, in words: for the page in the browser, and for the card.

use latchkey_protocol::{Problem, ProblemCode, SignInEnding};

use crate::flow::authorization_code::TokenOutcome;
use crate::live::Parts;
use crate::loopback::Page;

/// What the browser shows.
pub(super) fn page(provider: &str, ending: &SignInEnding) -> Page {
    let (title, text) = match ending {
        SignInEnding::Declined { .. } => {
            ("Not connected", format!("You declined, so {provider} is not connected."))
        }
        SignInEnding::Expired => {
            ("Too late", "This sign-in took too long. Start it again in Latchkey.".to_owned())
        }
        SignInEnding::DifferentAccount { expected, found } => (
            "Another account",
            format!(
                "You signed in as {}, but this connection belongs to {}. Nothing was changed.",
                found.name, expected.name
            ),
        ),
        SignInEnding::Failed { problem } => ("That did not work", problem.to_string()),
    };
    Page { title: title.into(), text }
}

/// Why there are no tokens, and what to do.
pub(super) fn problem(parts: &Parts, name: &str, outcome: TokenOutcome) -> Problem {
    let said = |text: Option<String>| text.map(|text| format!(" ({text})")).unwrap_or_default();
    let told = |code, message: String, hint: &str| Problem::new(code, message).hint(hint);
    match outcome {
        TokenOutcome::Granted(_) => told(
            ProblemCode::Internal,
            format!("{name} let you in, and nothing came of it."),
            "Sign in again.",
        ),
        TokenOutcome::Rejected { text } => told(
            ProblemCode::Temporary,
            format!("{name} does not accept the sign-in{}.", said(text)),
            "Try again.",
        ),
        TokenOutcome::ClientRefused { text } => told(
            ProblemCode::Misconfigured,
            format!("{name} does not accept this client id{}.", said(text)),
            "Check the client id, and that it is registered for use without a secret.",
        ),
        TokenOutcome::RequestRefused { text } => told(
            ProblemCode::Misconfigured,
            format!("{name} does not accept the request{}.", said(text)),
            "Check that the redirect URI is registered to the letter.",
        ),
        TokenOutcome::Redirected => told(
            ProblemCode::Misconfigured,
            format!("{name}'s token endpoint answers with a redirect, which is never followed."),
            "Check the token URL in the provider's file.",
        ),
        TokenOutcome::Untrusted { text } => told(
            ProblemCode::Misconfigured,
            format!("{name}'s certificate is not trusted on this computer ({text})."),
            "Check the date of this computer, and whether something inspects its connections.",
        ),
        TokenOutcome::ProxyRefused => told(
            ProblemCode::Misconfigured,
            format!("{name} cannot be reached: the proxy wants a name and a password."),
            "Put them into the proxy settings of this computer.",
        ),
        TokenOutcome::NotSent { text } => told(
            ProblemCode::Temporary,
            format!("{name} cannot be reached ({text})."),
            "Check the network and try again.",
        ),
        TokenOutcome::Failing { text } => {
            told(ProblemCode::Temporary, format!("{name} fails ({text})."), "Try again.")
        }
        TokenOutcome::Throttled { retry_after } => {
            let message = format!("{name} asks to wait {} seconds.", retry_after.wait_ms(parts.now()) / 1000);
            told(ProblemCode::Temporary, message, "Try again after that.")
        }
        TokenOutcome::Ambiguous { text, .. } => {
            told(ProblemCode::Temporary, format!("{name} did not finish the sign-in ({text})."), "Try again.")
        }
    }
}
