//! The one gate that every refresh passes: first its lane, then the provider's own wishes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use latchkey_protocol::ConnectionId;
use tokio::sync::oneshot;

use super::circuit::Circuit;
use super::lanes::{Lanes, Need, Ticket};
use crate::clock::Boot;
use crate::provider::RateLimitScope;

/// Who wants to ask whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// The connection.
    pub who: ConnectionId,
    /// The token endpoint.
    pub endpoint: String,
    /// The client id.
    pub client_id: String,
    /// The account's key.
    pub account: String,
    /// Whom a request to wait concerns there.
    pub scope: RateLimitScope,
}

impl Ask {
    /// What a request to wait is kept under: endpoint, client id, and the account unless it concerns all.
    fn limit_key(&self) -> LimitKey {
        let account = match self.scope {
            RateLimitScope::Account => Some(self.account.clone()),
            RateLimitScope::Client => None,
        };
        (self.endpoint.clone(), self.client_id.clone(), account)
    }
}

type LimitKey = (String, String, Option<String>);

/// Whom a request to wait concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limited {
    /// What was asked.
    pub endpoint: String,
    /// The client id.
    pub client_id: String,
    /// The account's key; every account of the client id where there is none.
    pub account: Option<String>,
}

impl From<&Ask> for Limited {
    fn from(ask: &Ask) -> Self {
        let (endpoint, client_id, account) = ask.limit_key();
        Self { endpoint, client_id, account }
    }
}

/// Why somebody does not pass, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// The provider asked to wait.
    RateLimited(Boot),
    /// The endpoint answers nobody at present.
    CircuitOpen(Boot),
}

/// The gate. What it knows lives in memory; requests to wait are also in the connections' tracks.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    lanes: Lanes,
    turns: BTreeMap<Ticket, oneshot::Sender<()>>,
    circuits: BTreeMap<String, Circuit>,
    limits: BTreeMap<LimitKey, Boot>,
}

impl Gate {
    /// Waits for a lane to `host`. It is free again when the lane is dropped, also while still waiting.
    pub(crate) async fn lane(&self, who: &ConnectionId, host: String, need: Need) -> Lane<'_> {
        let (turn, turned) = oneshot::channel();
        let lane = {
            let mut state = self.state();
            let ticket = state.lanes.enter(who.clone(), host, need);
            state.turns.insert(ticket, turn);
            state.turn();
            Lane { gate: self, ticket }
        };
        // The other end is dropped only together with the gate.
        let _ = turned.await;
        lane
    }

    /// Somebody waits for a connection that may be in the queue.
    pub(crate) fn raise(&self, who: &ConnectionId, need: Need) {
        self.state().lanes.raise(who, need);
    }

    /// Whether the provider may be asked at `now`. A request to wait holds everybody; an open circuit holds
    /// what is planned or programs need, not what a person asks for and not while a provider's grace may run.
    pub(crate) fn admit(&self, ask: Ask, need: Need, now: Boot) -> Result<Pass<'_>, Held> {
        let mut state = self.state();
        state.limits.retain(|_, until| *until > now);
        if let Some(until) = state.limits.get(&ask.limit_key()) {
            return Err(Held::RateLimited(*until));
        }
        let circuit = state.circuits.entry(ask.endpoint.clone()).or_default();
        match need {
            Need::Awaited | Need::AccessEnds(_) => circuit.admit(&ask.who, now).map_err(Held::CircuitOpen)?,
            // Becomes the probe where one is wanted, and goes in any case.
            Need::Asked | Need::Unanswered => drop(circuit.admit(&ask.who, now)),
        }
        drop(state);
        Ok(Pass { gate: self, ask })
    }

    /// The endpoint answered as one does, whatever it said.
    pub(crate) fn answered(&self, endpoint: &str) {
        self.circuit(endpoint, Circuit::answered);
    }

    /// The endpoint answered with a fault, or its answer was lost.
    pub(crate) fn faulted(&self, ask: &Ask, now: Boot) {
        self.circuit(&ask.endpoint, |circuit| circuit.faulted(&ask.who, now));
    }

    fn circuit(&self, endpoint: &str, change: impl FnOnce(&mut Circuit)) {
        change(self.state().circuits.entry(endpoint.to_owned()).or_default());
    }

    /// The provider asked this account, or all of its client id, to wait until then.
    pub(crate) fn limit(&self, ask: &Ask, until: Boot) {
        let mut state = self.state();
        let known = state.limits.entry(ask.limit_key()).or_insert(until);
        *known = until.max(*known);
    }

    /// The process before this one was asked to wait.
    pub(crate) fn remember(&self, limited: Limited, until: Boot) {
        self.state().limits.insert((limited.endpoint, limited.client_id, limited.account), until);
    }

    /// Until when a provider asked this account, or all of its client id, to wait.
    pub(crate) fn limited_until(&self, ask: &Ask, now: Boot) -> Option<Boot> {
        self.state().limits.get(&ask.limit_key()).copied().filter(|until| *until > now)
    }

    /// The network was gone: faults before that say nothing of the providers.
    pub(crate) fn close_circuits(&self) {
        self.state().circuits.clear();
    }

    /// A person signed in there: whatever was held against the endpoint and the account is over.
    pub(crate) fn signed_in(&self, ask: &Ask) {
        let mut state = self.state();
        state.circuits.remove(&ask.endpoint);
        state.limits.remove(&ask.limit_key());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is written half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets everybody in for whom there is room.
    fn turn(&mut self) {
        while let Some(ticket) = self.lanes.next() {
            if let Some(turn) = self.turns.remove(&ticket) {
                // Whoever gave up waiting leaves by dropping its lane.
                let _ = turn.send(());
            }
        }
    }
}

/// A lane to a host, held for the length of a refresh.
#[derive(Debug)]
pub(crate) struct Lane<'g> {
    gate: &'g Gate,
    ticket: Ticket,
}

impl Lane<'_> {
    /// How much the refresh is needed, by whoever has come to wait for it since.
    pub(crate) fn need(&self) -> Option<Need> {
        self.gate.state().lanes.need(self.ticket)
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.turns.remove(&self.ticket);
        state.lanes.leave(self.ticket);
        state.turn();
    }
}

/// Leave to ask. Whoever drops it without a finding leaves the probe to the next.
#[derive(Debug)]
pub(crate) struct Pass<'g> {
    gate: &'g Gate,
    ask: Ask,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.circuit(&self.ask.endpoint, |circuit| circuit.left(&self.ask.who));
    }
}

#[cfg(test)]
#[path = "gate/tests.rs"]
mod tests;
