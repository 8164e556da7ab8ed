//! The calm after the trouble, in which everything must heal that can, and the last look at what is left.

use std::sync::Arc;

use latchkey_engine::Engine;
use latchkey_protocol::{AttentionReason, GrantState, Severity};
use tokio::sync::watch;

use crate::life::says;
use crate::plan::Kind;
use crate::provider::{Ended, Grant, Provider, Revokes};
use crate::world::{World, pass};

type Window = watch::Receiver<Option<Arc<Engine>>>;

/// Longest calm, in milliseconds: a wrong setting is tried again after six hours, and waits double up to that.
const LONGEST_MS: i64 = 30 * 3_600_000;

/// Waits until every process is at rest, then looks.
pub(crate) async fn calm(world: &Arc<World>, windows: &[Window]) {
    let until = world.awake() + LONGEST_MS;
    let rested = || windows.iter().all(at_rest);
    while world.awake() < until {
        let mut step = 2_000;
        while world.awake() < until && !rested() {
            pass(step).await;
            step = (step * 3 / 2).min(120_000);
        }
        // Whoever says "healthy" must also renew by itself.
        pass(world.plan.life_s * 2_000).await;
        if rested() {
            break;
        }
    }
    for window in windows {
        let engine = window.borrow().clone();
        match engine {
            Some(engine) => look(world, &engine).await,
            None => world.violation("L", "a process did not come back"),
        }
    }
    forgotten(world);
}

fn at_rest(window: &Window) -> bool {
    let engine = window.borrow().clone();
    let Some(engine) = engine else { return false };
    engine.connections().iter().all(|view| {
        let healthy = view.health.severity == Severity::Healthy;
        let waits = matches!(view.health.grant, GrantState::Attention { .. });
        waits || (healthy && view.renewal.consecutive_failures == 0)
    })
}

async fn look(world: &World, engine: &Engine) {
    use secrecy::ExposeSecret as _;
    let Some(view) = engine.connections().into_iter().next() else { return };
    let lent = engine.lend(&view.id, 1).await;
    let (reason, severity) = says(&view);
    match (reason, lent) {
        (None, Ok(lent)) => {
            let alive = Provider::access(lent.token.expose_secret())
                .is_some_and(|(_, expires)| world.now() < expires);
            if !alive {
                world.violation("H", "the last token is dead");
            }
            let revoked = world.state().provider.grants.last().is_some_and(|grant| grant.ended.is_some());
            if revoked && view.renewal.consecutive_failures > 0 {
                world.violation("J", "a revoked sign-in is called healthy");
            }
        }
        (None, Err(problem)) => {
            world.violation("L", format!("{severity:?}, and nothing to lend in the calm: {problem}"));
        }
        (Some(reason), _) => ended(world, reason),
    }
}

/// It says that the person must sign in again: is that true, and is it for the reason it names?
fn ended(world: &World, reason: AttentionReason) {
    let state = world.state();
    let ends: Vec<_> = state.provider.grants.iter().map(|grant| (grant.ended, grant.excuse)).collect();
    let decided = ends.iter().any(|(ended, _)| matches!(ended, Some(Ended::Revoked | Ended::Asked)));
    let lost = ends.last().is_some_and(|(ended, excuse)| excuse.is_some() || *ended == Some(Ended::Reuse));
    let overtaken = state.provider.grants.last().is_some_and(Grant::was_overtaken);
    let quiet = state.kills == 0 && !state.disk_lied && state.tally.faults == 0;
    drop(state);
    let fits = match reason {
        AttentionReason::RevokedOrExpired => decided || (overtaken && lost),
        AttentionReason::LostRotation => lost || (decided && !quiet),
        AttentionReason::GrantEnded
        | AttentionReason::NotRenewable
        | AttentionReason::Unreadable
        | AttentionReason::MemoryOnly
        | AttentionReason::RolledBack
        | AttentionReason::EndedTogether
        | AttentionReason::IdentityChanged
        | AttentionReason::HandedOver => false,
    };
    if !fits {
        world.violation("C", format!("it says {reason:?}, and the truth is {ends:?}"));
    }
}

/// Nothing is left at the provider of what was disconnected here.
fn forgotten(world: &World) {
    if world.count("connections") > 0 || world.plan.kind == Kind::Chaos {
        return;
    }
    let state = world.state();
    let mut begun = state.provider.grants.iter().filter(|grant| grant.begun());
    let alive = match state.provider.revokes {
        Revokes::Account => begun.filter(|grant| grant.ended.is_none()).count(),
        // Those before the last were superseded by a newer sign-in, which is never revoked for them.
        Revokes::LiveToken => usize::from(begun.next_back().is_some_and(|grant| grant.ended.is_none())),
    };
    drop(state);
    if alive > 0 {
        world.violation("E", format!("{alive} grants are alive after the disconnect"));
    }
}
