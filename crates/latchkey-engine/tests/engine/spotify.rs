//! Spotify against the sandbox: what is read, what is changed, and what a person lets Latchkey do.

use std::collections::BTreeMap;

use crate::playing::{come_back, connected, provider, world};
use crate::support::{MINUTE, World};
use latchkey_engine::Spotify;
use latchkey_protocol::spotify::Played;
use latchkey_protocol::{ConnectionId, Keep, ProblemCode, Timestamp};
use latchkey_sandbox::{Endpoint, Standing};

const DAY: i64 = 86_400_000;
const EVERYTHING: [&str; 5] = ["read-history", "read-library", "edit-library", "edit-playlists", "follow"];

fn spotify<'w>(world: &'w World, id: &ConnectionId) -> Spotify<'w> {
    world.engine().spotify(id.clone())
}

fn tracks(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("spotify:track:sim{number:05}")).collect()
}

fn granted(world: &World) -> Vec<(String, bool)> {
    world.connection().purposes.into_iter().map(|purpose| (purpose.id, purpose.on)).collect()
}

fn pairs(on: [bool; 5]) -> Vec<(String, bool)> {
    EVERYTHING.into_iter().map(str::to_owned).zip(on).collect()
}

#[test]
fn what_was_played_is_read_page_by_page_with_exclusive_cursors() {
    let (world, id) = connected("spotify", None);
    let page = |limit, played| world.run(spotify(&world, &id).recently_played(limit, played)).unwrap();
    let latest = page(2, Played::Latest);
    assert_eq!(latest.items[0].track.name, "Loopback");
    assert_eq!(latest.items[0].played_at, Timestamp(1_795_209_249_482));
    assert_eq!(latest.items[1].context, None);
    let earlier = page(2, Played::Before(latest.before.unwrap()));
    assert!(earlier.items[0].played_at < latest.items[1].played_at);
    let later = page(50, Played::After(earlier.after.unwrap()));
    assert_eq!(later.items, latest.items);
    assert_eq!(page(200, Played::Latest).items.len(), 50, "fifty is the most that is asked for");
    world.settings(|settings| settings.spotify.nothing_played = true);
    let nothing = page(20, Played::Latest);
    assert_eq!((nothing.items.len(), nothing.after, nothing.before), (0, None, None));
}

#[test]
fn the_library_is_asked_and_changed_forty_at_a_time() {
    let (world, id) = connected("spotify", Some(&EVERYTHING));
    let uris = tracks(85);
    world.run(spotify(&world, &id).save(&uris[..82])).unwrap();
    let found = world.run(spotify(&world, &id).contains(&uris)).unwrap();
    assert_eq!(found.iter().filter(|found| **found).count(), 82);
    assert_eq!(&found[81..], [true, false, false, false], "in their order");
    world.run(spotify(&world, &id).remove(&uris[..1])).unwrap();
    assert!(!world.run(spotify(&world, &id).contains(&uris[..1])).unwrap()[0]);
    let calls = world.sandbox.requests_to(Endpoint::Api);
    assert_eq!(calls.len(), 3 + 3 + 1 + 1);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn playlists_are_made_filled_read_and_emptied() {
    let (world, id) = connected("spotify", Some(&EVERYTHING));
    let made = world.run(spotify(&world, &id).create_playlist("Sim mix", "made by a test", false)).unwrap();
    assert_eq!((made.name.as_str(), made.public, made.total), ("Sim mix", Some(false), Some(0)));
    world.run(spotify(&world, &id).add_to_playlist(&made.id, &tracks(120))).unwrap();
    let all = world.run(spotify(&world, &id).playlists(0)).unwrap();
    assert_eq!((all.items[0].total, all.next_offset), (Some(120), None));
    let items = |offset| world.run(spotify(&world, &id).playlist_items(&made.id, offset)).unwrap();
    assert_eq!((items(0).items.len(), items(0).next_offset, items(100).next_offset), (50, Some(50), None));
    world.run(spotify(&world, &id).remove_from_playlist(&made.id, &tracks(110))).unwrap();
    assert_eq!(items(0).total, Some(10));
    assert_eq!(items(0).items[0].track.as_ref().unwrap().uri, "spotify:track:sim00110");
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn followed_artists_are_read() {
    let (world, id) = connected("spotify", Some(&["follow"]));
    let followed = world.run(spotify(&world, &id).followed_artists(None)).unwrap();
    assert_eq!(followed.items[0].name, "The Placeholders");
    assert_eq!(followed.after, None);
}

#[test]
fn a_sign_in_asks_for_the_chosen_purposes_and_by_default_for_reading() {
    let (world, _) = connected("spotify", None);
    assert_eq!(granted(&world), pairs([true, true, false, false, false]));
    let (world, _) = connected("spotify", Some(&["read-history", "edit-library"]));
    assert_eq!(granted(&world), pairs([true, false, true, false, false]));
    assert_eq!(world.connection().grant.granted, ["user-read-recently-played", "user-library-modify"]);
}

#[test]
fn a_reconnect_keeps_what_was_asked_for_and_can_grant_more() {
    let (world, id) = connected("spotify", Some(&["read-history"]));
    let reconnect = |further: &[&str]| {
        let further = further.iter().map(|id| (*id).to_owned()).collect();
        let (_, url) = world.run(world.engine().reconnect(id.clone(), None, further)).unwrap();
        assert_eq!(come_back(&world, &url.unwrap(), "spotify", "ada"), id);
    };
    reconnect(&[]);
    assert_eq!(granted(&world), pairs([true, false, false, false, false]));
    reconnect(&["follow"]);
    assert_eq!(granted(&world), pairs([true, false, false, false, true]));
    reconnect(&[]);
    assert_eq!(granted(&world), pairs([true, false, false, false, true]), "what was granted further stays");
}

#[test]
fn a_purpose_that_does_not_exist_is_refused() {
    let world = world();
    let purposes = Some(vec!["everything".to_owned()]);
    let begun =
        world.engine().begin_sign_in(provider("spotify"), BTreeMap::new(), Keep::Keychain, None, purposes);
    assert_eq!(world.run(begun).unwrap_err().code, ProblemCode::InvalidInput);
}

#[test]
fn the_account_is_linked_by_account_id_and_its_grant_ends_after_six_months() {
    let (world, _) = connected("spotify", None);
    let connection = world.connection();
    assert_eq!(connection.account.key, "zQ7mK2sIm1");
    let ends = connection.grant.authorized_at.plus(181 * DAY);
    assert_eq!(connection.grant.ends_at, Some(ends));
}

#[test]
fn a_request_to_wait_in_answer_to_a_check_is_obeyed_also_after_a_restart() {
    let (mut world, id) = connected("spotify", None);
    let waits = Standing::RateLimited { retry_after_seconds: 18_000 };
    world.settings(|settings| settings.spotify.standing = waits);
    let told = world.run(world.engine().check(id.clone())).unwrap_err();
    assert!(told.message.contains("300 minutes"), "{told:?}");
    let asked = world.sandbox.requests_to(Endpoint::Userinfo).len();
    world.settings(|settings| settings.spotify.standing = Standing::Good);
    world.restart();
    assert!(world.run(world.engine().check(id.clone())).is_err());
    assert_eq!(
        world.sandbox.requests_to(Endpoint::Userinfo).len(),
        asked,
        "nothing is asked before its time"
    );
    world.clock.advance(301 * MINUTE);
    world.run(world.engine().check(id)).unwrap();
    assert_eq!(world.sandbox.requests_to(Endpoint::Userinfo).len(), asked + 1);
}
