//! Guarded calls: renewed once where access is refused, never sent where the provider asked to wait, and each end
//! with its name.

use crate::playing::{connected, sign_in};
use crate::support::{MINUTE, World};
use latchkey_protocol::spotify::{Me, Played, Plays};
use latchkey_protocol::{Activity, CallFailure, ConnectionId, ProblemCode, RateScope};
use latchkey_sandbox::{DiscordMood, Endpoint, Fault, Standing};

const HOUR: i64 = 60 * MINUTE;

fn me(world: &World, id: &ConnectionId) -> Result<Me, CallFailure> {
    world.run(world.engine().spotify(id.clone()).me())
}

fn plays(world: &World, id: &ConnectionId) -> Result<Plays, CallFailure> {
    world.run(world.engine().spotify(id.clone()).recently_played(2, Played::Latest))
}

fn calls(world: &World) -> usize {
    world.sandbox.requests_to(Endpoint::Api).len()
}

#[test]
fn access_that_was_ended_early_is_renewed_once_and_the_call_repeated() {
    let (world, id) = connected("spotify", None);
    world.sandbox.expire_access();
    assert_eq!(plays(&world, &id).unwrap().items.len(), 2);
    assert_eq!((calls(&world), world.refreshes().len()), (2, 1));
}

#[test]
fn access_that_is_refused_also_when_renewed_is_final_and_there_is_no_storm() {
    let (world, id) = connected("spotify", None);
    world.sandbox.set_fault(Endpoint::Api, Fault::status(401), 1_000);
    for _ in 0..3 {
        let refused = plays(&world, &id).unwrap_err();
        assert!(matches!(refused, CallFailure::AccessRefused { .. }), "{refused:?}");
    }
    assert_eq!(
        (calls(&world), world.refreshes().len()),
        (4, 1),
        "the second and third are not worth a renewal"
    );
}

#[test]
fn a_sign_in_that_has_ended_is_told_as_that() {
    let (world, id) = connected("spotify", None);
    world.sandbox.revoke(None);
    let Err(CallFailure::NoAccess { problem }) = plays(&world, &id) else { panic!("no such failure") };
    assert_eq!(problem.code, ProblemCode::SignInNeeded);
    assert_eq!(calls(&world), 1);
}

#[test]
fn a_refusal_in_plain_text_is_shown_in_the_providers_words() {
    let (world, id) = connected("spotify", None);
    world.settings(|settings| settings.spotify.standing = Standing::NotAllowlisted);
    let text = "User not registered in the Developer Dashboard".to_owned();
    assert_eq!(plays(&world, &id), Err(CallFailure::Forbidden { text }));
    assert_eq!(world.refreshes().len(), 0, "it is not about access");
}

#[test]
fn a_missing_permission_is_told_from_a_refusal() {
    let (world, id) = connected("spotify", Some(&["read-library"]));
    let text = "Insufficient client scope".to_owned();
    assert_eq!(plays(&world, &id), Err(CallFailure::ScopeMissing { text }));
    assert_eq!(world.refreshes().len(), 0);
}

#[test]
fn a_request_to_wait_for_hours_is_obeyed_shown_and_survives_a_restart() {
    let (mut world, id) = connected("spotify", None);
    let asked = Standing::RateLimited { retry_after_seconds: 19_056 };
    world.settings(|settings| settings.spotify.standing = asked);
    let limited = plays(&world, &id).unwrap_err();
    let until = limited.until().unwrap();
    assert!(matches!(limited, CallFailure::RateLimited { scope: RateScope::Global, .. }), "{limited:?}");
    world.settings(|settings| settings.spotify.standing = Standing::Good);
    assert_eq!(world.connection().health.activity, Activity::RateLimited { until });
    world.restart();
    world.clock.advance(5 * HOUR);
    assert_eq!(plays(&world, &id).unwrap_err().until(), Some(until));
    assert_eq!(calls(&world), 1, "nothing was sent");
    world.clock.advance(18 * MINUTE);
    assert_eq!(plays(&world, &id).unwrap().items.len(), 2);
}

#[test]
fn a_request_of_spotify_to_wait_stops_every_account_of_the_client_and_discord_goes_on() {
    let (world, ada) = connected("spotify", None);
    let ben = sign_in(&world, "spotify", "ben", None);
    let discord = sign_in(&world, "discord", "ada", None);
    world.settings(|settings| {
        settings.spotify.standing = Standing::RateLimited { retry_after_seconds: 7 };
    });
    let until = plays(&world, &ada).unwrap_err().until();
    assert_eq!(plays(&world, &ben).unwrap_err().until(), until);
    assert_eq!(calls(&world), 1, "ben's call was not sent");
    assert!(world.run(world.engine().discord(discord).authorization()).is_ok());
}

#[test]
fn a_used_up_quota_is_left_alone_for_an_hour() {
    let (world, id) = connected("spotify", None);
    world.settings(|settings| settings.spotify.standing = Standing::QuotaExceeded);
    assert_eq!(plays(&world, &id).unwrap_err().until(), Some(world.now().plus(HOUR)));
}

#[test]
fn an_empty_bucket_is_obeyed_before_anything_is_sent() {
    let (world, id) = connected("discord", None);
    let authorization = || world.run(world.engine().discord(id.clone()).authorization());
    world.settings(|settings| settings.discord.remaining = Some(1));
    authorization().unwrap();
    world.settings(|settings| settings.discord.remaining = None);
    let held = authorization().unwrap_err();
    assert_eq!(held, CallFailure::RateLimited { until: world.now().plus(1_000), scope: RateScope::User });
    assert_eq!(calls(&world), 1, "nothing was sent");
    let guilds = world.run(world.engine().discord(id.clone()).guilds(None));
    assert_eq!(guilds.unwrap()[0].name, "Sim Guild", "another bucket");
    world.clock.advance(1_000);
    authorization().unwrap();
}

#[test]
fn each_scope_of_discords_limits_holds_what_it_concerns() {
    for (mood, scope, wait_ms, others_go_on) in [
        (DiscordMood::LimitedUser, RateScope::User, 2_000, true),
        (DiscordMood::LimitedShared, RateScope::Shared, 31_000, true),
        (DiscordMood::LimitedGlobal, RateScope::Global, 4_000, false),
    ] {
        let (world, id) = connected("discord", None);
        world.settings(|settings| settings.discord.mood = mood);
        let limited = world.run(world.engine().discord(id.clone()).authorization());
        let until = world.now().plus(wait_ms);
        assert_eq!(limited.unwrap_err(), CallFailure::RateLimited { until, scope });
        world.settings(|settings| settings.discord.mood = DiscordMood::Good);
        let guilds = world.run(world.engine().discord(id.clone()).guilds(None));
        assert_eq!(guilds.is_ok(), others_go_on, "{mood:?}: {guilds:?}");
        assert!(world.run(world.engine().discord(id.clone()).authorization()).is_err());
        world.clock.advance(wait_ms);
        assert!(world.run(world.engine().discord(id).authorization()).is_ok());
    }
}

#[test]
fn a_gateway_that_turns_this_computer_away_is_left_alone() {
    let (mut world, id) = connected("discord", None);
    world.settings(|settings| settings.discord.mood = DiscordMood::Blocked);
    let blocked = world.run(world.engine().discord(id.clone()).authorization()).unwrap_err();
    assert_eq!(blocked, CallFailure::Blocked { until: world.now().plus(10 * MINUTE) });
    world.settings(|settings| settings.discord.mood = DiscordMood::Good);
    world.restart();
    assert!(world.run(world.engine().discord(id.clone()).authorization()).is_err());
    assert_eq!(calls(&world), 1);
    world.clock.advance(10 * MINUTE);
    assert!(world.run(world.engine().discord(id).authorization()).is_ok());
}

#[test]
fn every_request_says_who_asks() {
    let (world, id) = connected("discord", None);
    world.run(world.engine().discord(id).authorization()).unwrap();
    let named = |entry: latchkey_sandbox::Entry| entry.headers.user_agent.unwrap_or_default();
    let ours: Vec<_> = world.sandbox.requests().into_iter().filter(|entry| entry.method == "POST").collect();
    assert!(!ours.is_empty());
    assert!(
        ours.into_iter().map(named).all(|name| name.starts_with("Latchkey/") && name.contains("(+https://"))
    );
    let calls = world.sandbox.requests_to(Endpoint::Api);
    assert!(calls.into_iter().map(named).all(|name| name.starts_with("DiscordBot (https://")));
}

#[test]
fn what_is_wrong_with_an_answer_has_a_name() {
    let (world, id) = connected("spotify", None);
    let met = |fault: Fault| {
        world.sandbox.set_fault(Endpoint::Api, fault, 1);
        plays(&world, &id).unwrap_err()
    };
    assert!(matches!(met(Fault::status(502)), CallFailure::ProviderFault { status: 502, .. }));
    assert!(matches!(met(Fault::status(404)), CallFailure::NotFound { .. }));
    assert!(matches!(met(Fault::status(400)), CallFailure::RequestRefused { status: 400, .. }));
    assert!(matches!(met(Fault::status(302)), CallFailure::Redirected));
    assert!(matches!(met(Fault::HtmlPage { status: 200 }), CallFailure::Unreadable { .. }));
    assert!(matches!(met(Fault::CutBody), CallFailure::Lost { .. }));
    assert_eq!(world.refreshes().len(), 0);
    assert_eq!(me(&world, &id).unwrap().key, "zQ7mK2sIm1");
}

#[test]
fn a_connection_to_another_provider_is_told_so() {
    let (world, id) = connected("discord", None);
    assert_eq!(me(&world, &id), Err(CallFailure::NotOffered));
}
