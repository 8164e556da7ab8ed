//! What a signed-in account can have its server do: mail its owner, and, for superusers of PocketBase, act in the
//! name of somebody else. Such a session lives in memory, cannot be prolonged, and says whose it is.

use std::sync::Arc;

use latchkey_protocol::{AccountMail, ConnectionId, ConnectionView, Problem, ProblemCode};

use crate::connection::Connection;
use crate::credential::TokenSet;
use crate::live::Parts;
use crate::pocketbase::{Address, Mail, Refusal};
use crate::sign_in;
use crate::{resting, resting::LoadError};

/// The longest impersonation, in seconds: a day.
const LONGEST_S: u32 = 86_400;

/// Signs in as another record of the server, for `seconds` seconds.
pub(crate) async fn impersonate(
    parts: &Arc<Parts>,
    id: &ConnectionId,
    collection: &str,
    record: &str,
    seconds: u32,
) -> Result<ConnectionView, Problem> {
    let (by, address, set) = opened(parts, id).await?;
    let refuse = |message: &str| Problem::new(ProblemCode::InvalidInput, message).about(id);
    if !address.realm.is_of_superusers() || address.acting.is_some() {
        return Err(refuse("Only a superuser may act in the name of others."));
    }
    if !(1..=LONGEST_S).contains(&seconds) {
        return Err(refuse("Choose a time between a second and a day."));
    }
    let wrong = |_| refuse("A collection's name has letters, digits and underscores.");
    let realm = address.realm.with_collection(collection).map_err(wrong)?;
    let asked = realm.impersonate(&parts.http, record.trim(), i64::from(seconds), &set.access).await;
    let session = asked.map_err(|refusal| told(parts, &by, &refusal))?;
    let new = sign_in::adopt(parts, &by, &realm, session).await?;
    let slot = parts.slot(&new).ok_or_else(|| no_connection(&new))?;
    Ok(parts.view_of(&slot))
}

/// Has the server send a mail to the account's own address.
pub(crate) async fn request_mail(
    parts: &Arc<Parts>,
    id: &ConnectionId,
    mail: AccountMail,
) -> Result<(), Problem> {
    let (connection, address, set) = opened(parts, id).await?;
    // Only the server knows the address, and tells it to nobody else.
    let session = address.realm.refresh(&parts.http, &set.access).await;
    let email = session.map_err(|refusal| told(parts, &connection, &refusal))?.record.email;
    let mail = match mail {
        AccountMail::Verification => Mail::Verification,
        AccountMail::Reset => Mail::Reset,
    };
    let asked = address.realm.request_mail(&parts.http, mail, &email).await;
    asked.map_err(|refusal| told(parts, &connection, &refusal))
}

/// A connection of a server that the person named, with its token.
async fn opened(
    parts: &Arc<Parts>,
    id: &ConnectionId,
) -> Result<(Connection, Address, Arc<TokenSet>), Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let connection = slot.connection();
    let none = || {
        let message = format!("{} has nothing of the kind.", connection.provider_name);
        Problem::new(ProblemCode::InvalidInput, message).about(id)
    };
    let address = parts.address_of(&connection).ok_or_else(none)?;
    match resting::load(parts, &slot, &connection).await {
        Ok(set) => Ok((connection, address, set)),
        Err(LoadError::Vault(error)) => Err(Problem::from(error).about(id)),
        Err(LoadError::Store(error)) => Err(error.into()),
    }
}

fn told(parts: &Parts, connection: &Connection, refusal: &Refusal) -> Problem {
    let code = match refusal {
        Refusal::Input { .. } | Refusal::NotFound => ProblemCode::InvalidInput,
        Refusal::Dead => ProblemCode::SignInNeeded,
        Refusal::StepOver
        | Refusal::SameMethod
        | Refusal::MethodOff
        | Refusal::RuleNotMet
        | Refusal::WrongCollection
        | Refusal::Forbidden(_)
        | Refusal::Redirected
        | Refusal::ProxyRefused
        | Refusal::Untrusted(_) => ProblemCode::Misconfigured,
        Refusal::TooMany { .. } | Refusal::Fault(_) | Refusal::Unreachable(_) => ProblemCode::Temporary,
    };
    let message = format!("{} · {}: {refusal}.", connection.provider_name, parts.called(connection));
    Problem::new(code, message).about(&connection.id)
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
