//! A guarded call of a provider's API: access is lent for it, what the provider asked for is obeyed before
//! anything leaves, and access that is refused is renewed once.
//!
//! No API is called in another way, so that no client can forget a request to wait. What a call met is counted
//! where it belongs: by client id and account, as for token endpoints.

mod answer;
mod request;

use std::sync::Arc;

use latchkey_protocol::{CallFailure, ConnectionId, Problem, ProblemCode, RateScope, Timestamp};
use secrecy::SecretString;
use serde_json::Value;

use crate::clock::Boot;
use crate::http::{NoReply, Reply, host_of};
use crate::identity;
use crate::lend::{LentToken, lend};
use crate::live::{Parts, RefreshEnd, Slot};
use crate::pacing::{Ask, Held, Limited, Need, Owner, Window, date};
use crate::provider::file::Presentation;
use crate::provider::{Api, ApiClient};
use crate::refresh::{self, Why};
use crate::store::ApiWait;

use answer::{Verdict, said, verdict};
pub(crate) use request::Wanted;

/// Milliseconds of life that access should have left when a call leaves.
const LEAST_LIFE_MS: i64 = 30_000;
/// Bytes that an answer may have.
const LIMIT: usize = 4 * 1024 * 1024;

/// An answer, and what it taught.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The content; null where there is none.
    pub(crate) body: Value,
    /// Milliseconds between the request and its answer.
    pub(crate) took_ms: i64,
    /// How much may still be called, where the provider says.
    pub(crate) window: Option<Window>,
}

/// Calls the API of a connection's provider, as the client `of` knows it.
pub(crate) async fn call(
    parts: &Arc<Parts>,
    id: &ConnectionId,
    of: ApiClient,
    wanted: &Wanted,
) -> Result<Answered, CallFailure> {
    let slot = parts.slot(id).ok_or_else(|| CallFailure::NoAccess { problem: no_connection(id) })?;
    let connection = slot.connection();
    let provider = parts.provider_of(&connection).ok_or(CallFailure::NotOffered)?;
    let api = provider.file.api.as_ref();
    let api = api.filter(|api| api.client == Some(of)).ok_or(CallFailure::NotOffered)?;
    let ask = Parts::ask_api(&connection, api);
    Call { parts, slot: &slot, api, ask, wanted }.run().await
}

/// One call under way.
struct Call<'c> {
    parts: &'c Arc<Parts>,
    slot: &'c Arc<Slot>,
    api: &'c Api,
    ask: Ask,
    wanted: &'c Wanted,
}

impl Call<'_> {
    async fn run(&self) -> Result<Answered, CallFailure> {
        let mut renewed = false;
        loop {
            let lent = lend(self.parts, &self.slot.id, LEAST_LIFE_MS).await;
            let lent = lent.map_err(|problem| CallFailure::NoAccess { problem })?;
            let (reply, took_ms) = self.send(&lent).await?;
            let window = self.learn(&reply);
            let host = host_of(&self.api.url);
            let provider_now = self.parts.skew.provider_now(host, self.parts.clock.as_ref());
            match verdict(&reply, provider_now) {
                Verdict::Answered => return Ok(Answered { body: json(&reply)?, took_ms, window }),
                Verdict::AccessRefused => {
                    let text = said(&reply, &lent.token);
                    self.renew(&lent, renewed, text).await?;
                    renewed = true;
                }
                other @ (Verdict::ScopeMissing
                | Verdict::Forbidden
                | Verdict::NotFound
                | Verdict::RequestRefused
                | Verdict::Wait { .. }
                | Verdict::Blocked { .. }
                | Verdict::Fault
                | Verdict::Redirected) => return Err(self.refused(other, &reply, &lent.token).await),
            }
        }
    }

    /// Sends it, unless the provider asked to be left alone. Returns the answer and the milliseconds it took.
    async fn send(&self, lent: &LentToken) -> Result<(Reply, i64), CallFailure> {
        let sent = self.parts.clock.boot();
        let pass = self.parts.gate.admit(self.ask.clone(), Need::Awaited, sent);
        let _pass = pass.map_err(|held| self.held(held))?;
        self.parts
            .buckets
            .take(&self.owner(), self.wanted.route, sent)
            .map_err(|until| CallFailure::RateLimited { until: self.wall(until), scope: RateScope::User })?;
        let mut request = self.wanted.request(self.api).ok_or(CallFailure::NotOffered)?;
        let access = self.parts.shown_with(&lent.token, lent.key.as_ref());
        identity::present(&mut request, &Presentation::Bearer, access);
        let reply = access.send(&self.parts.http, request, LIMIT).await;
        let reply = reply.map_err(|error| self.no_reply(&error))?;
        let took_ms = self.parts.clock.boot().0.saturating_sub(sent.0);
        self.parts.learn_time(&self.api.url, date(&reply.headers), sent).await;
        tracing::debug!(
            connection.id = %self.slot.id, method = %self.wanted.method, route = self.wanted.route,
            status = reply.status, "called"
        );
        Ok((reply, took_ms))
    }

    /// What the headers of an answer say of further calls.
    fn learn(&self, reply: &Reply) -> Option<Window> {
        let boot = self.parts.clock.boot();
        if reply.status < 500 {
            self.parts.gate.answered(&self.api.url);
        } else {
            self.parts.gate.faulted(&self.ask, boot);
        }
        let window = Window::read(&reply.headers)?;
        self.parts.buckets.note(&self.owner(), self.wanted.route, &window, boot);
        Some(window)
    }

    /// Access was refused: it is renewed, once, unless it was renewed for this very reason.
    async fn renew(&self, lent: &LentToken, renewed: bool, text: String) -> Result<(), CallFailure> {
        if renewed {
            self.slot.write(|state| state.refused_anew = Some(lent.version));
        }
        if renewed || self.slot.read(|state| state.refused_anew == Some(lent.version)) {
            return Err(CallFailure::AccessRefused { text });
        }
        match refresh::renew(self.parts, self.slot, Why::Needed { seen: lent.version }).await {
            RefreshEnd::Renewed => Ok(()),
            RefreshEnd::NeedsSignIn | RefreshEnd::Superseded => {
                // Lending says what became of the sign-in.
                let lent = lend(self.parts, &self.slot.id, LEAST_LIFE_MS).await;
                Err(lent.map_or_else(
                    |problem| CallFailure::NoAccess { problem },
                    |_| CallFailure::AccessRefused { text },
                ))
            }
            RefreshEnd::Misconfigured
            | RefreshEnd::Waiting
            | RefreshEnd::Held
            | RefreshEnd::Locked
            | RefreshEnd::StorageFault
            | RefreshEnd::Busy => Err(CallFailure::AccessRefused { text }),
        }
    }

    async fn refused(&self, verdict: Verdict, reply: &Reply, access: &SecretString) -> CallFailure {
        let (status, text) = (reply.status, said(reply, access));
        match verdict {
            Verdict::Answered | Verdict::AccessRefused => CallFailure::AccessRefused { text },
            Verdict::ScopeMissing => CallFailure::ScopeMissing { text },
            Verdict::Forbidden => CallFailure::Forbidden { text },
            Verdict::NotFound => CallFailure::NotFound { text },
            Verdict::RequestRefused => CallFailure::RequestRefused { status, text },
            Verdict::Fault => CallFailure::ProviderFault { status, text },
            Verdict::Redirected => CallFailure::Redirected,
            Verdict::Wait { wait_ms, scope } => {
                let until = self.leave_alone(wait_ms, scope, reply).await;
                CallFailure::RateLimited { until, scope }
            }
            Verdict::Blocked { wait_ms } => {
                let until = self.leave_alone(wait_ms, RateScope::Global, reply).await;
                CallFailure::Blocked { until }
            }
        }
    }

    /// Nothing is sent for so many milliseconds, nor by the next process where that is long.
    async fn leave_alone(&self, wait_ms: i64, scope: RateScope, reply: &Reply) -> Timestamp {
        let (boot, now) = (self.parts.clock.boot().plus(wait_ms), self.parts.now());
        let route = match scope {
            RateScope::Global => {
                self.parts.gate.limit(&self.ask, boot);
                self.parts.tell(self.slot);
                None
            }
            RateScope::User | RateScope::Shared => {
                let bucket = Window::read(&reply.headers).and_then(|window| window.bucket);
                self.parts.buckets.empty(&self.owner(), self.wanted.route, bucket, boot);
                Some(self.wanted.route.to_owned())
            }
        };
        let until = now.plus(wait_ms);
        self.parts.keep_api_wait(self.slot, &self.ask, route, until).await;
        until
    }

    fn held(&self, held: Held) -> CallFailure {
        match held {
            Held::RateLimited(until) => {
                CallFailure::RateLimited { until: self.wall(until), scope: RateScope::Global }
            }
            Held::CircuitOpen(until) => CallFailure::LeftAlone { until: self.wall(until) },
        }
    }

    fn no_reply(&self, error: &NoReply) -> CallFailure {
        let text = error.to_string();
        match error {
            NoReply::NotSent(_) | NoReply::ProxyRefused => CallFailure::Unreachable { text },
            NoReply::Untrusted(_) => CallFailure::Untrusted { text },
            NoReply::Lost(_) => {
                self.parts.gate.faulted(&self.ask, self.parts.clock.boot());
                CallFailure::Lost { text }
            }
            NoReply::TooLarge(_) => CallFailure::Unreadable { text },
        }
    }

    fn owner(&self) -> Owner {
        let Ask { endpoint, client_id, account, .. } = self.ask.clone();
        Owner { api: endpoint, client_id, account }
    }

    fn wall(&self, at: Boot) -> Timestamp {
        self.parts.now().plus(at.0.saturating_sub(self.parts.clock.boot().0))
    }
}

/// Takes up the requests to wait that the process before this one met. A date beyond the longest wait is from
/// another setting of the clock.
pub(crate) async fn remember_waits(parts: &Parts) -> Result<(), crate::store::StoreError> {
    const LONGEST_MS: i64 = 86_400_000;
    let now = parts.now();
    for ApiWait { api, client_id, account, route, until } in parts.store.api_waits(now).await? {
        let until = parts.clock.boot().plus(until.0.saturating_sub(now.0).min(LONGEST_MS));
        match route {
            None => parts.gate.remember(Limited { endpoint: api, client_id, account }, until),
            Some(route) => {
                let owner = Owner { api, client_id, account: account.unwrap_or_default() };
                parts.buckets.empty(&owner, &route, None, until);
            }
        }
    }
    Ok(())
}

/// The JSON of an answer; null where it has no content.
fn json(reply: &Reply) -> Result<Value, CallFailure> {
    if reply.body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    let unreadable = |_| CallFailure::Unreadable { text: format!("status {} without JSON", reply.status) };
    serde_json::from_slice(&reply.body).map_err(unreadable)
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
