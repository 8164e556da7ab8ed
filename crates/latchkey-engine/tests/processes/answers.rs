//! An answer that drips: the one bad answer that takes real time.

use latchkey_sandbox::{Endpoint, Fault};

use crate::host::Owner;
use crate::world::World;

#[test]
fn f29_an_answer_that_drips_is_asked_for_again_within_the_grace_and_the_old_token_is_lent_meanwhile() {
    let world = World::new(60, 29);
    let mut host = world.start(Owner::One);
    world.sign_in(&mut host);
    let old = host.lend();
    world.sandbox.set_fault(Endpoint::Refresh, Fault::SlowDrip { interval_ms: 500 }, 1);
    let renewing = host.send("renew");
    world.refreshes(1);
    assert_eq!(host.lend(), old);
    let renewed = host.answer(renewing);
    assert_eq!(renewed["health"]["severity"], "healthy", "{renewed}");
    assert_eq!((world.rotations(), world.asked(), world.refusals()), (1, 2, Vec::new()));
    assert_eq!(host.lend()["hash"].as_u64(), world.hashes().last().copied());
}
