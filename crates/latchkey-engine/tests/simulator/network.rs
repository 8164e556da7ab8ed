//! The way between a process and the provider, and what goes wrong on it.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use latchkey_engine::{Network, NoReply, Reply};
use tokio::sync::oneshot;

use crate::checks::{check_refusal, check_repeat, check_revocation, check_sending};
use crate::plan::Kind;
use crate::provider::{Delivery, Fields, Provider, Said};
use crate::world::{Incarnation, World, pass};

/// Seconds that a throttled client is asked to wait.
const WAIT_S: i64 = 7;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    /// No connection.
    Refused,
    /// Processed, and the answer lost.
    AnswerLost,
    /// Nothing arrives, and nothing comes back.
    Swallowed,
    /// A gateway's fault, the provider not reached.
    FaultBefore,
    /// A gateway's fault, the provider has acted.
    FaultAfter,
    /// A request to wait.
    Throttled,
    /// A captive portal.
    Page,
    /// Processed, and the answer cut short.
    Truncated,
    /// The client is not accepted, for a while.
    ClientRefused,
    /// Ten seconds each way.
    Slow,
}

const CHAOS: [Weather; 10] = [
    Weather::Refused,
    Weather::AnswerLost,
    Weather::Swallowed,
    Weather::FaultBefore,
    Weather::FaultAfter,
    Weather::Throttled,
    Weather::Page,
    Weather::Truncated,
    Weather::ClientRefused,
    Weather::Slow,
];
const HARMLESS: [Weather; 6] = [
    Weather::Refused,
    Weather::Swallowed,
    Weather::FaultBefore,
    Weather::Throttled,
    Weather::Page,
    Weather::ClientRefused,
];
const LOSSES: [Weather; 3] = [Weather::AnswerLost, Weather::FaultAfter, Weather::Truncated];

/// The wire of one incarnation.
pub(crate) struct Wire(pub(crate) Arc<Incarnation>);

/// A request as the provider reads it.
pub(crate) struct Request {
    path: String,
    pub(crate) form: Fields,
    bearer: String,
}

impl Network for Wire {
    fn send(&self, request: reqwest::Request, _limit: usize) -> BoxFuture<'static, Result<Reply, NoReply>> {
        let incarnation = self.0.clone();
        async move {
            incarnation.point("before a request").await;
            let request = read(&request);
            let answer = carry(&incarnation, request).await;
            incarnation.point("after an answer").await;
            answer
        }
        .boxed()
    }
}

fn read(request: &reqwest::Request) -> Request {
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let form = url::form_urlencoded::parse(body).into_owned().collect();
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
    Request { path: request.url().path().to_owned(), form, bearer }
}

async fn carry(incarnation: &Arc<Incarnation>, request: Request) -> Result<Reply, NoReply> {
    let world = incarnation.world.clone();
    let refresh = request.form.get("refresh_token").and_then(|token| Provider::chain(token));
    let weather = weather(&world, refresh.is_some());
    world.note(&format!("{} {weather:?} {refresh:?}", request.path));
    if let Some((grant, token)) = refresh {
        check_sending(incarnation, grant, token);
        world.state().provider.grants[grant].asked += 1;
    }
    if weather == Weather::Refused {
        return Err(NoReply::NotSent("refused".into()));
    }
    let (there, back) = trip(&world, weather);
    let (done, answered) = oneshot::channel();
    let sender = incarnation.clone();
    if refresh.is_some() {
        world.state().on_the_wire += 1;
        crate::life::kill_soon(incarnation);
    }
    // What is on the wire arrives, whatever becomes of the process that sent it.
    tokio::spawn(async move {
        pass(there).await;
        let reply = process(&sender, &request, weather);
        pass(back).await;
        if refresh.is_some() {
            sender.world.state().on_the_wire -= 1;
        }
        delivered(&sender, reply.as_ref(), refresh.is_some());
        drop(done.send(reply));
        if LOSSES.contains(&weather) {
            check_repeat(&sender, refresh).await;
        }
    });
    let reply = answered.await.map_err(|_| NoReply::Lost("the world ended".into()))?;
    match reply {
        Some(said) => Ok(reply_of(&said, weather)),
        None => Err(NoReply::Lost("reset".into())),
    }
}

fn weather(world: &World, refresh: bool) -> Weather {
    let (kind, now) = (world.plan.kind, world.now());
    let mut state = world.state();
    if refresh && now < state.blackout_until {
        state.tally.faults += 1;
        return Weather::AnswerLost;
    }
    if kind == Kind::Chaos && state.trouble && state.rng.per_mille(world.plan.network_faults / 10) {
        state.blackout_until = now + state.rng.range(10_000, 60_000);
    }
    if !state.trouble || !state.rng.per_mille(world.plan.network_faults) {
        state.lost_last = false;
        return Weather::Fair;
    }
    let chosen = match kind {
        Kind::LostAnswers if !refresh || state.lost_last => Weather::Fair,
        Kind::LostAnswers => state.rng.pick(&LOSSES),
        Kind::Weather => state.rng.pick(&HARMLESS),
        Kind::Chaos
        | Kind::Calm
        | Kind::Kills
        | Kind::Disk
        | Kind::DiskAndKills
        | Kind::People
        | Kind::Sleep
        | Kind::Keychain => state.rng.pick(&CHAOS),
    };
    state.lost_last = LOSSES.contains(&chosen);
    state.tally.faults += u64::from(chosen != Weather::Fair);
    chosen
}

fn trip(world: &World, weather: Weather) -> (i64, i64) {
    let mut state = world.state();
    if weather == Weather::Slow {
        return (state.rng.range(3_000, 7_000), state.rng.range(3_000, 7_000));
    }
    if weather == Weather::Swallowed {
        return (7_500, 7_500);
    }
    (state.rng.range(1, 150), state.rng.range(1, 150))
}

/// What the provider, or something before it, makes of the request; `None` for nothing at all.
fn process(sender: &Incarnation, request: &Request, weather: Weather) -> Option<Said> {
    let world = &sender.world;
    let now = world.now();
    match weather {
        Weather::Swallowed | Weather::Refused => return None,
        Weather::FaultBefore => return Some(said(502, "")),
        Weather::Page => return Some(said(200, "<html>Welcome to the hotel</html>")),
        Weather::ClientRefused => return Some(said(401, r#"{"error":"invalid_client"}"#)),
        Weather::Throttled => {
            if let Some((grant, _)) =
                request.form.get("refresh_token").and_then(|token| Provider::chain(token))
            {
                world.state().provider.grants[grant].not_before = now + WAIT_S * 1000;
            }
            return Some(said(429, ""));
        }
        Weather::Fair | Weather::Slow | Weather::AnswerLost | Weather::FaultAfter | Weather::Truncated => {}
    }
    if request.path == "/revoke" {
        check_revocation(world);
    }
    let mut state = world.state();
    state.tally.requests += 1;
    let answer = match request.path.as_str() {
        "/token" => state.provider.token(&request.form, now),
        "/userinfo" => state.provider.userinfo(&request.bearer, now),
        "/revoke" => state.provider.revoke(&request.form),
        _ => Said { status: 404, body: String::new(), issued: None },
    };
    let refused = answer.status == 400 && request.form.contains_key("refresh_token");
    drop(state);
    if refused {
        check_refusal(world, request);
    }
    let lost = |reason| {
        if let (Some((grant, _)), true) = (answer.issued, world.plan.rotates) {
            world.state().provider.grants[grant].excuse = Some(reason);
        }
    };
    match weather {
        Weather::AnswerLost => {
            lost("the answer was lost");
            None
        }
        Weather::FaultAfter => {
            lost("the answer was replaced by a fault");
            Some(said(500, ""))
        }
        Weather::Truncated => {
            lost("the answer was cut short");
            Some(Said { body: answer.body[..answer.body.len() / 2].to_owned(), issued: None, ..answer })
        }
        Weather::Fair
        | Weather::Slow
        | Weather::Refused
        | Weather::Swallowed
        | Weather::FaultBefore
        | Weather::Throttled
        | Weather::Page
        | Weather::ClientRefused => Some(answer),
    }
}

fn said(status: u16, body: &str) -> Said {
    Said { status, body: body.to_owned(), issued: None }
}

/// An answer reaches its process, or finds it dead.
fn delivered(sender: &Incarnation, reply: Option<&Said>, refresh: bool) {
    let Some(Said { issued: Some((id, token)), .. }) = reply else { return };
    let (at, generation_before) = (sender.world.now(), sender.world.generation());
    let rotates = sender.world.plan.rotates;
    let mut state = sender.world.state();
    let grant = &mut state.provider.grants[*id];
    if sender.is_dead() {
        if (rotates || !refresh) && grant.is_live(*token) {
            grant.excuse = Some("killed while the answer was on the wire");
        }
        return;
    }
    let incarnation = sender.number;
    grant.delivered = Some(Delivery { token: *token, incarnation, generation_before, at });
    drop(state);
    sender.world.answered.notify_waiters();
}

fn reply_of(said: &Said, weather: Weather) -> Reply {
    let mut headers = http::HeaderMap::new();
    if weather == Weather::Throttled {
        headers.insert("retry-after", http::HeaderValue::from(WAIT_S));
    }
    Reply { status: said.status, headers, body: said.body.clone().into_bytes() }
}
