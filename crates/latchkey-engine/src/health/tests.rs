//! Each state a person can see, from the facts that lead to it.

use latchkey_protocol::{ConfigurationFault, ConnectionId, Keep, ProviderId, RestingPlace};

use super::*;
use crate::connection::{Access, Account, Failure, Grant, Track, Values};

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const ALIVE: Moment = Moment {
    doing: Doing::Nothing,
    access_alive: true,
    clock_ahead_ms: None,
    api_waits_until: None,
    next_renewal_at: Some(Timestamp(1_000_000_060_000)),
    unsettled: None,
};
const DEAD: Moment = Moment { access_alive: false, ..ALIVE };

fn good() -> Connection {
    Connection {
        id: ConnectionId::try_from("c-1").unwrap(),
        provider: ProviderId::try_from("sandbox").unwrap(),
        provider_name: "Sandbox".into(),
        client_id: "client".into(),
        account: Account { key: "ada".into(), name: "Ada".into(), picture: None, person: None },
        keep: Keep::Keychain,
        epoch: 1,
        generation: 1,
        grant: Grant {
            authorized_at: NOW,
            ends_at: None,
            asked: vec!["a".into()],
            granted: vec!["a".into()],
        },
        access: Access { obtained_at: NOW, expires_at: Some(NOW.plus(60_000)), renewable: true },
        standing: Standing::Good,
        track: Track::default(),
        resting: RestingPlace::Keychain,
        created_at: NOW,
        variables: Values::new(),
        kept: Values::new(),
    }
}

fn failing(kind: FailureKind) -> Connection {
    let failure = Failure { kind, at: NOW.plus(-5_000), message: "m".into() };
    good().failed_for_now(failure, NOW.plus(9_000))
}

#[test]
fn healthy_is_connected_and_idle() {
    let health = health(&good(), &ALIVE, NOW);
    assert_eq!(health.grant, GrantState::Connected);
    assert_eq!(health.activity, Activity::Idle { next_renewal_at: ALIVE.next_renewal_at });
    assert_eq!(health.severity, Severity::Healthy);
}

#[test]
fn no_passing_failure_is_ever_shown_as_a_lost_sign_in() {
    for kind in [
        FailureKind::Network,
        FailureKind::RateLimit,
        FailureKind::Provider,
        FailureKind::Configuration,
        FailureKind::Storage,
        FailureKind::Unknown,
    ] {
        for moment in [ALIVE, DEAD] {
            let health = health(&failing(kind), &moment, NOW);
            assert_eq!(health.grant, GrantState::Connected, "{kind:?}");
            assert!(health.severity < Severity::Attention, "{kind:?}");
        }
    }
}

#[test]
fn a_provider_fault_is_quiet_while_access_lives_and_stale_afterwards() {
    let connection = failing(FailureKind::Provider);
    let (cause, next_at) = (FailureKind::Provider, NOW.plus(9_000));
    assert_eq!(health(&connection, &ALIVE, NOW).activity, Activity::Retrying { cause, next_at });
    assert_eq!(health(&connection, &ALIVE, NOW).severity, Severity::Healthy);
    let since = NOW.plus(-5_000);
    assert_eq!(health(&connection, &DEAD, NOW).activity, Activity::Stale { cause, since, next_at });
    assert_eq!(health(&connection, &DEAD, NOW).severity, Severity::Degraded);
}

#[test]
fn offline_and_rate_limited_say_until_when() {
    let next_at = NOW.plus(9_000);
    assert_eq!(health(&failing(FailureKind::Network), &DEAD, NOW).activity, Activity::Offline { next_at });
    let limited = health(&failing(FailureKind::RateLimit), &ALIVE, NOW);
    assert_eq!(
        (limited.activity, limited.severity),
        (Activity::RateLimited { until: next_at }, Severity::Notice)
    );
}

#[test]
fn the_grant_clock_warns_two_weeks_ahead_and_ends_on_time() {
    let mut connection = good();
    let day = 86_400_000;
    for (left, expected) in [
        (15 * day, GrantState::Connected),
        (14 * day, GrantState::Expiring { ends_at: NOW.plus(14 * day) }),
        (1, GrantState::Expiring { ends_at: NOW.plus(1) }),
    ] {
        connection.grant.ends_at = Some(NOW.plus(left));
        assert_eq!(health(&connection, &ALIVE, NOW).grant, expected);
    }
    connection.grant.ends_at = Some(NOW);
    let ended = health(&connection, &ALIVE, NOW);
    assert!(matches!(ended.grant, GrantState::Attention { reason: AttentionReason::GrantEnded, .. }));
}

#[test]
fn access_without_renewal_is_fine_until_it_ends() {
    let mut connection = good();
    connection.access.renewable = false;
    assert_eq!(health(&connection, &ALIVE, NOW).grant, GrantState::Connected);
    let ended = health(&connection, &DEAD, NOW).grant;
    assert!(matches!(ended, GrantState::Attention { reason: AttentionReason::NotRenewable, .. }));
}

#[test]
fn a_partial_grant_names_what_is_missing() {
    let mut connection = good();
    connection.grant.granted.clear();
    let limited = health(&connection, &ALIVE, NOW);
    assert_eq!(limited.grant, GrantState::Limited { missing: vec!["a".into()] });
    assert_eq!(limited.severity, Severity::Notice);
}

#[test]
fn attention_and_misconfiguration_decide_the_colour_alone() {
    let attention =
        good().needs_sign_in(AttentionReason::RevokedOrExpired, NOW, Some("gone".into())).unwrap();
    assert_eq!(health(&attention, &ALIVE, NOW).severity, Severity::Attention);
    let fault = ConfigurationFault::ClientRefused;
    let misconfigured = good().misconfigured(fault, NOW, None, NOW.plus(1)).unwrap();
    assert_eq!(health(&misconfigured, &ALIVE, NOW).severity, Severity::Degraded);
    assert_eq!(health(&good().disconnecting(NOW), &ALIVE, NOW).severity, Severity::Pending);
}

#[test]
fn a_locked_keychain_is_a_padlock_and_no_alarm() {
    let health = health(&good(), &Moment { doing: Doing::Locked, ..DEAD }, NOW);
    assert_eq!((health.activity, health.severity), (Activity::Locked, Severity::Degraded));
}

#[test]
fn an_api_that_asks_to_wait_is_said_where_nothing_is_under_way() {
    let until = Timestamp(NOW.0 + 19_056_000);
    let moment = Moment { api_waits_until: Some(until), clock_ahead_ms: Some(180_000), ..ALIVE };
    let waiting = health(&good(), &moment, NOW);
    assert_eq!(waiting.activity, Activity::RateLimited { until });
    assert_eq!(waiting.severity, Severity::Notice);
    let refreshing = Moment { doing: Doing::Refreshing, ..moment };
    assert_eq!(health(&good(), &refreshing, NOW).activity, Activity::Refreshing);
}
