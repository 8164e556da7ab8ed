//! Items of the keychain in the hands of others: gone, broken, older, swapped.

use std::collections::BTreeMap;

use crate::support::{MINUTE, World};
use latchkey_protocol::{AttentionReason, GrantState, Keep, RestingPlace, Severity};
use latchkey_sandbox::{Consent, Endpoint};

type Items = BTreeMap<String, Vec<u8>>;

/// Ada's world, killed, with items that somebody has changed, started again when a renewal is due.
fn tampered(change: impl FnOnce(&World, &mut Items)) -> World {
    let mut world = World::connected();
    world.kill();
    let mut items = world.keychain.items();
    change(&world, &mut items);
    world.keychain.set_items(items);
    world.clock.advance(55 * MINUTE);
    world.start();
    world
}

fn item_of<'i>(items: &'i mut Items, id: &str) -> &'i mut Vec<u8> {
    items.iter_mut().find(|(name, _)| name.ends_with(id)).unwrap().1
}

fn the_item(items: &mut Items) -> &mut Vec<u8> {
    items.iter_mut().find(|(name, _)| !name.ends_with("installation-key")).unwrap().1
}

fn assert_unreadable(world: &World, refreshes: usize) {
    world.until("unreadable", |overview| {
        overview.connections.iter().all(|connection| {
            let reason = AttentionReason::Unreadable;
            matches!(connection.health.grant, GrantState::Attention { reason: known, .. } if known == reason)
        })
    });
    assert_eq!(world.refreshes().len(), refreshes, "what cannot be trusted is never sent to the provider");
}

#[test]
fn an_item_that_is_gone_or_broken_is_told_when_it_is_needed() {
    let changes: [fn(&World, &mut Items); 4] = [
        |_, items| items.retain(|name, _| name.ends_with("installation-key")),
        |_, items| *the_item(items).last_mut().unwrap() ^= 1,
        |_, items| the_item(items).clear(),
        |_, items| the_item(items)[0] = 9,
    ];
    for change in changes {
        assert_unreadable(&tampered(change), 0);
    }
}

#[test]
fn an_item_that_is_gone_is_found_out_by_a_check() {
    let mut world = World::connected();
    world.kill();
    let mut items = world.keychain.items();
    items.retain(|name, _| name.ends_with("installation-key"));
    world.keychain.set_items(items);
    world.start();
    assert_eq!(world.check().unwrap().health.severity, Severity::Attention);
    assert_unreadable(&world, 0);
}

#[test]
fn an_older_item_put_back_is_not_used() {
    let mut world = World::connected();
    let older = world.keychain.items();
    world.clock.advance(55 * MINUTE);
    world.requests(Endpoint::Refresh, 1);
    world.until_idle();
    world.until_settled();
    world.kill();
    world.keychain.set_items(older);
    world.clock.advance(55 * MINUTE);
    world.start();
    assert_unreadable(&world, 1);
}

#[test]
fn the_item_of_another_connection_is_not_used() {
    let mut world = World::connected();
    world.settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("two settled", |overview| {
        let settled = |it: &latchkey_protocol::ConnectionView| it.resting == RestingPlace::Keychain;
        overview.connections.len() == 2 && overview.connections.iter().all(settled)
    });
    let ids: Vec<_> = world.overview().connections.into_iter().map(|it| it.id).collect();
    world.kill();
    let mut items = world.keychain.items();
    let of_ada = item_of(&mut items, ids[0].as_str()).clone();
    let of_ben = std::mem::replace(item_of(&mut items, ids[1].as_str()), of_ada);
    *item_of(&mut items, ids[0].as_str()) = of_ben;
    world.keychain.set_items(items);
    world.clock.advance(55 * MINUTE);
    world.start();
    assert_unreadable(&world, 0);
}

#[test]
fn f46_a_lost_installation_key_is_told_and_a_new_sign_in_begins_afresh() {
    let world = tampered(|_, items| items.retain(|name, _| !name.ends_with("installation-key")));
    assert_unreadable(&world, 0);
    let id = world.connection().id;
    let (_, url) = world.run(world.engine().reconnect(id.clone(), None, vec![])).unwrap();
    world.link(&world.browser(&url));
    world.until("healthy", |overview| overview.connections[0].health.severity == Severity::Healthy);
    world.until_settled();
    assert_eq!(world.check().unwrap().id, id);
}

#[test]
fn f46_while_a_sign_in_may_still_need_the_lost_key_no_other_takes_its_place() {
    let mut world = World::connected();
    world.kill();
    let mut items = world.keychain.items();
    items.retain(|name, _| !name.ends_with("installation-key"));
    world.keychain.set_items(items.clone());
    world.start();
    let problem = world.begin_with(Keep::Keychain, None).unwrap_err();
    assert!(problem.message.contains("lost the key"), "{problem}");
    assert_eq!(world.keychain.items(), items);
}
