//! Invariants that are looked at on the wire: what leaves, when, and what comes of it.

use std::sync::Arc;

use crate::network::Request;
use crate::plan::Kind;
use crate::provider::{Ended, Provider};
use crate::world::{Incarnation, World, pass};

/// Within so many milliseconds a refresh is repeated whose answer was lost.
const REPEATED_MS: i64 = 900;

/// Invariants that hold whenever a refresh token leaves: one on the wire, none without an intent, none that
/// is older than what was kept, none before the provider's own time.
pub(crate) fn check_sending(incarnation: &Incarnation, grant: usize, token: usize) {
    let world = &incarnation.world;
    if world.state().on_the_wire > 0 && world.state().kills == 0 {
        world.violation("A", "two requests on the wire");
    }
    // A disconnect at the very moment takes the intent away with everything else.
    if world.count("intents") == 0 && world.plan.kind != Kind::People {
        world.violation("P", "a refresh token leaves without an intent");
    }
    let now = world.now();
    let state = world.state();
    let known = &state.provider.grants[grant];
    let outdated = known.delivered.is_some_and(|delivery| delivery.token > token);
    let early = now < known.not_before;
    let life = world.plan.life_s * 1000;
    let buffer = (life / 2).clamp(30_000, 300_000);
    let needless = known.delivered.is_some_and(|delivery| now + buffer + 2_000 < delivery.at + life);
    drop(state);
    if needless && world.plan.kind == Kind::Calm {
        world.violation("D", "a token is renewed that has plenty of life");
    }
    if outdated {
        world.violation("B", format!("token {token} leaves although a newer one was kept"));
    }
    if early && world.plan.kind == Kind::Weather {
        world.violation("W", "the provider's request to wait is not obeyed");
    }
}

/// A refused refresh token: was the loss to be avoided?
pub(crate) fn check_refusal(world: &World, request: &Request) {
    let Some((id, token)) = request.form.get("refresh_token").and_then(|token| Provider::chain(token)) else {
        return;
    };
    let strict = world.plan.strict();
    let mut state = world.state();
    let grant = &state.provider.grants[id];
    let decided = matches!(grant.ended, Some(Ended::Revoked | Ended::Asked));
    let excuse = grant.excuse;
    // A person who asks again is obeyed each time.
    let looping = world.plan.kind != Kind::People
        && grant.refusals > 2 + u32::try_from(state.kills).unwrap()
        && state.tally.disk_faults + state.tally.faults == 0;
    if !decided && excuse.is_some() {
        state.tally.excused += 1;
    }
    drop(state);
    if !decided && (excuse.is_none() || strict) {
        let why = excuse.unwrap_or("nothing excuses it");
        world.violation("C", format!("grant {id} is lost with its token {token}: {why}"));
    }
    if looping {
        world.violation("I", "a refused token is sent again and again");
    }
}

/// Where the answer was lost, only a repeat within the provider's grace keeps the sign-in.
pub(crate) async fn check_repeat(sender: &Arc<Incarnation>, refresh: Option<(usize, usize)>) {
    let world = &sender.world;
    let Some((grant, _)) = refresh.filter(|_| world.plan.kind == Kind::LostAnswers) else { return };
    let asked = || world.state().provider.grants[grant].asked;
    let before = asked();
    pass(REPEATED_MS).await;
    if asked() == before && !sender.is_dead() {
        world.violation("K", format!("no repeat in {REPEATED_MS} ms after an answer was lost"));
    }
}

/// Nothing is revoked that nobody disconnects.
pub(crate) fn check_revocation(world: &World) {
    if world.count("connections WHERE standing LIKE '%isconnecting%'") == 0 {
        world.violation("V", "a token is revoked although nobody disconnects");
    }
}
