//! What can go wrong, as data: faults wait in a queue for their endpoint and meet one request each.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::route::Endpoint;

/// When a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Nothing was processed: the token was not used.
    #[default]
    Before,
    /// Everything was processed: a rotation is committed, only the answer suffers.
    After,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// An answer with this status.
    Status {
        /// The status, for example 503.
        status: u16,
        /// The body; empty if absent.
        #[serde(default)]
        body: Option<String>,
        /// The content type; `text/plain` if absent.
        #[serde(default)]
        content_type: Option<String>,
        /// `Retry-After` as it is to be written: seconds, a date, or nonsense.
        #[serde(default)]
        retry_after: Option<String>,
        /// Whether the request is processed first.
        #[serde(default)]
        moment: Moment,
    },
    /// The page of a captive portal instead of an answer; nothing is processed.
    HtmlPage {
        /// 200 or 403, usually.
        status: u16,
    },
    /// Processed; the body ends in the middle of its JSON, with an honest length.
    TruncatedJson,
    /// Processed; the connection drops in the middle of the body.
    CutBody,
    /// Processed; the JSON is valid and two megabytes long.
    OversizedBody,
    /// Processed; the JSON is valid, small, and nested ten thousand deep.
    NestedJson,
    /// Processed; every member of the JSON is there twice.
    RepeatedMembers,
    /// Processed; labelled as gzip, which it is not.
    GzipGarbage,
    /// Processed; the body arrives one byte at a time.
    SlowDrip {
        /// Real milliseconds between two bytes.
        interval_ms: u64,
    },
    /// No answer, ever, on an open connection.
    Hang {
        /// Whether the request is processed first.
        #[serde(default)]
        moment: Moment,
    },
    /// The connection closes without an answer.
    Drop {
        /// Whether the request is processed first: the lost answer.
        #[serde(default)]
        moment: Moment,
    },
    /// 307 to another origin; nothing is processed.
    Redirect {
        /// Where to; if absent, to this sandbox under the name `localhost`, so that the record shows who follows.
        #[serde(default)]
        to: Option<String>,
    },
    /// Processed, and the refresh token rotates whatever the settings say.
    RotateNow,
    /// An OAuth error; nothing is processed.
    OauthError {
        /// For example `invalid_grant`.
        error: String,
        /// The `error_description`.
        #[serde(default)]
        description: Option<String>,
        /// The status; if absent 401 for `invalid_client` and 400 for all others.
        #[serde(default)]
        status: Option<u16>,
    },
    /// Processed and answered, later.
    Delay {
        /// Real milliseconds before the request is processed.
        ms: u64,
    },
    /// The request waits until control releases it.
    Hold {
        /// Whether it is processed before it waits.
        #[serde(default)]
        moment: Moment,
    },
}

impl Fault {
    /// An answer with this status and nothing in it, before processing.
    pub fn status(status: u16) -> Self {
        Self::Status { status, body: None, content_type: None, retry_after: None, moment: Moment::Before }
    }

    /// An answer with this status and `Retry-After` in seconds, before processing.
    pub fn throttled(status: u16, retry_after_seconds: u64) -> Self {
        let retry_after = Some(retry_after_seconds.to_string());
        Self::Status { status, body: None, content_type: None, retry_after, moment: Moment::Before }
    }

    /// A server error after the request was processed: a rotation is committed.
    pub fn status_after(status: u16) -> Self {
        Self::Status { status, body: None, content_type: None, retry_after: None, moment: Moment::After }
    }

    /// A rejection with this OAuth error.
    pub fn oauth_error(error: impl Into<String>) -> Self {
        Self::OauthError { error: error.into(), description: None, status: None }
    }

    /// When this fault strikes.
    pub fn moment(&self) -> Moment {
        match self {
            Self::Status { moment, .. }
            | Self::Hang { moment }
            | Self::Drop { moment }
            | Self::Hold { moment } => *moment,
            Self::HtmlPage { .. }
            | Self::Redirect { .. }
            | Self::OauthError { .. }
            | Self::Delay { .. }
            | Self::RotateNow => Moment::Before,
            Self::TruncatedJson
            | Self::CutBody
            | Self::OversizedBody
            | Self::NestedJson
            | Self::RepeatedMembers
            | Self::GzipGarbage
            | Self::SlowDrip { .. } => Moment::After,
        }
    }
}

/// A fault in the queue of its endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOrder {
    /// Whose requests it meets, on either face.
    pub endpoint: Endpoint,
    /// How many requests it meets.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    pub fault: Fault,
}

fn once() -> u32 {
    1
}

/// The faults that wait, first in first out for each endpoint.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    waiting: BTreeMap<Endpoint, VecDeque<FaultOrder>>,
}

impl FaultQueue {
    pub(crate) fn push(&mut self, order: FaultOrder) {
        if order.times > 0 {
            self.waiting.entry(order.endpoint).or_default().push_back(order);
        }
    }

    /// The fault for the next request to an endpoint.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let queue = self.waiting.get_mut(&endpoint)?;
        let first = queue.front_mut()?;
        let fault = first.fault.clone();
        first.times -= 1;
        if first.times == 0 {
            queue.pop_front();
        }
        Some(fault)
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(crate) fn list(&self) -> Vec<FaultOrder> {
        self.waiting.values().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_meet_their_endpoint_in_order_and_run_out() {
        let mut queue = FaultQueue::default();
        queue.push(FaultOrder { endpoint: Endpoint::Refresh, times: 2, fault: Fault::status(503) });
        queue.push(FaultOrder { endpoint: Endpoint::Refresh, times: 1, fault: Fault::TruncatedJson });
        assert_eq!(queue.take(Endpoint::Token), None);
        assert_eq!(queue.take(Endpoint::Refresh), Some(Fault::status(503)));
        assert_eq!(queue.list().len(), 2);
        assert_eq!(queue.take(Endpoint::Refresh), Some(Fault::status(503)));
        assert_eq!(queue.take(Endpoint::Refresh), Some(Fault::TruncatedJson));
        assert_eq!(queue.take(Endpoint::Refresh), None);
    }

    #[test]
    fn an_order_in_json_needs_little() {
        let order: FaultOrder =
            serde_json::from_str(r#"{"endpoint": "refresh", "fault": {"kind": "drop", "moment": "after"}}"#)
                .unwrap();
        assert_eq!(order.times, 1);
        assert_eq!(order.fault, Fault::Drop { moment: Moment::After });
    }
}
