//! The door every provider request goes through: read, record, let a fault have its way, process, answer.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::answer::{self, Answer};
use crate::core::World;
use crate::exchange::Exchange;
use crate::fault_effects::{self, Struck};
use crate::record::Outcome;
use crate::wire::Socket;

/// Answers whatever is not a control route.
pub(crate) async fn receive(
    State(world): State<Arc<World>>,
    ConnectInfo(socket): ConnectInfo<Socket>,
    request: Request,
) -> Response {
    let Some(exchange) = Exchange::read(socket, request).await else {
        return answer::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or incomplete");
    };
    // A task of its own, because a request that was read is processed even when its client is gone.
    let work = tokio::spawn(carry_out(world.clone(), exchange));
    let response = work
        .await
        .unwrap_or_else(|_| answer::text(StatusCode::INTERNAL_SERVER_ERROR, "the sandbox itself failed"));
    dated(&world, response)
}

/// Writes the `Date` that the settings want; the server adds its own where there is none.
fn dated(world: &World, mut response: Response) -> Response {
    let date = world.core().settings.date.as_ref().and_then(|date| HeaderValue::from_str(date).ok());
    if let Some(date) = date {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn carry_out(world: Arc<World>, mut exchange: Exchange) -> Response {
    let (sequence, fault) = world.admit(&exchange);
    let Some(fault) = fault else {
        return process(&world, &exchange, sequence);
    };
    let struck =
        Struck { world: &world, socket: exchange.socket.clone(), sequence, endpoint: exchange.endpoint };
    if let Some(response) = fault_effects::before(&fault, &struck).await {
        world.settle(sequence, Outcome::Unprocessed, None);
        return response;
    }
    exchange.rotate_now = fault_effects::rotates(&fault);
    let response = process(&world, &exchange, sequence);
    fault_effects::after(&fault, &struck, response).await
}

fn process(world: &World, exchange: &Exchange, sequence: u64) -> Response {
    let Answer { response, outcome } = dispatch(world, exchange);
    world.settle(sequence, outcome, Some(response.status().as_u16()));
    response
}

fn dispatch(world: &World, exchange: &Exchange) -> Answer {
    let Some(route) = exchange.route else {
        let response = answer::text(StatusCode::NOT_FOUND, "the sandbox has no such path");
        return Answer::refused(response, "no such path");
    };
    if route.method.is(&exchange.method) {
        return (route.handler)(&mut world.core(), exchange);
    }
    let mut response = answer::text(StatusCode::METHOD_NOT_ALLOWED, "");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(route.method.name()));
    Answer::refused(response, format!("{} is not allowed here", exchange.method))
}
