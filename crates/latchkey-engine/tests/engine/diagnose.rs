//! A diagnosis: every step has its outcome in words, and no secret is in it.

use crate::playing::connected;
use crate::support::{MINUTE, World};
use latchkey_protocol::{
    ConnectionId, Diagnosis, FailureKind, ProblemCode, RateBudget, RateScope, Sample, StepKind, StepOutcome,
};
use latchkey_sandbox::{Endpoint, Fault, ScopeMember, Standing};

use StepOutcome::{Failed, Passed, Skipped, Waiting};

fn diagnose(world: &World, id: &ConnectionId) -> Diagnosis {
    world.run(world.engine().diagnose(id.clone())).unwrap()
}

fn outcomes(diagnosis: &Diagnosis) -> Vec<StepOutcome> {
    let kinds: Vec<_> = diagnosis.steps.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [StepKind::Renewal, StepKind::Identity, StepKind::Sample]);
    diagnosis.steps.iter().map(|step| step.outcome).collect()
}

#[test]
fn spotify_tells_how_much_was_played_and_the_latest_titles() {
    let (world, id) = connected("spotify", None);
    let diagnosis = diagnose(&world, &id);
    assert_eq!(outcomes(&diagnosis), [Skipped, Passed, Passed], "{diagnosis:#?}");
    let titles = ["Loopback", "No Context", "Loopback"].map(str::to_owned).to_vec();
    assert_eq!(diagnosis.sample, Some(Sample::RecentlyPlayed { count: 50, titles }));
    assert_eq!(diagnosis.access_minutes, Some(60));
    assert_eq!(diagnosis.grant_ends_at, world.connection().grant.ends_at);
    assert_eq!((diagnosis.consecutive_failures, diagnosis.last_failure), (0, None));
    assert_eq!(diagnosis.missing, [""; 0]);
}

#[test]
fn discord_tells_the_application_the_true_end_and_how_much_may_be_called() {
    let (world, id) = connected("discord", None);
    let diagnosis = diagnose(&world, &id);
    assert_eq!(outcomes(&diagnosis), [Skipped, Passed, Passed], "{diagnosis:#?}");
    let Some(Sample::Application { name, expires: Some(_) }) = &diagnosis.sample else {
        panic!("{diagnosis:#?}")
    };
    assert_eq!(name, "Latchkey");
    let budget =
        RateBudget { remaining: 4, limit: Some(5), resets_in_ms: Some(1_000), scope: RateScope::User };
    assert_eq!(diagnosis.budget, Some(budget));
    assert!(diagnosis.steps[2].message.contains("identify, guilds"), "{}", diagnosis.steps[2].message);
}

#[test]
fn a_provider_without_a_client_is_asked_who_this_is_and_no_more() {
    let world = World::connected();
    let diagnosis = diagnose(&world, &world.connection().id);
    assert_eq!(outcomes(&diagnosis), [Skipped, Passed, Skipped]);
    assert!(diagnosis.steps[1].message.contains("Ada Lovelace"));
    assert_eq!(diagnosis.sample, None);
}

#[test]
fn what_was_asked_for_and_not_granted_is_named() {
    let world = World::new();
    world.settings(|settings| settings.scope = ScopeMember::Reduced);
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("connected", |overview| overview.connections.len() == 1);
    let connection = world.connection();
    let diagnosis = diagnose(&world, &connection.id);
    assert_eq!(diagnosis.missing.len(), 1, "{diagnosis:#?}");
    assert_eq!(diagnosis.missing, connection.grant.missing);
    assert!(!diagnosis.granted.contains(&diagnosis.missing[0]));
    assert!(diagnosis.as_text().contains(&diagnosis.missing[0]));
}

#[test]
fn what_is_due_is_renewed_first() {
    let (world, id) = connected("spotify", None);
    world.sandbox.set_fault(Endpoint::Refresh, Fault::oauth_error("invalid_client"), 1);
    world.clock.advance(55 * MINUTE);
    world.until("it waits", |overview| overview.connections[0].renewal.last_failure.is_some());
    let diagnosis = diagnose(&world, &id);
    assert_eq!(outcomes(&diagnosis), [Passed, Passed, Passed], "{diagnosis:#?}");
    assert_eq!(diagnosis.access_minutes, Some(60));
}

#[test]
fn a_sign_in_that_has_ended_is_a_finding_and_nothing_more_is_asked() {
    let (world, id) = connected("spotify", None);
    world.sandbox.revoke(None);
    world.clock.advance(61 * MINUTE);
    world.until_attention();
    let diagnosis = diagnose(&world, &id);
    assert_eq!(outcomes(&diagnosis)[1..], [Failed, Skipped], "{diagnosis:#?}");
    assert_eq!(diagnosis.access_minutes, None);
    assert!(diagnosis.consecutive_failures > 0);
    assert_eq!(diagnosis.last_failure.unwrap().kind, FailureKind::Authorization);
    assert_eq!(world.sandbox.requests_to(Endpoint::Api).len(), 0);
}

#[test]
fn a_request_to_wait_is_a_finding_with_its_end() {
    let (world, id) = connected("spotify", None);
    world.sandbox.set_fault(Endpoint::Api, Fault::throttled(429, 19_056), 1);
    let diagnosis = diagnose(&world, &id);
    assert_eq!(outcomes(&diagnosis), [Skipped, Passed, Waiting], "{diagnosis:#?}");
    assert!(diagnosis.steps[2].message.contains("UTC"), "{}", diagnosis.steps[2].message);
}

#[test]
fn a_person_who_is_not_admitted_reads_why_in_the_report() {
    let (world, id) = connected("spotify", None);
    world.settings(|settings| settings.spotify.standing = Standing::PremiumMissing);
    let diagnosis = diagnose(&world, &id);
    assert_eq!(outcomes(&diagnosis)[2], Skipped);
    assert!(diagnosis.as_text().contains("Active premium subscription required"), "{}", diagnosis.as_text());
}

#[test]
fn the_last_report_can_be_copied_and_only_after_there_is_one() {
    let (world, id) = connected("spotify", None);
    assert_eq!(world.engine().diagnosis_text(&id).unwrap_err().code, ProblemCode::NotFound);
    let diagnosis = diagnose(&world, &id);
    assert_eq!(world.engine().diagnosis_text(&id).unwrap(), diagnosis.as_text());
}

#[test]
fn no_secret_is_in_a_diagnosis_whatever_a_provider_repeats() {
    let (world, id) = connected("spotify", None);
    let access = world.sandbox.issued().access_tokens.pop().unwrap();
    let mut reports = vec![diagnose(&world, &id)];
    for endpoint in [Endpoint::Userinfo, Endpoint::Api] {
        let body = Some(format!("the bearer {access} is not welcome"));
        let status = Fault::Status {
            status: 403,
            body,
            content_type: None,
            retry_after: None,
            moment: latchkey_sandbox::Moment::Before,
        };
        world.sandbox.set_fault(endpoint, status, 1);
        reports.push(diagnose(&world, &id));
    }
    world.sandbox.expire_access();
    reports.push(diagnose(&world, &id));
    let told = format!("{reports:?} {}", reports.iter().map(Diagnosis::as_text).collect::<String>());
    let issued = world.sandbox.issued();
    assert!(issued.access_tokens.len() > 1 && told.contains("is not welcome"), "{told}");
    for secret in issued.access_tokens.iter().chain(&issued.refresh_tokens) {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }
}
