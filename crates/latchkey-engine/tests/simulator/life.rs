//! The life of a world: processes that start, are killed and start again; callers; people; sleep.

use std::collections::BTreeMap;
use std::sync::Arc;

use latchkey_engine::{Callback, Engine, KeychainError, Mood, Options};
use latchkey_protocol::{
    AttentionReason, ConnectionId, ConnectionView, GrantState, Keep, ProviderId, Severity,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::edges;
use crate::plan::Kind;
use crate::provider::{Ended, Provider};
use crate::rng::Rng;
use crate::world::{Incarnation, SimClock, World, pass};

/// The engine that runs in each process of a world, for those who look at it from outside.
type Window = watch::Receiver<Option<Arc<Engine>>>;

/// Awake for so long, everything that ran out in a sleep is renewed, in milliseconds.
const WAKING_MS: i64 = 58_000;

/// Lives through a world.
pub(crate) async fn live(world: &Arc<World>) {
    let mut processes = JoinSet::new();
    let first = begin(world, &mut processes);
    if !signed_in(world, &first).await {
        world.violation("start", "nobody could sign in");
        return;
    }
    let mut windows = vec![first];
    while windows.len() < world.plan.instances {
        windows.push(begin(world, &mut processes));
    }
    world.state().trouble = true;
    let until = world.awake() + world.plan.trouble_ms;
    let mut fates = JoinSet::new();
    fates.spawn(fate(world.clone(), windows.clone(), until));
    while world.awake() < until {
        pass((until - world.awake()).min(1_000)).await;
    }
    drop(fates);
    world.state().trouble = false;
    world.keychain.set_mood(Mood::Open);
    crate::ending::calm(world, &windows).await;
    drop(processes);
}

/// Starts a process that is started again whenever it is killed.
fn begin(world: &Arc<World>, processes: &mut JoinSet<()>) -> Window {
    let (shown, window) = watch::channel(None);
    let world = world.clone();
    processes.spawn(async move {
        loop {
            let incarnation = Incarnation::new(&world);
            plan_death(&world, &incarnation);
            let mut body = JoinSet::new();
            body.spawn(run(incarnation.clone(), shown.clone()));
            incarnation.died.notified().await;
            drop(shown.send(None));
            drop(body);
            let (low, high) = world.plan.restart_ms;
            let wait = world.state().rng.range(low, high);
            pass(wait).await;
        }
    });
    window
}

fn plan_death(world: &World, incarnation: &Incarnation) {
    let mut state = world.state();
    if state.trouble && state.kills < world.plan.kills {
        let points = state.rng.below(120);
        drop(state);
        incarnation.light_fuse(points);
    }
}

async fn run(incarnation: Arc<Incarnation>, shown: watch::Sender<Option<Arc<Engine>>>) {
    let world = incarnation.world.clone();
    let engine = loop {
        match Engine::start(options(&incarnation)).await {
            Ok(engine) => break Arc::new(engine),
            // A disk that does not let it start: a person tries again.
            Err(error) => {
                world.note(&format!("no start: {error}"));
                pass(1_000).await;
            }
        }
    };
    world.note("started");
    drop(shown.send(Some(engine.clone())));
    let callers = (0..world.plan.callers).map(|_| call(incarnation.clone(), engine.clone()));
    let fuses = light_fuses(incarnation.clone());
    let burst = burst(incarnation.clone(), engine.clone());
    futures_util::future::join3(futures_util::future::join_all(callers), fuses, burst).await;
}

fn options(incarnation: &Arc<Incarnation>) -> Options {
    let world = &incarnation.world;
    let seed = world.state().rng.next();
    Options {
        data_dir: crate::folder().to_owned(),
        config_dir: crate::folder().join("none"),
        clock: Arc::new(SimClock(world.clone())),
        entropy: Box::new(Rng::new(seed)),
        keychain: world.keychain.factory(),
        environment: Box::new(|name| (name == "LATCHKEY_SANDBOX_URL").then(|| "http://127.0.0.1:1".into())),
        edges: edges::of(incarnation),
    }
}

/// Kills come most of all where they hurt: while a refresh is on its way.
pub(crate) fn kill_soon(incarnation: &Incarnation) {
    let world = &incarnation.world;
    let mut state = world.state();
    if state.trouble && state.kills < world.plan.kills && state.rng.per_mille(400) {
        let points = state.rng.below(8);
        drop(state);
        incarnation.light_fuse(points);
    }
}

/// Kills come at any time, and often just when something is going on.
async fn light_fuses(incarnation: Arc<Incarnation>) {
    let world = incarnation.world.clone();
    loop {
        let wait = world.state().rng.range(500, world.plan.life_s * 700);
        pass(wait).await;
        let mut state = world.state();
        if state.trouble && state.kills < world.plan.kills {
            let points = state.rng.below(60);
            drop(state);
            incarnation.light_fuse(points);
        }
    }
}

/// One caller: asks for a token now and then, often just at the expiry, and sometimes hangs up.
async fn call(incarnation: Arc<Incarnation>, engine: Arc<Engine>) {
    let world = incarnation.world.clone();
    let life = world.plan.life_s * 1000;
    loop {
        let (wait, patience, min_life) = {
            let mut state = world.state();
            let to_boundary = life - world.awake() % life;
            let wait = if state.rng.per_mille(500) { to_boundary } else { state.rng.range(200, life) };
            let patience = if state.rng.per_mille(300) { state.rng.range(1, 400) } else { i64::MAX };
            // Who wants a whole life has a token renewed that is far from its end.
            let greedy = world.plan.kind == Kind::Kills && state.rng.per_mille(300);
            let min_life = if greedy { i64::MAX } else { state.rng.pick(&[1, 5_000, 30_000]) };
            (wait, patience, min_life)
        };
        pass(wait).await;
        if !world.state().trouble {
            return;
        }
        let Some(view) = engine.connections().into_iter().next() else { continue };
        tokio::select! {
            biased;
            () = lend(&incarnation, &engine, &view.id, min_life) => {}
            () = pass(patience.min(600_000)) => {
                if patience == i64::MAX {
                    world.violation("G", "a caller waited for ten minutes");
                }
            }
        }
    }
}

/// Borrows a token and looks at it: alive, and either saved or said not to be.
async fn lend(incarnation: &Incarnation, engine: &Engine, id: &ConnectionId, min_life: i64) {
    use secrecy::ExposeSecret as _;
    let world = &incarnation.world;
    let asked = world.awake();
    let lent = engine.lend(id, min_life).await;
    world.state().tally.lends += 1;
    if world.awake() - asked > 60_000 {
        world.violation("G", format!("a caller waited for {} ms", world.awake() - asked));
    }
    let lent = match lent {
        Ok(lent) => lent,
        Err(problem) => {
            if world.plan.kind == Kind::Calm {
                world.violation("G", format!("a caller got nothing although nothing was wrong: {problem}"));
            }
            return;
        }
    };
    let token = lent.token.expose_secret();
    let Some((grant, expires)) = Provider::access(token) else { return };
    if world.now() >= expires {
        world.violation("H", format!("a token was lent {} ms after its end", world.now() - expires));
    }
    let generation = world.generation();
    let delivery = world.state().provider.grants[grant].delivered;
    let newest = delivery.is_some_and(|delivery| expires >= delivery.at + world.plan.life_s * 1000 - 20_000);
    let unsaved = delivery.is_some_and(|delivery| delivery.generation_before >= generation);
    if lent.saved && newest && unsaved && world.count("connections") > 0 {
        world.violation("F", "a token was lent as saved that is not");
    }
}

/// Programs that ask again and again while an answer is being saved: nobody may hear of it before it is.
async fn burst(incarnation: Arc<Incarnation>, engine: Arc<Engine>) {
    let world = incarnation.world.clone();
    if !matches!(world.plan.kind, Kind::Calm | Kind::Disk) {
        return;
    }
    loop {
        world.answered.notified().await;
        for _ in 0..8 {
            let Some(view) = engine.connections().into_iter().next() else { break };
            tokio::select! {
                biased;
                () = lend(&incarnation, &engine, &view.id, 1) => {}
                () = pass(5) => {}
            }
            pass(2).await;
        }
    }
}

/// A sign-in, up to a connection.
pub(crate) async fn sign_in(world: &World, engine: &Engine) -> bool {
    let provider = ProviderId::try_from("sandbox").unwrap();
    let begun = engine.begin_sign_in(provider, BTreeMap::new(), Keep::Keychain, None, None);
    let Ok((_, Some(url))) = begun.await else { return false };
    let asked = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let code = world.state().provider.agree();
    pass(500).await;
    let link = format!("{}?code={code}&state={}", asked("redirect_uri"), asked("state"));
    engine.complete_sign_in(&link).await == Callback::Taken
}

async fn signed_in(world: &World, window: &Window) -> bool {
    for _ in 0..50 {
        let engine = window.borrow().clone();
        if let Some(engine) = engine
            && sign_in(world, &engine).await
            && connected(&engine).await
        {
            return true;
        }
        pass(200).await;
    }
    false
}

async fn connected(engine: &Engine) -> bool {
    for _ in 0..50 {
        if !engine.connections().is_empty() {
            return true;
        }
        pass(200).await;
    }
    false
}

/// What comes over a world: people, sleep, a keychain with moods, a provider that changes its mind.
async fn fate(world: Arc<World>, windows: Vec<Window>, until: i64) {
    let life = world.plan.life_s * 1000;
    let mut revoked = false;
    while world.awake() < until {
        let wait = world.state().rng.range(life / 10, life);
        pass(wait).await;
        let engine = windows[0].borrow().clone();
        match world.plan.kind {
            Kind::Sleep => {
                sleep(&world, life);
                pass(WAKING_MS).await;
                still_renewed(&world);
            }
            Kind::Keychain => mood(&world),
            Kind::People => {
                if let Some(engine) = engine {
                    person(&world, &engine).await;
                }
            }
            Kind::Chaos => {
                if world.state().rng.per_mille(200) {
                    sleep(&world, life);
                }
            }
            Kind::Calm
            | Kind::Kills
            | Kind::LostAnswers
            | Kind::Weather
            | Kind::Disk
            | Kind::DiskAndKills => {}
        }
        if world.plan.revoked_by_provider && !revoked && world.state().rng.per_mille(300) {
            revoked = true;
            world.note("revoked by the provider");
            for grant in &mut world.state().provider.grants {
                grant.ended.get_or_insert(Ended::Revoked);
            }
        }
    }
}

/// Nobody asked, and yet the token was renewed soon after the computer woke.
fn still_renewed(world: &World) {
    let (now, life) = (world.now(), world.plan.life_s * 1000);
    let delivery = world.state().provider.grants.last().and_then(|grant| grant.delivered);
    if delivery.is_some_and(|delivery| delivery.at + life < now) {
        world.violation("S", "the computer woke, and a token stayed dead");
    }
}

fn sleep(world: &World, life: i64) {
    let mut state = world.state();
    let slept = state.rng.range(1_000, 3 * life);
    state.suspended += slept;
    if world.plan.kind == Kind::Sleep && state.rng.per_mille(500) {
        state.wall_offset += state.rng.range(-1_000, 1_000) * 60_000;
    }
    drop(state);
    world.note("slept");
}

fn mood(world: &World) {
    let failing = |error| Mood::Failing(error);
    let choice = world.state().rng.below(5);
    world.keychain.set_mood(match choice {
        0 => failing(KeychainError::Locked),
        1 => failing(KeychainError::Absent("gone".into())),
        2 => failing(KeychainError::Refused("no".into())),
        _ => Mood::Open,
    });
    world.note("the keychain changes its mood");
}

/// Disconnects, or signs in again, and often while a refresh is on its way.
async fn person(world: &World, engine: &Engine) {
    let Some(view) = engine.connections().into_iter().next() else {
        sign_in(world, engine).await;
        return;
    };
    let (choice, timed) = {
        let mut state = world.state();
        (state.rng.below(3), state.rng.range(0, 400))
    };
    let hurry = async {
        drop(engine.lend(&view.id, 1_000_000_000).await);
    };
    let act = async {
        pass(timed).await;
        match choice {
            0 => drop(engine.disconnect(view.id.clone()).await),
            1 => drop(sign_in(world, engine).await),
            _ => drop(engine.check(view.id.clone()).await),
        }
    };
    futures_util::future::join(hurry, act).await;
}

/// What the connection says of itself at the end.
pub(crate) fn says(view: &ConnectionView) -> (Option<AttentionReason>, Severity) {
    let GrantState::Attention { reason, .. } = &view.health.grant else {
        return (None, view.health.severity);
    };
    (Some(*reason), view.health.severity)
}
