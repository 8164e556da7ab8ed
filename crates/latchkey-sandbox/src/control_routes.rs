//! `/_control/…`: the in-process handle over HTTP, for processes that cannot share memory with the sandbox.
//!
//! Bodies are JSON and must say so, which a form on a hostile page cannot.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::clock::ClockMode;
use crate::control::Control;
use crate::core::{Issued, World};
use crate::faults::FaultOrder;
use crate::gate::{HeldRequest, Release};
use crate::ledger::GrantView;
use crate::record::Entry;
use crate::settings::Settings;

impl FromRef<Arc<World>> for Control {
    fn from_ref(world: &Arc<World>) -> Self {
        Self::new(Arc::clone(world))
    }
}

/// Every control route.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/_control/requests", get(requests))
        .route("/_control/reset", post(reset))
        .route("/_control/settings", get(settings).put(change_settings))
        .route("/_control/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_control/revoke", post(revoke))
        .route("/_control/expire-access", post(expire_access))
        .route("/_control/issued", get(issued))
        .route("/_control/grants", get(grants))
        .route("/_control/waiting", get(waiting))
        .route("/_control/release", post(release))
        .route("/_control/clock", get(clock).post(change_clock))
        .route("/_control/clients", post(add_client))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn requests(State(control): State<Control>, Query(Since { since }): Query<Since>) -> Json<Vec<Entry>> {
    Json(control.requests_since(since))
}

async fn reset(State(control): State<Control>) -> StatusCode {
    control.reset();
    StatusCode::NO_CONTENT
}

async fn settings(State(control): State<Control>) -> Json<Settings> {
    Json(control.settings())
}

async fn change_settings(State(control): State<Control>, Json(changes): Json<Value>) -> Response {
    match merge(&control.settings(), changes) {
        Ok(settings) => {
            control.change_settings(|current| *current = settings.clone());
            Json(settings).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error.to_string()}))).into_response(),
    }
}

/// Replaces the members that are named; those of a face one by one.
fn merge(current: &Settings, changes: Value) -> serde_json::Result<Settings> {
    let mut merged = serde_json::to_value(current)?;
    if let (Some(members), Value::Object(mut changes)) = (merged.as_object_mut(), changes) {
        for face in ["spotify", "discord"] {
            if let Some(Value::Object(changed)) = changes.remove(face)
                && let Some(Value::Object(kept)) = members.get_mut(face)
            {
                kept.extend(changed);
            }
        }
        members.extend(changes);
    }
    serde_json::from_value(merged)
}

async fn faults(State(control): State<Control>) -> Json<Vec<FaultOrder>> {
    Json(control.faults())
}

async fn add_fault(State(control): State<Control>, Json(order): Json<FaultOrder>) -> Json<Vec<FaultOrder>> {
    control.set_fault(order.endpoint, order.fault, order.times);
    Json(control.faults())
}

async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.clear_faults();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    account: Option<String>,
}

async fn revoke(State(control): State<Control>, body: Option<Json<Whose>>) -> Json<Value> {
    let account = body.and_then(|Json(whose)| whose.account);
    Json(json!({"revoked": control.revoke(account.as_deref())}))
}

async fn expire_access(State(control): State<Control>) -> Json<Value> {
    Json(json!({"expired": control.expire_access()}))
}

async fn issued(State(control): State<Control>) -> Json<Issued> {
    Json(control.issued())
}

async fn grants(State(control): State<Control>) -> Json<Vec<GrantView>> {
    Json(control.grants())
}

#[derive(Deserialize)]
struct Patience {
    /// Milliseconds to wait for the first held request.
    #[serde(default)]
    wait_ms: u64,
}

async fn waiting(State(control): State<Control>, Query(patience): Query<Patience>) -> Json<Vec<HeldRequest>> {
    // Whether one came in time shows in the list.
    let _in_time =
        tokio::time::timeout(Duration::from_millis(patience.wait_ms), control.wait_for_any_held()).await;
    Json(control.waiting())
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReleaseOrder {
    sequence: Option<u64>,
    how: Release,
}

async fn release(State(control): State<Control>, body: Option<Json<ReleaseOrder>>) -> Json<Value> {
    let ReleaseOrder { sequence, how } = body.map(|Json(order)| order).unwrap_or_default();
    let released = match sequence {
        Some(sequence) => usize::from(control.release(sequence, how)),
        None => control.release_all(how),
    };
    Json(json!({"released": released}))
}

async fn clock(State(control): State<Control>) -> Json<Value> {
    Json(json!({"mode": control.clock_mode(), "now_ms": control.now()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOrder {
    mode: Option<ClockMode>,
    #[serde(default)]
    advance_seconds: u64,
}

async fn change_clock(State(control): State<Control>, Json(order): Json<ClockOrder>) -> Json<Value> {
    if let Some(mode) = order.mode {
        control.set_clock(mode);
    }
    control.advance(Duration::from_secs(order.advance_seconds));
    clock(State(control)).await
}

async fn add_client(State(control): State<Control>, Json(client): Json<Client>) -> StatusCode {
    control.add_client(client);
    StatusCode::NO_CONTENT
}
