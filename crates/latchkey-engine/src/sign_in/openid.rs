//! What a provider's discovery document says before a sign-in: where everything is.

use latchkey_oidc::MetadataError;
use latchkey_protocol::{Problem, ProblemCode};

use crate::connection::Values;
use crate::issuer::{self, IssuerError};
use crate::live::Parts;
use crate::provider::Provider;
use crate::provider::file::Discovery;
use crate::text::displayable;

/// The provider as its issuer describes it, where the file asks for that, and what of it is stored with the
/// connection.
pub(super) async fn discovered(parts: &Parts, provider: Provider) -> Result<(Provider, Values), Problem> {
    let issuer = provider.file.authorization.issuer.as_deref();
    let Some(issuer) = issuer.filter(|_| provider.file.discovery() == Discovery::Endpoints) else {
        return Ok((provider, Values::new()));
    };
    let metadata =
        issuer::discover(&parts.http, issuer).await.map_err(|error| not_believed(issuer, &error))?;
    provider.as_discovered(&metadata).map_err(|error| refused(issuer, &error.to_string(), ADDRESS))
}

const ADDRESS: &str = "Check the address: it is the one that the server calls its issuer.";

fn not_believed(issuer: &str, error: &IssuerError) -> Problem {
    let said = error.to_string();
    match error {
        IssuerError::Passing(_) => {
            let message = format!("{} cannot be asked where to sign in: {said}.", shown(issuer));
            Problem::new(ProblemCode::Temporary, message)
                .hint("Check the address and the network, and try again.")
        }
        IssuerError::Document(MetadataError::OtherIssuer { found })
            if is_same_but_for_a_slash(issuer, found) =>
        {
            refused(issuer, &said, &format!("Write the address to the letter: {}", shown(found)))
        }
        IssuerError::Document(MetadataError::Unprotected { .. } | MetadataError::Inward { .. }) => {
            refused(issuer, &said, "Nothing was sent there. Tell whoever runs the server.")
        }
        IssuerError::NoIssuer
        | IssuerError::Absent { .. }
        | IssuerError::Redirected(_)
        | IssuerError::TooLarge(_)
        | IssuerError::Document(_)
        | IssuerError::Keys(_)
        | IssuerError::Keyless
        | IssuerError::Missing
        | IssuerError::IdToken(_) => refused(issuer, &said, ADDRESS),
    }
}

fn is_same_but_for_a_slash(issuer: &str, found: &str) -> bool {
    issuer.trim_end_matches('/') == found.trim_end_matches('/')
}

fn refused(issuer: &str, said: &str, hint: &str) -> Problem {
    let said = displayable(said).unwrap_or_default();
    let message = format!("{} is not used as an OpenID provider: {said}.", shown(issuer));
    Problem::new(ProblemCode::Misconfigured, message).hint(hint)
}

fn shown(issuer: &str) -> String {
    displayable(issuer).unwrap_or_default()
}
