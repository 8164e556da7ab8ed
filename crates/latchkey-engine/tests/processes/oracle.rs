//! Whether a sign-in that was lost could have been kept.
//!
//! It could not where the provider had rotated the token, grants no grace, and the answer was lost between its
//! commit and ours. Everything else is a loss to be explained by a mistake.

use serde_json::Value;

use crate::host::Host;
use crate::waits::until;
use crate::world::{Rows, World};

/// What became of a sign-in whose process was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It lends a fresh token.
    Kept,
    /// It is lost, and nobody could have kept it.
    Excused,
    /// It is lost, and that is a mistake.
    Avoidable(String),
}

/// What is known of a kill before the next start.
pub(crate) struct Kill {
    pub(crate) grace_seconds: u64,
    pub(crate) left: Rows,
    /// What the provider had refused by then.
    pub(crate) refusals: Vec<String>,
    /// Whether the provider itself lost an answer, so that the process asked again.
    pub(crate) answer_lost: bool,
}

/// Waits until the process that came after has found out, and judges.
pub(crate) fn judge(world: &World, host: &mut Host, kill: &Kill) -> Verdict {
    let state = until("an end of what was open", || {
        let state = host.ask("state");
        let open = state["rows"]["intents"] != 0 || state["health"]["activity"]["kind"] == "refreshing";
        (!open).then_some(state)
    });
    if state["health"]["grant"]["kind"] == "attention" {
        return lost(world, kill, &state);
    }
    let known = world.hashes();
    let fresh = until("something to lend", || {
        let lent = host.lend();
        let temporary = lent["refused"]["code"] == "temporary";
        (!temporary).then_some(lent)
    });
    let fresh = &fresh;
    let of_the_provider =
        fresh["hash"].as_u64().is_some_and(|hash| known.contains(&hash) || world.hashes().contains(&hash));
    if of_the_provider && fresh["saved"] == true && world.refusals().is_empty() {
        Verdict::Kept
    } else {
        Verdict::Avoidable(format!("lent {fresh}, refused {:?}", world.refusals()))
    }
}

fn lost(world: &World, kill: &Kill, state: &Value) -> Verdict {
    let saved = usize::try_from(state["rows"]["generation"].as_i64().unwrap() - 1).unwrap();
    let one_is_missing = world.rotations() == saved + 1 && kill.left.saved == saved;
    let announced = kill.left.intents == 1 || kill.answer_lost;
    let untouched = kill.refusals.is_empty() || kill.answer_lost;
    let told = state["health"]["grant"]["reason"] == "lost-rotation";
    if kill.grace_seconds == 0 && one_is_missing && announced && untouched && told {
        return Verdict::Excused;
    }
    let (grant, rotations) = (&state["health"]["grant"], world.rotations());
    let (grace, left, refusals) = (kill.grace_seconds, kill.left, &kill.refusals);
    Verdict::Avoidable(format!(
        "grace {grace}: {grant}, {rotations} rotations, {saved} saved; {left:?}, {refusals:?} at the kill"
    ))
}
