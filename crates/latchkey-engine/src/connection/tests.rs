//! Transitions of a connection.

use super::*;

fn connection() -> Connection {
    let at = Timestamp(1_000);
    Connection {
        id: ConnectionId::try_from("c-1").unwrap(),
        provider: ProviderId::try_from("sandbox").unwrap(),
        provider_name: "Sandbox".into(),
        client_id: "client".into(),
        account: Account { key: "ada".into(), name: "Ada".into(), picture: None, person: None },
        keep: Keep::Keychain,
        epoch: 3,
        generation: 7,
        grant: Grant { authorized_at: at, ends_at: None, asked: vec!["a".into()], granted: vec!["a".into()] },
        access: Access { obtained_at: at, expires_at: Some(at.plus(60_000)), renewable: true },
        standing: Standing::Good,
        track: Track::default(),
        resting: RestingPlace::Keychain,
        created_at: at,
        variables: Values::new(),
        kept: Values::new(),
    }
}

fn set() -> TokenSet {
    TokenSet {
        access: "a".into(),
        refresh: Some("r".into()),
        usable: true,
        key: None,
        obtained_at: Timestamp(5_000),
        expires_at: Some(Timestamp(65_000)),
        quarantined: None,
        signed_in: None,
    }
}

#[test]
fn only_a_saved_set_raises_the_generation_and_only_a_disconnect_the_epoch() {
    let renewed = connection().renewed(&set(), None, Timestamp(9)).unwrap();
    assert_eq!((renewed.epoch, renewed.generation), (3, 8));
    let failure = Failure { kind: FailureKind::Network, at: Timestamp(9), message: String::new() };
    let failed = connection().failed_for_now(failure, Timestamp(10));
    assert_eq!((failed.epoch, failed.generation), (3, 7));
    let leaving = connection().disconnecting(Timestamp(9)).disconnecting(Timestamp(10));
    assert_eq!((leaving.epoch, leaving.generation), (4, 7));
}

#[test]
fn nothing_revives_a_connection_that_is_being_disconnected() {
    let leaving = connection().disconnecting(Timestamp(9));
    let (at, none) = (Timestamp(10), None);
    assert_eq!(leaving.clone().renewed(&set(), None, Timestamp(9)), Err(Superseded));
    let reason = AttentionReason::RevokedOrExpired;
    assert_eq!(leaving.clone().needs_sign_in(reason, at, none.clone()), Err(Superseded));
    let fault = ConfigurationFault::ClientRefused;
    assert_eq!(leaving.misconfigured(fault, at, none, at), Err(Superseded));
}

#[test]
fn the_first_reason_and_its_time_stand() {
    let first = connection().needs_sign_in(AttentionReason::LostRotation, Timestamp(9), None).unwrap();
    let again = first.clone().needs_sign_in(AttentionReason::RevokedOrExpired, Timestamp(99), None).unwrap();
    assert_eq!(again.standing, first.standing);
    assert!(!first.may_renew());
}

#[test]
fn a_smaller_grant_names_what_is_missing() {
    let renewed = connection().renewed(&set(), Some(vec![]), Timestamp(9)).unwrap();
    assert_eq!(renewed.grant.missing(), ["a"]);
}

#[test]
fn success_clears_the_failures() {
    let failure = Failure { kind: FailureKind::Network, at: Timestamp(9), message: String::new() };
    let failed = connection().failed_for_now(failure, Timestamp(10));
    assert_eq!(failed.track.failing_since, Some(Timestamp(9)));
    let track = failed.renewed(&set(), None, Timestamp(9)).unwrap().track;
    assert_eq!((track.failures, track.failing_since, track.next_try_at), (0, None, None));
}
