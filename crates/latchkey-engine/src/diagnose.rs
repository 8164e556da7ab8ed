//! "Diagnose": a check, one sample call of what the connection is for, and everything that is known, as one value.
//!
//! A failure is no error here but a finding: whoever asks always gets a report.

use std::sync::Arc;

use latchkey_protocol::{
    CallFailure, ConfigurationFault, ConnectionId, ConnectionView, Diagnosis, DiagnosisStep, GrantState,
    Problem, ProblemCode, RateBudget, RateScope, Sample, StepKind, StepOutcome,
};

use crate::call::Answered;
use crate::choices::called;
use crate::connection::Standing;
use crate::live::{Parts, RefreshEnd, Slot};
use crate::pacing::Window;
use crate::provider::ApiClient;
use crate::refresh::{self, Why};
use crate::{check, discord, spotify};

/// Titles that are shown of what was played.
const TITLES: usize = 3;

/// Finds out what works of a connection.
pub(crate) async fn diagnose(parts: &Arc<Parts>, id: &ConnectionId) -> Result<Diagnosis, Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let renewal = renewal(parts, &slot).await;
    let identity = identity(parts, &slot).await;
    let (sample_step, sample) = sample(parts, &slot, &identity).await;
    let view = parts.view_of(&slot);
    let (found, budget) = sample.map_or((None, None), |Taken { sample, budget }| (Some(sample), budget));
    let boot = parts.clock.boot();
    let left = slot.read(|state| state.life_left(boot)).filter(|left| *left > 0);
    let ConnectionView { provider_name, alias, account, grant, renewal: renewing, .. } = view;
    let diagnosis = Diagnosis {
        connection: id.clone(),
        provider_name,
        account_name: called(alias.as_deref(), &account.name),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: parts.now(),
        steps: vec![renewal, identity, sample_step],
        access_minutes: left.map(|left| left / 60_000),
        grant_ends_at: grant.ends_at,
        granted: grant.granted,
        missing: grant.missing,
        budget,
        consecutive_failures: renewing.consecutive_failures,
        last_failure: renewing.last_failure,
        sample: found,
    };
    slot.write(|state| state.diagnosis = Some(diagnosis.clone()));
    Ok(diagnosis)
}

/// The last report of a connection as a text.
pub(crate) fn text(parts: &Parts, id: &ConnectionId) -> Result<String, Problem> {
    let slot = parts.slot(id).ok_or_else(|| no_connection(id))?;
    let last = slot.read(|state| state.diagnosis.as_ref().map(Diagnosis::as_text));
    let none = || Problem::new(ProblemCode::NotFound, "Nothing was diagnosed yet.").about(id);
    last.ok_or_else(none)
}

async fn renewal(parts: &Arc<Parts>, slot: &Arc<Slot>) -> DiagnosisStep {
    let boot = parts.clock.boot();
    // One that was begun before anybody asked ends first: what it met may be over.
    let under_way = slot.read(|state| state.flight.clone());
    if let Some(flight) = under_way {
        flight.await;
    }
    let connection = slot.connection();
    let ended = matches!(connection.standing, Standing::Attention { .. });
    let (outcome, message) = if !connection.access.renewable {
        (StepOutcome::Skipped, "The provider gave no way to renew access.".to_owned())
    } else if ended {
        // The check that follows tries it once more, and once is what a refused sign-in is tried.
        (StepOutcome::Skipped, "The sign-in has ended; it is tried once more below.".to_owned())
    } else if !check::worth_renewing(parts, slot) {
        (StepOutcome::Skipped, "Access is not due to be renewed.".to_owned())
    } else {
        renewed(refresh::renew(parts, slot, Why::Asked { seen: connection.version() }).await)
    };
    let took = parts.clock.boot().0.saturating_sub(boot.0);
    let took_ms = (outcome != StepOutcome::Skipped).then_some(took);
    DiagnosisStep { kind: StepKind::Renewal, outcome, message, took_ms }
}

fn renewed(end: RefreshEnd) -> (StepOutcome, String) {
    let (outcome, message) = match end {
        RefreshEnd::Renewed | RefreshEnd::Superseded => (StepOutcome::Passed, "Access was renewed."),
        RefreshEnd::NeedsSignIn => (StepOutcome::Failed, "The sign-in has ended. Sign in again."),
        RefreshEnd::Misconfigured => (StepOutcome::Failed, "A setting is wrong; its card says which."),
        RefreshEnd::Waiting => (StepOutcome::Waiting, "It failed for a passing reason and is tried again."),
        RefreshEnd::Held => (StepOutcome::Waiting, "The provider is to be left alone for now."),
        RefreshEnd::Locked => (StepOutcome::Waiting, "The keychain is locked."),
        RefreshEnd::StorageFault => (StepOutcome::Failed, "The database cannot be written."),
        RefreshEnd::Busy => (StepOutcome::Waiting, "Another process renews it at this moment."),
    };
    (outcome, message.to_owned())
}

async fn identity(parts: &Arc<Parts>, slot: &Arc<Slot>) -> DiagnosisStep {
    let sent = parts.clock.boot();
    let asked = check::check(parts, &slot.id).await;
    let took_ms = Some(parts.clock.boot().0.saturating_sub(sent.0));
    let (outcome, message) = match asked {
        Ok(view) => confirmed(&view),
        Err(problem) => (failed_or_waiting(problem.code), problem.to_string()),
    };
    DiagnosisStep { kind: StepKind::Identity, outcome, message, took_ms }
}

fn confirmed(view: &ConnectionView) -> (StepOutcome, String) {
    let (provider, account) = (&view.provider_name, &view.account.name);
    match &view.health.grant {
        GrantState::Connected | GrantState::Expiring { .. } | GrantState::Limited { .. } => {
            (StepOutcome::Passed, format!("{provider} says that this is {account}."))
        }
        GrantState::Attention { provider_text, .. } => (
            StepOutcome::Failed,
            format!("{account} must be signed in again{}.", in_brackets(provider_text.as_ref())),
        ),
        GrantState::Misconfigured { fault: ConfigurationFault::TokensRefused, .. } => {
            (StepOutcome::Failed, format!("{provider} refuses the access that it has just given."))
        }
        GrantState::Misconfigured { provider_text, .. } => {
            (StepOutcome::Failed, format!("A setting is wrong{}.", in_brackets(provider_text.as_ref())))
        }
        GrantState::Disconnecting => (StepOutcome::Skipped, "It is being disconnected.".to_owned()),
    }
}

fn in_brackets(text: Option<&String>) -> String {
    text.map(|text| format!(" ({text})")).unwrap_or_default()
}

/// What a sample call brought.
struct Taken {
    sample: Sample,
    budget: Option<RateBudget>,
}

async fn sample(parts: &Arc<Parts>, slot: &Slot, identity: &DiagnosisStep) -> (DiagnosisStep, Option<Taken>) {
    let connection = slot.connection();
    let provider = parts.provider_of(&connection);
    let client = provider.and_then(|provider| provider.file.api.as_ref()?.client);
    let skipped = |message: &str| (step(StepOutcome::Skipped, message.to_owned(), None), None);
    let Some(client) = client else {
        return skipped("Latchkey knows no further call of this provider.");
    };
    if identity.outcome != StepOutcome::Passed {
        return skipped("Nothing more was asked, since the account was not confirmed.");
    }
    let sent = parts.clock.boot();
    let taken = match client {
        ApiClient::Spotify => recently_played(parts, slot).await,
        ApiClient::Discord => authorization(parts, slot).await,
    };
    let took = Some(parts.clock.boot().0.saturating_sub(sent.0));
    match taken {
        Ok((message, sample, answer)) => {
            let budget = answer.window.map(budget);
            (step(StepOutcome::Passed, message, Some(answer.took_ms)), Some(Taken { sample, budget }))
        }
        Err(failure) => {
            let problem = failure.problem(parts.now());
            (step(failed_or_waiting(problem.code), problem.to_string(), took), None)
        }
    }
}

type Sampled = (String, Sample, Answered);

async fn recently_played(parts: &Arc<Parts>, slot: &Slot) -> Result<Sampled, CallFailure> {
    let (plays, answer) = spotify::latest_plays(parts, &slot.id).await?;
    let count = u32::try_from(plays.items.len()).unwrap_or(u32::MAX);
    let titles = plays.items.iter().take(TITLES).map(|play| play.track.name.clone()).collect();
    let message = format!("Spotify tells {count} recent plays.");
    Ok((message, Sample::RecentlyPlayed { count, titles }, answer))
}

async fn authorization(parts: &Arc<Parts>, slot: &Slot) -> Result<Sampled, CallFailure> {
    let (told, answer) = discord::authorization(parts, &slot.id).await?;
    let message = format!("Discord lets {} in for: {}.", told.application, told.scopes.join(", "));
    Ok((message, Sample::Application { name: told.application, expires: told.expires }, answer))
}

fn step(outcome: StepOutcome, message: String, took_ms: Option<i64>) -> DiagnosisStep {
    DiagnosisStep { kind: StepKind::Sample, outcome, message, took_ms }
}

fn budget(window: Window) -> RateBudget {
    let Window { bucket, limit, remaining, resets_in_ms } = window;
    let scope = if bucket.is_some() { RateScope::User } else { RateScope::Global };
    RateBudget { remaining, limit, resets_in_ms, scope }
}

fn failed_or_waiting(code: ProblemCode) -> StepOutcome {
    match code {
        ProblemCode::Temporary | ProblemCode::KeychainUnavailable | ProblemCode::PassphraseNeeded => {
            StepOutcome::Waiting
        }
        ProblemCode::ClientIdMissing
        | ProblemCode::BrowserUnavailable
        | ProblemCode::SignInNeeded
        | ProblemCode::Misconfigured
        | ProblemCode::NotFound
        | ProblemCode::InvalidInput
        | ProblemCode::Storage
        | ProblemCode::Internal => StepOutcome::Failed,
    }
}

fn no_connection(id: &ConnectionId) -> Problem {
    Problem::new(ProblemCode::NotFound, "This connection does not exist any more.").about(id)
}
