//! Who passes the gate, in which order, and who is held.

use futures_util::FutureExt as _;

use super::*;

const NOW: Boot = Boot(1_000_000);
const PLANNED: Need = Need::AccessEnds(NOW);

fn id(number: u32) -> ConnectionId {
    ConnectionId::try_from(format!("c-{number}")).unwrap()
}

fn ask(number: u32, scope: RateLimitScope) -> Ask {
    Ask {
        who: id(number),
        endpoint: "https://a.example/token".into(),
        client_id: "client".into(),
        account: format!("account-{number}"),
        scope,
    }
}

fn faulted(gate: &Gate, number: u32) {
    let ask = ask(number, RateLimitScope::Account);
    let _pass = gate.admit(ask.clone(), PLANNED, NOW).unwrap();
    gate.faulted(&ask, NOW);
}

#[test]
fn f64_a_host_with_two_under_way_lets_nobody_in_and_others_are_not_kept_waiting() {
    let gate = Gate::default();
    let first = gate.lane(&id(1), "a".into(), PLANNED).now_or_never().unwrap();
    let _second = gate.lane(&id(2), "a".into(), PLANNED).now_or_never().unwrap();
    let third = id(3);
    let mut third = Box::pin(gate.lane(&third, "a".into(), PLANNED));
    assert!(third.as_mut().now_or_never().is_none());
    assert!(gate.lane(&id(4), "b".into(), PLANNED).now_or_never().is_some());
    drop(first);
    assert!(third.now_or_never().is_some());
}

#[test]
fn f64_whoever_gives_up_waiting_or_being_under_way_blocks_nobody() {
    let gate = Gate::default();
    let lanes: Vec<_> =
        (1..=2).map(|number| gate.lane(&id(number), "a".into(), PLANNED).now_or_never()).collect();
    let (third, fourth) = (id(3), id(4));
    let mut given_up = Box::pin(gate.lane(&third, "a".into(), PLANNED));
    let mut patient = Box::pin(gate.lane(&fourth, "a".into(), PLANNED));
    assert!(given_up.as_mut().now_or_never().is_none() && patient.as_mut().now_or_never().is_none());
    drop(given_up);
    drop(lanes);
    assert!(patient.now_or_never().is_some());
    assert!(gate.lane(&id(5), "a".into(), PLANNED).now_or_never().is_some());
}

#[test]
fn a_request_to_wait_stops_one_account_and_not_another() {
    let gate = Gate::default();
    let until = NOW.plus(90_000);
    gate.limit(&ask(1, RateLimitScope::Account), until);
    let held = gate.admit(ask(1, RateLimitScope::Account), Need::Asked, NOW).unwrap_err();
    assert_eq!(held, Held::RateLimited(until), "a person does not make the provider angrier");
    assert!(gate.admit(ask(2, RateLimitScope::Account), PLANNED, NOW).is_ok());
    assert!(gate.admit(ask(1, RateLimitScope::Account), PLANNED, until).is_ok());
}

#[test]
fn where_the_provider_says_so_a_request_to_wait_stops_the_whole_client() {
    let gate = Gate::default();
    gate.limit(&ask(1, RateLimitScope::Client), NOW.plus(90_000));
    assert!(gate.admit(ask(2, RateLimitScope::Client), PLANNED, NOW).is_err());
    let other = Ask { client_id: "another".into(), ..ask(3, RateLimitScope::Client) };
    assert!(gate.admit(other, PLANNED, NOW).is_ok());
}

#[test]
fn an_open_circuit_holds_what_is_planned_and_lets_a_person_and_an_open_attempt_pass() {
    let gate = Gate::default();
    for number in [1, 2, 3, 4] {
        faulted(&gate, number);
    }
    let held = gate.admit(ask(5, RateLimitScope::Account), PLANNED, NOW).unwrap_err();
    assert_eq!(held, Held::CircuitOpen(NOW.plus(30_000)));
    assert!(gate.admit(ask(6, RateLimitScope::Account), Need::Awaited, NOW).is_err(), "a program waits");
    for need in [Need::Asked, Need::Unanswered] {
        assert!(gate.admit(ask(6, RateLimitScope::Account), need, NOW).is_ok());
    }
    gate.answered(&ask(6, RateLimitScope::Account).endpoint);
    assert!(gate.admit(ask(5, RateLimitScope::Account), PLANNED, NOW).is_ok());
}

#[test]
fn signing_in_there_closes_the_circuit_and_ends_the_wait() {
    let gate = Gate::default();
    for number in [1, 2, 3, 4] {
        faulted(&gate, number);
    }
    gate.limit(&ask(1, RateLimitScope::Account), NOW.plus(90_000));
    gate.signed_in(&ask(1, RateLimitScope::Account));
    for number in [1, 2] {
        assert!(gate.admit(ask(number, RateLimitScope::Account), PLANNED, NOW).is_ok());
    }
}

#[test]
fn a_probe_that_is_dropped_leaves_its_place_to_the_next() {
    let gate = Gate::default();
    for number in [1, 2, 3, 4] {
        faulted(&gate, number);
    }
    let rested = NOW.plus(30_000);
    let probe = gate.admit(ask(1, RateLimitScope::Account), PLANNED, rested).unwrap();
    assert!(gate.admit(ask(2, RateLimitScope::Account), PLANNED, rested).is_err(), "one at a time");
    drop(probe);
    assert!(gate.admit(ask(2, RateLimitScope::Account), PLANNED, rested).is_ok());
}
