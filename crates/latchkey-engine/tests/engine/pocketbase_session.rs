//! What becomes of a session of a real PocketBase server: renewal, another password, a server that is gone,
//! a disconnect, a superuser who acts in another name.

use latchkey_engine::PromptAnswer;
use latchkey_protocol::{
    AttentionReason, ConnectionId, FailureKind, GrantState, Keep, ProblemCode, Prompt, RestingPlace,
    Revocation, SignInEnding, SignInStage,
};
use serde_json::json;

use crate::pocketbase::{PASSWORD, Pocket, to};
use crate::support::MINUTE;

const DAY: i64 = 24 * 60 * MINUTE;

fn attention(grant: &GrantState) -> Option<AttentionReason> {
    match grant {
        GrantState::Attention { reason, .. } => Some(*reason),
        GrantState::Connected
        | GrantState::Expiring { .. }
        | GrantState::Limited { .. }
        | GrantState::Misconfigured { .. }
        | GrantState::Disconnecting => None,
    }
}

#[test]
fn a_session_renews_itself_also_within_the_second_it_was_made_in() {
    let pocket = Pocket::connected(Keep::Keychain);
    for _ in 0..3 {
        assert_eq!(pocket.check(), GrantState::Connected, "the same token again is no failure");
    }
    let before = pocket.connection().renewal;
    pocket.world.advance_until("renewed by itself", DAY, |overview| {
        overview.connections[0].renewal.last_success_at > before.last_success_at
    });
    let after = pocket.connection().renewal;
    assert!(after.access_expires_at > before.access_expires_at, "{before:?} {after:?}");
    assert_eq!((after.consecutive_failures, pocket.check()), (0, GrantState::Connected));
}

#[test]
fn a_session_of_an_hour_is_kept_alive_through_a_day() {
    let pocket = Pocket::new();
    pocket.server.change_users(&json!({"authToken": {"duration": 3600}})).unwrap();
    pocket.enter(Keep::Keychain);
    pocket.with_password(PASSWORD);
    let mut renewals = 0;
    for _ in 0..24 {
        let before = pocket.connection().renewal.last_success_at;
        pocket.world.advance_until("renewed by itself", MINUTE, |overview| {
            overview.connections[0].renewal.last_success_at > before
        });
        renewals += 1;
        assert_eq!(pocket.connection().renewal.consecutive_failures, 0, "after {renewals} renewals");
    }
    let day = pocket.world.clock_now().0 - crate::support::START.0;
    assert!((6 * 60 * MINUTE..=25 * 60 * MINUTE).contains(&day), "{day}");
    assert_eq!(pocket.check(), GrantState::Connected);
}

#[test]
fn another_password_ends_every_session_and_the_card_asks_for_a_new_one() {
    let pocket = Pocket::connected(Keep::Memory);
    let other = "another horse battery";
    pocket.server.change_user(&pocket.user, &json!({"password": other, "passwordConfirm": other})).unwrap();
    assert_eq!(attention(&pocket.check()), Some(AttentionReason::RevokedOrExpired));
    let id = pocket.connection().id;
    let begun = pocket.world.run(pocket.world.engine().reconnect(id.clone(), None, vec![])).unwrap();
    assert!(
        matches!(begun.0.stage, SignInStage::Asking { prompt: Prompt::EnterPassword { .. }, .. }),
        "the server is known: {begun:?}"
    );
    pocket.with_password(other);
    assert_eq!((pocket.connection().id, pocket.connection().health.grant), (id, GrantState::Connected));
}

#[test]
fn a_reconnect_with_another_account_changes_nothing() {
    let pocket = Pocket::connected(Keep::Memory);
    pocket.server.add_user("grace@example.com", PASSWORD, true).unwrap();
    let id = pocket.connection().id;
    pocket.world.run(pocket.world.engine().reconnect(id, None, vec![])).unwrap();
    let answer = PromptAnswer::Password { identity: "grace@example.com".into(), password: PASSWORD.into() };
    pocket.answer(answer);
    let ended = pocket.connection().sign_in.unwrap().stage;
    assert!(
        matches!(ended, SignInStage::Ended { ending: SignInEnding::DifferentAccount { .. } }),
        "{ended:?}"
    );
    assert_eq!(pocket.connection().account.name, "ada");
}

#[test]
fn a_server_that_is_gone_ends_no_session() {
    let pocket = Pocket::connected(Keep::Memory);
    let Pocket { world, server, .. } = pocket;
    drop(server);
    let view = world.check().unwrap();
    assert_eq!(view.health.grant, GrantState::Connected);
    assert_eq!(view.renewal.last_failure.unwrap().kind, FailureKind::Network);
    assert_eq!(world.count("SELECT count(*) FROM intents"), 0, "what is lost leaves no doubt");
}

#[test]
fn a_disconnect_forgets_and_says_that_the_server_cannot_revoke() {
    let pocket = Pocket::connected(Keep::Keychain);
    pocket.world.until_settled();
    let id = pocket.connection().id;
    assert_eq!(pocket.world.disconnect(id), Revocation::NotOffered);
    assert_eq!(pocket.world.sets_in_keychain(), 0);
}

fn superuser(pocket: &Pocket) -> ConnectionId {
    pocket.begin();
    pocket.answer(to(&pocket.server.origin(), "_superusers", Keep::Keychain));
    let (identity, password) = pocket.server.superuser();
    pocket.answer(PromptAnswer::Password { identity: identity.into(), password: password.into() });
    let overview = pocket.world.overview();
    let by = overview.connections.iter().find(|one| one.realm.as_ref().unwrap().may_impersonate).unwrap();
    assert_eq!(by.resting, RestingPlace::Memory, "a superuser's session is never written down");
    by.id.clone()
}

#[test]
fn a_superuser_acts_in_the_name_of_a_user_until_an_end_that_is_told() {
    let pocket = Pocket::connected(Keep::Memory);
    let by = superuser(&pocket);
    let acting = pocket.world.engine().impersonate(by.clone(), "users", &pocket.user, 600);
    let acting = pocket.world.run(acting).unwrap();
    assert_eq!(acting.realm.as_ref().unwrap().impersonated_by.as_deref(), Some("admin@example.com"));
    assert_eq!((acting.account.name.as_str(), acting.resting), ("ada", RestingPlace::Memory));
    assert!(!acting.renewal.renewable);
    let end = acting.renewal.access_expires_at.unwrap().0 - pocket.world.clock_now().0;
    assert!((595_000..=600_000).contains(&end), "{end}");
    assert_eq!(pocket.world.overview().connections.len(), 3, "Ada's own session is another one");
    let id = acting.id.clone();
    let checked = pocket.world.run(pocket.world.engine().check(id.clone())).unwrap();
    assert_eq!(checked.health.grant, GrantState::Connected);
    let again = pocket.world.run(pocket.world.engine().reconnect(id.clone(), None, vec![]));
    assert_eq!(again.unwrap_err().code, ProblemCode::InvalidInput, "only the superuser can act again");
    pocket.world.advance_until("its end", MINUTE, |overview| {
        let acting = overview.connections.iter().find(|one| one.id == id).unwrap();
        attention(&acting.health.grant) == Some(AttentionReason::NotRenewable)
    });
    let who =
        pocket.world.overview().connections.into_iter().find(|one| one.id != by && one.id != id).unwrap();
    let refused = pocket.world.run(pocket.world.engine().impersonate(who.id, "users", &pocket.user, 600));
    assert_eq!(refused.unwrap_err().code, ProblemCode::InvalidInput, "a user may not");
    let nobody = pocket.world.run(pocket.world.engine().impersonate(by, "users", "nobody", 600));
    assert_eq!(nobody.unwrap_err().code, ProblemCode::InvalidInput);
}
