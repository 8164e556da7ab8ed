//! Several processes on one folder, as no product starts them: what keeps them apart holds without an owner.

use std::collections::BTreeSet;

use latchkey_sandbox::{Endpoint, Fault, Moment, Release};
use serde_json::Value;

use crate::host::{Host, Owner};
use crate::waits::until;
use crate::world::{Rows, World};

/// Callers in each process.
const CALLERS: usize = 50;

/// A sign-in without a process, whose access has run out; what is issued from here on lives for an hour.
fn run_out(grace_seconds: u64) -> World {
    let world = World::new(grace_seconds, 4);
    let mut host = world.start(Owner::None);
    world.sign_in(&mut host);
    World::until_settled(&mut host);
    host.kill();
    assert_eq!((world.asked(), world.examine()), (0, Rows { saved: 0, intents: 0 }));
    until("run out", || (world.grant().live_access_tokens == 0).then_some(()));
    world.sandbox.change_settings(|settings| settings.access_token_life_seconds = 3600);
    world
}

/// A process all of whose callers wait; the number under which they are answered.
fn waiting(world: &World) -> (Host, u64) {
    let mut host = world.start(Owner::None);
    let number = host.send(&format!("lend 0 {CALLERS}"));
    assert_eq!(host.answer(number)["waiting"], CALLERS);
    (host, number)
}

/// What all of them were lent.
fn answered(hosts: Vec<(Host, u64)>) -> (Vec<Host>, Vec<Value>) {
    let mut all = Vec::new();
    let hosts = hosts.into_iter().map(|(mut host, number)| {
        all.extend(host.lent(number));
        host
    });
    (hosts.collect(), all)
}

fn assert_one_token(world: &World, lent: &[Value]) {
    let different: BTreeSet<String> = lent.iter().map(ToString::to_string).collect();
    let newest = serde_json::json!({ "bound": false, "hash": world.hashes().last(), "saved": true });
    assert_eq!(different, BTreeSet::from([newest.to_string()]));
    assert_eq!((world.rotations(), world.refusals()), (1, Vec::new()));
}

#[test]
fn three_processes_with_fifty_callers_each_ask_the_provider_once_and_lend_the_same_token() {
    let world = run_out(0);
    world.hold(Moment::Before);
    let hosts: Vec<_> = (0..3).map(|_| waiting(&world)).collect();
    let held = world.held();
    assert_eq!(world.asked(), 1);
    world.sandbox.release(held.sequence, Release::Continue);
    let (mut hosts, lent) = answered(hosts);
    assert_eq!((lent.len(), world.asked()), (3 * CALLERS, 1));
    assert_one_token(&world, &lent);
    for host in &mut hosts {
        let rows = host.ask("state")["rows"].clone();
        assert_eq!((&rows["generation"], &rows["intents"]), (&2.into(), &0.into()));
    }
}

#[test]
fn killed_while_others_wait_for_its_refresh_one_of_them_asks_again_and_nothing_is_lost() {
    let world = run_out(0);
    world.hold(Moment::Before);
    let (mut first, _) = waiting(&world);
    let held = world.held();
    let others: Vec<_> = (0..2).map(|_| waiting(&world)).collect();
    first.kill();
    world.sandbox.release(held.sequence, Release::Drop);
    let (_hosts, lent) = answered(others);
    assert_eq!((lent.len(), world.asked()), (2 * CALLERS, 2));
    assert_one_token(&world, &lent);
}

/// Three processes full of callers, and an answer that is lost after the provider has rotated.
fn lent_after_a_lost_answer(world: &World) -> Vec<Value> {
    world.sandbox.set_fault(Endpoint::Refresh, Fault::Drop { moment: Moment::After }, 1);
    let started = (0..3).map(|_| {
        let mut host = world.start(Owner::None);
        let number = host.send(&format!("lend 0 {CALLERS}"));
        (host, number)
    });
    let (_hosts, lent) = answered(started.collect());
    assert_eq!((lent.len(), world.asked()), (3 * CALLERS, 2), "one request and one repeat, whoever sends it");
    lent
}

#[test]
fn an_answer_lost_within_the_grace_reaches_every_caller_of_every_process_by_one_repeat() {
    let world = run_out(30);
    let lent = lent_after_a_lost_answer(&world);
    assert_one_token(&world, &lent);
}

#[test]
fn an_answer_lost_without_grace_is_told_to_every_caller_of_every_process_after_one_repeat() {
    let world = run_out(0);
    let lent = lent_after_a_lost_answer(&world);
    assert!(lent.iter().all(|lent| lent["refused"]["code"] == "sign-in-needed"), "{lent:?}");
    assert_eq!(world.refusals().len(), 1);
}
