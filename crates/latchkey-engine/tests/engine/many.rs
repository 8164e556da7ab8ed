//! What does not grow with the number of callers, or of connections.

use std::collections::BTreeSet;
use std::future::{Future as _, poll_fn};
use std::task::Poll;

use futures_util::future::join_all;
use latchkey_sandbox::{Endpoint, Moment, Release};
use secrecy::ExposeSecret as _;

use crate::support::{MINUTE, World};

#[test]
fn ten_thousand_callers_on_a_token_that_has_run_out_are_one_request_and_lent_the_same_token() {
    let world = World::connected();
    world.hold(Endpoint::Refresh, Moment::Before);
    world.clock.advance(60 * MINUTE);
    let id = world.connection().id;
    let mut lends = Box::pin(join_all((0..10_000).map(|_| world.engine().lend(&id, 1))));
    let all_wait = world.run(poll_fn(|cx| Poll::Ready(lends.as_mut().poll(cx).is_pending())));
    assert!(all_wait);
    let held = world.held(Endpoint::Refresh);
    world.sandbox.release(held.sequence, Release::Continue);
    let lent = world.run(lends);
    let tokens: BTreeSet<_> =
        lent.into_iter().map(|lent| lent.unwrap().token.expose_secret().to_owned()).collect();
    assert_eq!(tokens, world.sandbox.issued().access_tokens.last().cloned().into_iter().collect());
    assert_eq!(world.refreshes().len(), 1);
}

/// The one connection a thousand times, each with an account of its own.
const THOUSAND: &str = "
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 999)
    INSERT INTO connections
    SELECT printf('c-%020d', n), provider, provider_name, client_id, account_key || n, account_name, keep, epoch,
        generation, authorized_at, ends_at, asked, granted, obtained_at, expires_at, renewable, standing, track,
        resting, created_at, variables, kept
    FROM connections, numbers";

#[test]
fn a_start_with_a_thousand_connections_asks_the_keychain_for_nothing() {
    let mut world = World::connected();
    world.kill();
    let database = rusqlite::Connection::open(world.database()).unwrap();
    assert_eq!(database.execute(THOUSAND, []).unwrap(), 999);
    drop(database);
    let before = world.keychain.calls();
    world.start();
    world.until_asleep_for(41_000);
    assert_eq!(world.overview().connections.len(), 1_000);
    assert_eq!(world.keychain.calls(), before);
}
