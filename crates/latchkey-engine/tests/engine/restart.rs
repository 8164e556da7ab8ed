//! Killed at any moment: what was written is the truth, and what the provider may have done is found out.

use crate::support::{MINUTE, START, World};
use latchkey_engine::{Callback, KeychainError, Mood, NotOwner, StartError};
use latchkey_protocol::{AttentionReason, GrantState, Keep, Redirect, RestingPlace, Severity};
use latchkey_sandbox::{Endpoint, Moment, Release, Rotation};

const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// A world that was killed while a refresh was under way, and how that request then went on.
fn killed_in_a_refresh(moment: Moment, grace_seconds: u64, release: Release) -> World {
    let mut world = World::connected();
    world.settings(|settings| {
        settings.rotation = Rotation::Rotate { grace_seconds, reuse_detection: true };
    });
    world.hold(Endpoint::Refresh, moment);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    world.kill();
    assert!(world.sandbox.release(held.sequence, release));
    if moment == Moment::Before && release == Release::Continue {
        world.requests(Endpoint::Refresh, 1);
    }
    world.start();
    world
}

fn assert_healthy_for_good(world: &World) {
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    let before = world.refreshes().len();
    world.advance_until("the next renewal", 10 * MINUTE, |_| world.refreshes().len() > before);
    world.until_idle();
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert_eq!(world.count("SELECT count(*) FROM intents"), 0);
    assert_eq!(world.count("SELECT count(*) FROM token_sets"), 0);
}

#[test]
fn dl_42_a_link_that_starts_the_program_finds_the_sign_in_that_waited() {
    let mut world = World::new();
    let (_, url) = world.begin();
    let link = world.browser(&url);
    world.restart();
    assert_eq!(world.link(&link), Callback::Taken);
    world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(world.link(&link), Callback::Ignored(None));
    world.until_settled();
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
}

#[test]
fn a_person_who_quits_in_the_middle_of_a_refresh_loses_nothing() {
    let mut world = World::connected();
    world.hold(Endpoint::Refresh, Moment::After);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    let sandbox = world.sandbox.clone();
    let engine = world.engine();
    world.run(async {
        let closing = engine.close();
        let answering = async {
            tokio::task::yield_now().await;
            assert!(sandbox.release(held.sequence, Release::Continue));
        };
        tokio::join!(closing, answering)
    });
    world.restart();
    assert_healthy_for_good(&world);
    assert_eq!(world.refreshes().len(), 2, "the provider gives no grace, and none was needed");
}

#[test]
fn a_provider_that_does_not_answer_puts_the_end_off_for_twenty_seconds_and_no_longer() {
    let mut world = World::connected();
    world.hold(Endpoint::Refresh, Moment::Before);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    let clock = world.clock.clone();
    world.run(async {
        let closing = world.engine().close();
        let waiting = async {
            tokio::task::yield_now().await;
            clock.advance(20_000);
        };
        tokio::join!(closing, waiting)
    });
    world.kill();
    world.sandbox.release(held.sequence, Release::Drop);
    world.start();
    assert_healthy_for_good(&world);
}

#[test]
fn while_the_program_ends_no_refresh_is_begun_and_after_a_change_of_mind_it_is() {
    let world = World::connected();
    world.run(world.engine().close());
    let before = world.refreshes().len();
    world.clock.advance(55 * MINUTE);
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy, "what is at hand still lives");
    assert_eq!(world.refreshes().len(), before);
    world.engine().reopen();
    world.until("renewed", |_| world.refreshes().len() > before);
}

#[test]
fn a_sign_in_older_than_ten_minutes_is_gone_after_a_restart() {
    let mut world = World::new();
    let (_, url) = world.begin();
    let link = world.browser(&url);
    world.kill();
    world.clock.advance(10 * MINUTE);
    world.start();
    assert_eq!(world.link(&link), Callback::Ignored(None));
    assert_eq!(world.provider().sign_in, None);
    assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
    assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 0);
}

#[test]
fn a_cancelled_sign_in_does_not_come_back() {
    let mut world = World::new();
    let (view, url) = world.begin();
    let link = world.browser(&url);
    world.run(world.engine().cancel_sign_in(view.id)).unwrap();
    world.restart();
    assert_eq!(world.link(&link), Callback::Ignored(None));
}

#[test]
fn killed_while_the_code_is_exchanged_nothing_claims_to_be_connected() {
    for release in [Release::Drop, Release::Continue] {
        let mut world = World::new();
        world.hold(Endpoint::Token, Moment::Before);
        let (_, url) = world.begin();
        let link = world.browser(&url);
        assert_eq!(world.link(&link), Callback::Taken);
        let held = world.held(Endpoint::Token);
        world.kill();
        world.sandbox.release(held.sequence, release);
        world.requests(Endpoint::Token, 1);
        world.start();
        assert_eq!(world.link(&link), Callback::Ignored(None), "a code is sent once, whatever became of it");
        assert_eq!(world.overview().connections, []);
        assert_eq!(world.provider().sign_in, None);
        assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
        assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 1);
        world.sign_in();
    }
}

#[test]
fn killed_while_the_account_is_asked_for_it_is_taken_up_without_a_new_consent() {
    for redirect in [Redirect::DeepLink, Redirect::Loopback] {
        let mut world = World::new();
        world.hold(Endpoint::Userinfo, Moment::Before);
        let (_, url) = world.begin_with(Keep::Keychain, Some(redirect)).unwrap();
        let answer = world.browser(&url);
        match redirect {
            Redirect::DeepLink => assert_eq!(world.link(&answer), Callback::Taken),
            Redirect::Loopback | Redirect::DeviceCode => drop(world.visit(&answer)),
        }
        let held = world.held(Endpoint::Userinfo);
        world.kill();
        world.sandbox.release(held.sequence, Release::Drop);
        // However long it takes until somebody starts it again: the consent was given and its tokens live.
        world.clock.advance(20 * MINUTE);
        world.start();
        world.until("connected", |overview| overview.connections.len() == 1);
        assert_healthy_for_good(&world);
        assert_eq!(world.sandbox.requests_to(Endpoint::Authorize).len(), 1);
        assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 1);
        assert_eq!(world.count("SELECT count(*) FROM sign_ins"), 0);
        assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
    }
}

#[test]
fn taken_up_while_the_provider_is_away_it_waits_for_it() {
    let mut world = World::new();
    world.hold(Endpoint::Userinfo, Moment::Before);
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.held(Endpoint::Userinfo);
    world.kill();
    world.unplug();
    world.clock.advance(20 * MINUTE);
    world.start();
    world.until_asleep_for(500);
    world.plug_in();
    world.clock.advance(500);
    world.until("connected", |overview| overview.connections.len() == 1);
    assert_healthy_for_good(&world);
}

#[test]
fn f37_a_refresh_that_was_not_processed_is_repeated_at_once_with_the_same_token() {
    let world = killed_in_a_refresh(Moment::Before, 0, Release::Drop);
    let sent = world.requests(Endpoint::Refresh, 2);
    assert_eq!(sent[0].form.value("refresh_token"), sent[1].form.value("refresh_token"));
    world.until_idle();
    assert_healthy_for_good(&world);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn f37_a_lost_rotation_within_its_grace_is_healed_by_an_immediate_repeat() {
    for (moment, release) in [(Moment::After, Release::Drop), (Moment::Before, Release::Continue)] {
        let world = killed_in_a_refresh(moment, 30, release);
        world.requests(Endpoint::Refresh, 2);
        let sent = world.refreshes();
        assert_eq!(sent[0], sent[1]);
        world.until_idle();
        assert_healthy_for_good(&world);
        assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
    }
}

#[test]
fn f37_it_is_repeated_at_once_also_where_access_still_lives() {
    let mut world = World::connected();
    world.settings(|settings| {
        settings.rotation = Rotation::Rotate { grace_seconds: 30, reuse_detection: true };
    });
    world.hold(Endpoint::Refresh, Moment::After);
    world.clock.advance(55 * MINUTE);
    let held = world.held(Endpoint::Refresh);
    world.kill();
    world.sandbox.release(held.sequence, Release::Drop);
    // By this date nothing is due for another fifty-four minutes.
    world.clock.set_wall(START.plus(MINUTE));
    world.start();
    world.requests(Endpoint::Refresh, 2);
    world.until_idle();
    assert_healthy_for_good(&world);
}

#[test]
fn f06_a_lost_rotation_without_grace_is_told_as_what_it_is() {
    let mut world = killed_in_a_refresh(Moment::After, 0, Release::Drop);
    world.until_attention();
    let lost = |grant: &GrantState| {
        matches!(grant, GrantState::Attention { reason: AttentionReason::LostRotation, .. })
    };
    assert!(lost(&world.grant()), "{:?}", world.grant());
    world.restart();
    world.until_asleep_for(41_000);
    assert!(lost(&world.grant()), "{:?}", world.grant());
    assert_eq!(world.refreshes().len(), 2, "and is not asked about again");
}

/// Whatever the moment: an interval drawn by spinning is not repeatable, and the more different for it.
#[test]
fn killed_at_thirty_moments_of_thirty_refreshes_it_is_always_healthy_in_the_end() {
    let mut world = World::connected();
    world.settings(|settings| {
        settings.access_token_life_seconds = 60;
        settings.rotation = Rotation::Rotate { grace_seconds: 30, reuse_detection: true };
    });
    world.advance_until("short lives", 10 * MINUTE, |_| world.refreshes().len() == 1);
    world.until_idle();
    for round in 0..30 {
        let before = world.refreshes().len();
        world.clock.advance(30_000);
        if round % 3 > 0 {
            world.requests(Endpoint::Refresh, before + 1);
        }
        for _ in 0..round * 5_000 {
            std::hint::spin_loop();
        }
        world.restart();
    }
    world.until_idle();
    assert_healthy_for_good(&world);
    assert!(world.refreshes().len() > 20, "{}", world.refreshes().len());
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn f53_a_disconnect_that_the_provider_has_not_heard_of_is_told_after_a_restart() {
    let mut world = World::connected();
    let id = world.connection().id;
    world.unplug();
    world.run(world.engine().disconnect(id)).unwrap();
    world.until("waiting", |overview| overview.connections[0].renewal.consecutive_failures == 1);
    world.restart();
    assert_eq!(world.grant(), GrantState::Disconnecting);
    world.plug_in();
    world.advance_until("gone", MINUTE, |overview| overview.connections.is_empty());
    assert!(world.sandbox.grants().iter().all(|grant| grant.revoked.is_some()));
    assert_eq!(world.sets_in_keychain(), 0, "no sign-in is left");
    world.restart();
    assert_eq!(world.overview().connections, []);
}

#[test]
fn a_sign_in_that_was_stored_and_had_not_settled_settles_after_a_restart() {
    let mut world = World::new();
    let (_, url) = world.begin();
    let refusing = KeychainError::Refused("full".into());
    world.keychain.set_mood(Mood::Failing(refusing));
    world.link(&world.browser(&url));
    world.until("connected", |overview| overview.connections.len() == 1);
    assert_eq!(world.connection().resting, RestingPlace::Sealed);
    world.kill();
    world.keychain.set_mood(Mood::Open);
    world.start();
    world.until_settled();
    assert_eq!(world.sets_in_keychain(), 1);
    assert_eq!(world.count("SELECT count(*) FROM token_sets"), 0);
    world.restart();
    assert_healthy_for_good(&world);
}

#[test]
fn f32_f33_dates_that_a_clock_set_elsewhere_cannot_mean_cost_one_refresh_at_most() {
    for wall in [START.plus(-YEAR), START.plus(YEAR)] {
        let mut world = World::connected();
        world.kill();
        world.clock.set_wall(wall);
        world.start();
        world.requests(Endpoint::Refresh, 1);
        world.until_idle();
        world.clock.advance(55 * MINUTE - 1);
        world.until_asleep_for(1);
        assert_eq!(world.refreshes().len(), 1, "{wall:?}");
        assert_healthy_for_good(&world);
    }
}

#[test]
fn f32_a_clock_set_back_does_not_put_off_the_next_try_for_a_year() {
    let mut world = World::connected();
    world.unplug();
    world.clock.advance(55 * MINUTE);
    world.until("offline", |overview| overview.connections[0].renewal.consecutive_failures == 1);
    world.kill();
    world.plug_in();
    world.clock.set_wall(START.plus(-YEAR));
    world.start();
    world.advance_until("renewed", 60 * MINUTE, |_| world.refreshes().len() == 1);
    world.until_idle();
    assert_healthy_for_good(&world);
}

#[test]
fn f48_a_folder_has_one_owner() {
    let mut world = World::connected();
    assert!(matches!(world.try_start(), Err(StartError::NotOwner(NotOwner::Taken))));
    assert_eq!(world.check().unwrap().health.severity, Severity::Healthy);
}
