//! Discord's API, version 10, in the part that Latchkey uses. Every call is a guarded one.

use std::sync::Arc;

use http::Method;
use latchkey_protocol::discord::{Authorization, Guild, Person};
use latchkey_protocol::{CallFailure, ConnectionId, Problem, Timestamp};
use serde_json::Value;

use crate::call::{Answered, Wanted, call};
use crate::live::Parts;
use crate::provider::ApiClient;
use crate::text::displayable;

/// Servers in one answer at most.
const GUILDS: u32 = 200;

/// Discord's API for one connection.
pub struct Discord<'e> {
    parts: &'e Arc<Parts>,
    id: ConnectionId,
}

impl<'e> Discord<'e> {
    pub(crate) fn new(parts: &'e Arc<Parts>, id: ConnectionId) -> Self {
        Self { parts, id }
    }

    /// The person as the last sign-in or check found them; nothing is asked.
    pub async fn person(&self) -> Result<Option<Person>, Problem> {
        Ok(self.parts.store.discord_person(&self.id).await?)
    }

    /// What the access is good for, by Discord's own account.
    pub async fn authorization(&self) -> Result<Authorization, CallFailure> {
        Ok(authorization(self.parts, &self.id).await?.0)
    }

    /// The servers the person is in, two hundred at most, those after the id `after`.
    pub async fn guilds(&self, after: Option<&str>) -> Result<Vec<Guild>, CallFailure> {
        let mut wanted = Wanted::new(Method::GET, "/users/@me/guilds").query("limit", GUILDS);
        if let Some(after) = after {
            wanted = wanted.query("after", after);
        }
        let answer = call(self.parts, &self.id, ApiClient::Discord, &wanted).await?;
        let all = answer.body.as_array().ok_or_else(|| unreadable("no list of servers"))?;
        Ok(all.iter().filter_map(guild).collect())
    }
}

/// The call that a diagnosis makes: it is the only one that tells the true end and the scopes in force.
pub(crate) async fn authorization(
    parts: &Arc<Parts>,
    id: &ConnectionId,
) -> Result<(Authorization, Answered), CallFailure> {
    let answer = call(parts, id, ApiClient::Discord, &Wanted::new(Method::GET, "/oauth2/@me")).await?;
    let body = &answer.body;
    let application = body.pointer("/application/name").and_then(Value::as_str).and_then(displayable);
    let scopes = body.get("scopes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = Authorization {
        application: application.ok_or_else(|| unreadable("no application"))?,
        scopes: scopes.iter().filter_map(Value::as_str).filter_map(displayable).collect(),
        expires: body.get("expires").and_then(Value::as_str).and_then(Timestamp::from_rfc3339),
    };
    Ok((told, answer))
}

fn guild(entry: &Value) -> Option<Guild> {
    Some(Guild {
        id: entry.get("id")?.as_str()?.to_owned(),
        name: displayable(entry.get("name")?.as_str()?).unwrap_or_default(),
        owner: entry.get("owner").and_then(Value::as_bool).unwrap_or(false),
    })
}

fn unreadable(what: &str) -> CallFailure {
    CallFailure::Unreadable { text: what.to_owned() }
}
