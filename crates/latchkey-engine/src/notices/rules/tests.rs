//! When a person is told, case by case.

use latchkey_protocol::AttentionReason;

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const REVOKED: IncidentReason = IncidentReason::SignInNeeded { reason: AttentionReason::RevokedOrExpired };

fn id(number: u32) -> ConnectionId {
    ConnectionId::try_from(format!("c-{number}")).unwrap()
}

fn incident(number: u32, reason: IncidentReason) -> KnownIncident {
    begun(Incident { connection: id(number), reason }, NOW)
}

fn told(number: u32, reason: IncidentReason) -> KnownIncident {
    KnownIncident { sent_at: Some(NOW), ..incident(number, reason) }
}

fn all(known: &[KnownIncident], at: Timestamp) -> Vec<Due> {
    due(known, LastNotices::default(), at)
}

fn after(known: &[KnownIncident], now_seen: Seen) -> Vec<KnownIncident> {
    reconciled(known, &BTreeMap::from([(id(1), now_seen)]), NOW.plus(1))
}

#[test]
fn a_sign_in_that_is_needed_is_told_at_once_and_only_once() {
    assert_eq!(all(&[incident(1, REVOKED)], NOW).len(), 1);
    assert_eq!(all(&[told(1, REVOKED)], NOW.plus(DAY_MS - 1)), []);
}

#[test]
fn who_does_nothing_is_reminded_quietly_a_day_later_and_never_again() {
    let due = all(&[told(1, REVOKED)], NOW.plus(DAY_MS));
    assert!(due.len() == 1 && due[0].reminder, "{due:?}");
    let reminded = KnownIncident { reminded_at: Some(NOW.plus(DAY_MS)), ..told(1, REVOKED) };
    assert_eq!(all(&[reminded], NOW.plus(30 * DAY_MS)), []);
}

#[test]
fn what_may_pass_by_itself_is_told_only_when_it_lasts() {
    for (reason, patience) in
        [(IncidentReason::Stale, 30 * MINUTE_MS), (IncidentReason::RateLimited, 60 * MINUTE_MS)]
    {
        assert_eq!(all(&[incident(1, reason)], NOW.plus(patience - 1)), []);
        assert_eq!(all(&[incident(1, reason)], NOW.plus(patience)).len(), 1);
    }
}

#[test]
fn within_a_quarter_of_an_hour_nothing_more_and_then_all_together() {
    let known = [told(1, REVOKED), incident(2, REVOKED), incident(3, REVOKED)];
    let last = LastNotices { any: Some(NOW), expiring: None };
    assert_eq!(due(&known, last, NOW.plus(APART_MS - 1)), []);
    assert_eq!(due(&known, last, NOW.plus(APART_MS)).len(), 2);
}

#[test]
fn grants_that_end_are_told_once_a_day_for_all_of_them() {
    let known = [incident(1, IncidentReason::Expiring { days: 7 })];
    let last = LastNotices { any: None, expiring: Some(NOW) };
    assert_eq!(due(&known, last, NOW.plus(DAY_MS - 1)), []);
    assert_eq!(due(&known, last, NOW.plus(DAY_MS)).len(), 1);
}

#[test]
fn the_most_urgent_comes_first() {
    let expiring = |days| IncidentReason::Expiring { days };
    let known = [incident(1, expiring(14)), incident(2, expiring(1)), incident(3, IncidentReason::Stale)];
    let known = known.into_iter().chain([incident(4, REVOKED)]).collect::<Vec<_>>();
    let order: Vec<_> =
        all(&known, NOW.plus(DAY_MS)).into_iter().map(|due| due.incident.connection).collect();
    assert_eq!(order, [id(4), id(3), id(2), id(1)]);
}

#[test]
fn snoozed_until_then_and_ignored_for_good() {
    let snoozed = KnownIncident { snoozed_until: Some(NOW.plus(DAY_MS)), ..incident(1, REVOKED) };
    assert_eq!(all(std::slice::from_ref(&snoozed), NOW.plus(DAY_MS - 1)), []);
    assert_eq!(all(&[snoozed], NOW.plus(DAY_MS)).len(), 1);
    let ignored = KnownIncident { ignored: true, ..incident(1, REVOKED) };
    assert_eq!(all(&[ignored], NOW.plus(30 * DAY_MS)), []);
}

#[test]
fn recovery_withdraws_what_was_told_and_forgets_what_was_not() {
    assert!(after(&[told(1, REVOKED)], Seen::Fine)[0].ended);
    assert_eq!(after(&[incident(1, REVOKED)], Seen::Fine), []);
    let gone = reconciled(&[told(2, REVOKED)], &BTreeMap::new(), NOW);
    assert!(gone[0].ended, "the connection was removed");
}

#[test]
fn what_ends_and_begins_again_is_a_new_incident() {
    let ended = KnownIncident { ended: true, ..told(1, REVOKED) };
    let again = after(&[ended], Seen::Wrong(REVOKED));
    assert_eq!(again, [KnownIncident { began_at: NOW.plus(1), ..incident(1, REVOKED) }]);
}

#[test]
fn an_attempt_under_way_does_not_end_what_it_may_not_heal() {
    let stale = [told(1, IncidentReason::Stale)];
    assert_eq!(after(&stale, Seen::Unclear), stale);
    assert!(after(&[told(1, REVOKED)], Seen::Unclear)[0].ended);
}

#[test]
fn a_clock_that_was_set_back_hushes_nothing() {
    let last = LastNotices { any: Some(NOW.plus(DAY_MS)), expiring: None };
    assert_eq!(due(&[incident(1, REVOKED)], last, NOW).len(), 1);
}
