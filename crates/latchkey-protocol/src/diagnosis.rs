//! A diagnosis: what was tried with a connection at one moment, what came of each step, and the same as a text
//! to hand to somebody. No secret has a place in it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, FailureView, RateScope, Timestamp};

/// What was found out about a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Which connection.
    pub connection: ConnectionId,
    /// The provider's name.
    pub provider_name: String,
    /// The account's name.
    pub account_name: String,
    /// The version of Latchkey.
    pub version: String,
    /// When it was made.
    pub at: Timestamp,
    /// What was done, in order.
    pub steps: Vec<DiagnosisStep>,
    /// Whole minutes until present access runs out; absent where it does not or there is none.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub access_minutes: Option<i64>,
    /// When the provider ends the grant; absent where it lasts until it is removed.
    pub grant_ends_at: Option<Timestamp>,
    /// Scopes in force.
    pub granted: Vec<String>,
    /// Scopes asked for and not granted.
    pub missing: Vec<String>,
    /// How much may still be called, where the provider said.
    pub budget: Option<RateBudget>,
    /// Failures in a row since the last success.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub consecutive_failures: u32,
    /// The last failure, until the next success.
    pub last_failure: Option<FailureView>,
    /// A little of what the provider gave.
    pub sample: Option<Sample>,
}

/// One step of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DiagnosisStep {
    /// What was done.
    pub kind: StepKind,
    /// What came of it.
    pub outcome: StepOutcome,
    /// The same in words.
    pub message: String,
    /// Milliseconds from the request to the answer, where something was asked.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub took_ms: Option<i64>,
}

/// What a step of a diagnosis does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Renews access if that is due.
    Renewal,
    /// Asks who this is.
    Identity,
    /// Asks for a little of what the connection is for.
    Sample,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It works.
    Passed,
    /// There was nothing to do, or no sense in doing it.
    Skipped,
    /// It does not work at this moment and will by itself.
    Waiting,
    /// It does not work.
    Failed,
}

/// How much may still be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RateBudget {
    /// Calls that are left.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub remaining: u32,
    /// Calls in a whole window.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub limit: Option<u32>,
    /// Milliseconds until all are there again.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub resets_in_ms: Option<i64>,
    /// What it counts.
    pub scope: RateScope,
}

/// A little of what a provider gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Sample {
    /// Spotify: what was played recently.
    RecentlyPlayed {
        /// How many plays were told.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        count: u32,
        /// Titles of the latest, three at most.
        titles: Vec<String>,
    },
    /// Discord: the application that was let in.
    Application {
        /// Its name.
        name: String,
        /// When its access ends, by Discord's own account.
        expires: Option<Timestamp>,
    },
}

impl Diagnosis {
    /// The report as a text: what a person hands to somebody who helps.
    pub fn as_text(&self) -> String {
        let mut text = format!(
            "{} · {}\nLatchkey {}, {}\n\n",
            self.provider_name, self.account_name, self.version, self.at
        );
        for step in &self.steps {
            let took = step.took_ms.map(|took| format!(" ({took} ms)")).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{} {}: {}{took}", mark(step.outcome), name(step.kind), step.message);
        }
        text.push('\n');
        for (name, value) in self.facts() {
            let _ = writeln!(text, "{name}: {value}");
        }
        text
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
        let minutes = |minutes: i64| format!("{minutes} min");
        let failure = |failure: &FailureView| format!("{} at {}", failure.message, failure.at);
        vec![
            ("Access left", self.access_minutes.map_or_else(|| "unknown".to_owned(), minutes)),
            (
                "Grant ends",
                self.grant_ends_at.map_or_else(|| "by itself never".to_owned(), |at| at.to_string()),
            ),
            ("Granted", list(&self.granted)),
            ("Missing", list(&self.missing)),
            ("Calls left", self.budget.map_or_else(|| "not told".to_owned(), budget)),
            ("Failures in a row", self.consecutive_failures.to_string()),
            ("Last failure", self.last_failure.as_ref().map_or_else(|| "none".to_owned(), failure)),
            ("Sample", self.sample.as_ref().map_or_else(|| "none".to_owned(), sample)),
        ]
    }
}

fn mark(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Passed => "[ok]",
        StepOutcome::Skipped => "[skipped]",
        StepOutcome::Waiting => "[waiting]",
        StepOutcome::Failed => "[failed]",
    }
}

fn name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Renewal => "Renewal",
        StepKind::Identity => "Identity",
        StepKind::Sample => "Sample call",
    }
}

fn budget(budget: RateBudget) -> String {
    let of = budget.limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let resets = budget.resets_in_ms.map(|resets| format!(", all again in {resets} ms")).unwrap_or_default();
    format!("{}{of}{resets}", budget.remaining)
}

fn sample(sample: &Sample) -> String {
    match sample {
        Sample::RecentlyPlayed { count: 0, .. } => "nothing was played".to_owned(),
        Sample::RecentlyPlayed { count, titles } => format!("{count} plays, latest: {}", titles.join(", ")),
        Sample::Application { name, expires } => {
            let until = expires.map(|at| format!(", access until {at}")).unwrap_or_default();
            format!("{name}{until}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_the_values_say() {
        let at = Timestamp(1_795_248_000_000);
        let diagnosis = Diagnosis {
            connection: ConnectionId::try_from("c-1").unwrap(),
            provider_name: "Spotify".into(),
            account_name: "Ada".into(),
            version: "1.2.3".into(),
            at,
            steps: vec![DiagnosisStep {
                kind: StepKind::Identity,
                outcome: StepOutcome::Passed,
                message: "Spotify says that this is Ada.".into(),
                took_ms: Some(12),
            }],
            access_minutes: Some(42),
            grant_ends_at: None,
            granted: vec!["a".into(), "b".into()],
            missing: vec![],
            budget: Some(RateBudget {
                remaining: 4,
                limit: Some(5),
                resets_in_ms: Some(1_000),
                scope: RateScope::User,
            }),
            consecutive_failures: 0,
            last_failure: None,
            sample: Some(Sample::RecentlyPlayed {
                count: 2,
                titles: vec!["Loopback".into(), "No Context".into()],
            }),
        };
        let expected = "Spotify · Ada\nLatchkey 1.2.3, 2026-11-21 08:00:00 UTC\n\n\
             [ok] Identity: Spotify says that this is Ada. (12 ms)\n\n\
             Access left: 42 min\nGrant ends: by itself never\nGranted: a, b\nMissing: none\n\
             Calls left: 4 of 5, all again in 1000 ms\nFailures in a row: 0\nLast failure: none\n\
             Sample: 2 plays, latest: Loopback, No Context\n";
        assert_eq!(diagnosis.as_text(), expected);
    }
}
