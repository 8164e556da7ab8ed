//! What a person who does not look is told, and how a connection was over time.

use crate::support::{MINUTE, START, World};
use latchkey_engine::{Clock as _, SurroundingsChange};
use latchkey_protocol::{
    ActivityKind, AttentionReason, DueNotice, GrantKind, Incident, IncidentReason, NoticesDue, Severity,
};
use latchkey_sandbox::{Endpoint, Fault};

const DAY: i64 = 24 * 60 * MINUTE;

fn due(world: &World) -> NoticesDue {
    world.run(world.engine().notices_due()).unwrap()
}

fn shown(world: &World) -> DueNotice {
    due(world).show.unwrap()
}

fn report(world: &World, incidents: Vec<Incident>) {
    world.run(world.engine().notices_sent(incidents)).unwrap();
}

/// A connection that was refused just now; Latchkey has been running for an hour.
fn refused() -> World {
    let world = World::connected();
    world.sandbox.set_fault(Endpoint::Refresh, Fault::oauth_error("invalid_grant"), 1);
    world.clock.advance(55 * MINUTE);
    world.until_attention();
    world
}

#[test]
fn a_lost_sign_in_is_told_once_by_name_with_consequence_and_remedy() {
    let mut world = refused();
    let notice = shown(&world);
    assert_eq!(notice.title, "Latchkey Sandbox · Ada Lovelace: sign in again");
    assert!(notice.body.contains("No program can use it until you reconnect"), "{notice:?}");
    let reason = IncidentReason::SignInNeeded { reason: AttentionReason::RevokedOrExpired };
    assert_eq!(notice.incidents, [Incident { connection: world.connection().id, reason }]);
    report(&world, notice.incidents);
    world.restart();
    world.clock.advance(60 * MINUTE);
    assert_eq!(due(&world), NoticesDue::default(), "nobody is told twice because Latchkey was restarted");
    world.clock.advance(DAY);
    assert!(shown(&world).reminder);
}

#[test]
fn a_notice_is_withdrawn_without_a_word_when_the_sign_in_is_well_again() {
    let world = refused();
    let incidents = shown(&world).incidents;
    report(&world, incidents.clone());
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(due(&world), NoticesDue { show: None, withdraw: incidents.clone() });
    report(&world, incidents);
    assert_eq!(due(&world), NoticesDue::default());
    assert_eq!(world.count("SELECT count(*) FROM incidents"), 0);
}

#[test]
fn a_connection_that_is_removed_takes_its_notice_along() {
    let world = refused();
    let incidents = shown(&world).incidents;
    report(&world, incidents.clone());
    world.disconnect(world.connection().id);
    assert_eq!(due(&world).withdraw, incidents);
}

#[test]
fn nobody_is_told_in_the_first_minutes_or_without_a_network() {
    let mut world = refused();
    world.restart();
    assert_eq!(due(&world).show, None, "just started");
    world.clock.advance(5 * MINUTE);
    assert!(due(&world).show.is_some());
    world.engine().surroundings_changed(SurroundingsChange::NetworkDown);
    assert_eq!(due(&world).show, None, "no network");
    world.engine().surroundings_changed(SurroundingsChange::NetworkUp);
    assert!(due(&world).show.is_some());
    world.engine().surroundings_changed(SurroundingsChange::Woke);
    assert_eq!(due(&world).show, None, "just woken");
}

#[test]
fn what_is_snoozed_comes_tomorrow_and_what_is_ignored_does_not() {
    let world = refused();
    let incidents = shown(&world).incidents;
    world.run(world.engine().snooze_notices(incidents.clone())).unwrap();
    assert_eq!(due(&world).show, None);
    world.clock.advance(DAY);
    assert!(due(&world).show.is_some());
    world.run(world.engine().ignore_notices(incidents)).unwrap();
    world.clock.advance(30 * DAY);
    assert_eq!(due(&world).show, None);
}

#[test]
fn a_provider_that_fails_is_told_only_when_access_has_been_gone_for_half_an_hour() {
    let world = World::connected();
    world.sandbox.set_fault(Endpoint::Refresh, Fault::status(500), 100_000);
    world.advance_until("access has run out", MINUTE, |overview| {
        overview.connections[0].health.severity == Severity::Degraded
    });
    let gone = world.clock.wall();
    assert_eq!(due(&world).show, None);
    while due(&world).show.is_none() {
        world.clock.advance(10_000);
        assert!(world.clock.wall().0 - gone.0 <= 60 * MINUTE, "nothing was told");
    }
    assert!(world.clock.wall().0 - gone.0 >= 30 * MINUTE);
    assert_eq!(shown(&world).incidents[0].reason, IncidentReason::Stale);
}

#[test]
fn the_timeline_has_a_row_for_each_change_and_none_for_what_stays() {
    let mut world = refused();
    world.restart();
    world.clock.advance(41_000);
    world.until_asleep_for(41_000);
    let id = world.connection().id;
    let changes = world.run(world.engine().health_changes(id)).unwrap();
    let told: Vec<_> =
        changes.iter().map(|change| (change.at, change.severity, change.grant, change.activity)).collect();
    let then = START.plus(55 * MINUTE);
    assert_eq!(
        told,
        [
            (then, Severity::Attention, GrantKind::Attention, ActivityKind::Idle),
            (START, Severity::Healthy, GrantKind::Connected, ActivityKind::Idle),
        ]
    );
}

#[test]
fn each_kind_of_failure_is_kept_with_its_time() {
    use latchkey_protocol::FailureKind;
    for (fault, kind) in [
        (Fault::oauth_error("invalid_grant"), FailureKind::Authorization),
        (Fault::oauth_error("invalid_client"), FailureKind::Configuration),
        (Fault::throttled(429, 600), FailureKind::RateLimit),
    ] {
        let mut world = World::connected();
        world.sandbox.set_fault(Endpoint::Refresh, fault, 1);
        world.clock.advance(55 * MINUTE);
        world.until("failed", |overview| overview.connections[0].renewal.consecutive_failures == 1);
        world.restart();
        let renewal = world.connection().renewal;
        let failure = renewal.last_failure.unwrap();
        assert_eq!((failure.kind, failure.at), (kind, START.plus(55 * MINUTE)));
        assert!(!failure.message.is_empty());
        assert_eq!(renewal.last_success_at, Some(START));
    }
}
