//! The memory of the sandbox: every request, in the order of arrival, with what became of it.

use axum::http::header;
use serde::Serialize;

use crate::exchange::Exchange;
use crate::face::Face;
use crate::faults::Fault;
use crate::params::Params;
use crate::route::Endpoint;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts from 1 and never starts again, not even after a reset.
    pub sequence: u64,
    /// What it was for.
    pub endpoint: Endpoint,
    /// Which face it met.
    pub face: Face,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query parameters.
    pub query: Params,
    /// The form parameters; empty when the body was no form.
    pub form: Params,
    /// The headers that matter.
    pub headers: SelectedHeaders,
    /// Names the socket; counts from 1.
    pub connection: u64,
    /// Whether this was the first request on its socket.
    pub new_connection: bool,
    /// Real milliseconds between the sandbox's start and the request.
    pub at_ms: u64,
    /// The fault that met it.
    pub fault: Option<Fault>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The status of the processed answer, before a fault changed it.
    pub status: Option<u16>,
}

/// The headers that a test may want to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SelectedHeaders {
    /// `Accept`
    pub accept: Option<String>,
    /// `User-Agent`
    pub user_agent: Option<String>,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// The first word of `Authorization`.
    pub authorization_scheme: Option<String>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is held, delayed or in work.
    Pending,
    /// It was processed.
    Accepted,
    /// It was processed and turned down.
    Refused {
        /// The exact reason, even where the answer is vague.
        why: String,
    },
    /// A fault took it before it was processed.
    Unprocessed,
}

/// The record of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Record {
    entries: Vec<Entry>,
    last: u64,
}

impl Record {
    /// Notes an arrival; gives its sequence number.
    pub(crate) fn open(&mut self, exchange: &Exchange, fault: Option<Fault>, at_ms: u64) -> u64 {
        self.last += 1;
        self.entries.push(Entry {
            sequence: self.last,
            endpoint: exchange.endpoint,
            face: exchange.face(),
            method: exchange.method.to_string(),
            path: exchange.path.clone(),
            query: exchange.query.clone(),
            form: exchange.form.clone(),
            headers: SelectedHeaders::of(exchange),
            connection: exchange.socket.id,
            new_connection: exchange.new_socket,
            at_ms,
            fault,
            outcome: Outcome::Pending,
            status: None,
        });
        self.last
    }

    /// Notes what became of a request; one that a reset has forgotten stays forgotten.
    pub(crate) fn close(&mut self, sequence: u64, outcome: Outcome, status: Option<u16>) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.sequence == sequence) {
            entry.outcome = outcome;
            entry.status = status;
        }
    }

    /// Everything after a sequence number.
    pub(crate) fn since(&self, sequence: u64) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.sequence > sequence).cloned().collect()
    }

    pub(crate) fn forget(&mut self) {
        self.entries.clear();
    }
}

impl SelectedHeaders {
    fn of(exchange: &Exchange) -> Self {
        let text = |name| exchange.header(name).map(String::from);
        let scheme = text(header::AUTHORIZATION).and_then(|value| value.split(' ').next().map(String::from));
        Self {
            accept: text(header::ACCEPT),
            user_agent: text(header::USER_AGENT),
            content_type: text(header::CONTENT_TYPE),
            authorization_scheme: scheme,
        }
    }
}
