//! The control routes, and what the record remembers.

use latchkey_sandbox::{Endpoint, Face, Outcome, Rotation};
use serde_json::{Value, json};

use crate::support::{Reply, World};

#[tokio::test]
async fn the_record_tells_what_was_sent() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    world.bearer("/userinfo", &tokens.access).await;
    let entries = world.control().requests();
    let endpoints: Vec<Endpoint> = entries.iter().map(|entry| entry.endpoint).collect();
    assert_eq!(endpoints, [Endpoint::Authorize, Endpoint::Token, Endpoint::Userinfo]);
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(entries[0].new_connection && !entries[1].new_connection, "this client keeps its connection");
    assert_eq!(entries[0].connection, entries[2].connection);
    assert_eq!(entries[0].query.value("client_id"), Some("sandbox-desktop"));
    assert_eq!(entries[1].form.value("grant_type"), Some("authorization_code"));
    assert_eq!(entries[1].headers.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    assert_eq!(entries[2].headers.authorization_scheme.as_deref(), Some("Bearer"));
    assert_eq!(
        (&entries[2].outcome, entries[2].status, entries[2].face),
        (&Outcome::Accepted, Some(200), Face::Plain)
    );
}

#[tokio::test]
async fn the_record_can_be_read_over_http() {
    let world = World::plain().await;
    world.refresh("never-issued").await;
    world.sign_in().await;
    let all = get(&world, "/_control/requests").await;
    assert_eq!(all[0]["endpoint"], "refresh");
    assert_eq!(all[0]["form"]["refresh_token"], "never-issued");
    assert_eq!(
        (&all[0]["outcome"], &all[0]["why"]),
        (&"refused".into(), &"the refresh token was never issued".into())
    );
    let later = get(&world, "/_control/requests?since=2").await;
    assert_eq!(later.as_array().unwrap().len(), 1);
    assert_eq!(later[0]["sequence"], 3);
    assert_eq!(get(&world, "/_control/issued").await["states"], json!(["st-8f2c"]));
    let grants = get(&world, "/_control/grants").await;
    assert_eq!((&grants[0]["account"], &grants[0]["live_access_tokens"]), (&"ada".into(), &1.into()));
    assert_eq!(grants[0]["refresh_tokens"][0]["state"], "active");
}

#[tokio::test]
async fn settings_change_by_member() {
    let world = World::plain().await;
    let change = json!({
        "rotation": {"mode": "rotate", "grace_seconds": 5, "reuse_detection": false},
        "expires_in": "string",
        "spotify": {"extended_quota": true},
    });
    let changed = send(&world, reqwest::Method::PUT, "/_control/settings", &change).await;
    assert_eq!(changed.json()["expires_in"], "string");
    let settings = world.control().settings();
    assert_eq!(settings.rotation, Rotation::Rotate { grace_seconds: 5, reuse_detection: false });
    assert_eq!((settings.spotify.extended_quota, settings.spotify.rotation), (true, Rotation::Fixed));
    assert_eq!(settings.access_token_life_seconds, 3600);

    let wrong = send(&world, reqwest::Method::PUT, "/_control/settings", &json!({"rotatoin": "fixed"})).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(get(&world, "/_control/settings").await["spotify"]["extended_quota"], true);
}

#[tokio::test]
async fn faults_are_queued_listed_and_forgotten() {
    let world = World::plain().await;
    let order = json!({"endpoint": "refresh", "times": 3, "fault": {"kind": "status", "status": 503}});
    post(&world, "/_control/faults", &order).await;
    assert_eq!(world.refresh("x").await.status, 503);
    assert_eq!(get(&world, "/_control/faults").await[0]["times"], 2);
    world.http.delete(world.url("/_control/faults")).send().await.unwrap();
    assert_eq!(world.refresh("x").await.status, 400);
    let wrong =
        post(&world, "/_control/faults", &json!({"endpoint": "refresh", "fault": {"kind": "nonsense"}}))
            .await;
    assert!(wrong.status.is_client_error());
}

#[tokio::test]
async fn a_held_request_is_seen_and_released() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    post(
        &world,
        "/_control/faults",
        &json!({"endpoint": "refresh", "fault": {"kind": "hold", "moment": "after"}}),
    )
    .await;
    let request = tokio::spawn(world.refresh_request(&tokens.refresh).send());
    let waiting = get(&world, "/_control/waiting?wait_ms=10000").await;
    assert_eq!((&waiting[0]["endpoint"], &waiting[0]["moment"]), (&"refresh".into(), &"after".into()));
    let order = json!({"sequence": waiting[0]["sequence"], "how": "continue"});
    assert_eq!(post(&world, "/_control/release", &order).await.json()["released"], 1);
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert_eq!(get(&world, "/_control/waiting").await, json!([]));
    assert_eq!(bare_post(&world, "/_control/release").await.json()["released"], 0);
}

#[tokio::test]
async fn time_accounts_and_clients_are_under_control() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    let clock =
        post(&world, "/_control/clock", &json!({"mode": "manual", "advance_seconds": 3600})).await.json();
    assert_eq!(clock["mode"], "manual");
    assert!(clock["now_ms"].as_u64().unwrap() >= 3_600_000);
    assert_eq!(world.bearer("/userinfo", &tokens.access).await.status, 401);
    assert_eq!(bare_post(&world, "/_control/expire-access").await.json()["expired"], 0);
    assert_eq!(post(&world, "/_control/revoke", &json!({"account": "ben"})).await.json()["revoked"], 0);
    assert_eq!(bare_post(&world, "/_control/revoke").await.json()["revoked"], 1);

    let client = json!({"id": "mine", "redirect_uris": ["http://127.0.0.1/cb"]});
    post(&world, "/_control/clients", &client).await;
    let mine = world.authorize_url(&[("client_id", "mine"), ("redirect_uri", "http://127.0.0.1:5/cb")]);
    assert_eq!(world.page(&mine).await.status, 200);
}

#[tokio::test]
async fn a_reset_forgets_everything_but_the_numbering() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    world.control().change_settings(|settings| settings.rotation = Rotation::Fixed);
    assert_eq!(bare_post(&world, "/_control/reset").await.status, 204);
    assert!(world.control().requests().is_empty() && world.control().grants().is_empty());
    assert_ne!(world.control().settings().rotation, Rotation::Fixed);
    assert_eq!(world.refresh(&tokens.refresh).await.error().2, "the refresh token was never issued");
    assert_eq!(world.control().requests()[0].sequence, 3);
}

async fn get(world: &World, path: &str) -> Value {
    world.page(&world.url(path)).await.json()
}

async fn post(world: &World, path: &str, body: &Value) -> Reply {
    send(world, reqwest::Method::POST, path, body).await
}

async fn bare_post(world: &World, path: &str) -> Reply {
    Reply::read(world.http.post(world.url(path)).send().await.unwrap()).await
}

async fn send(world: &World, method: reqwest::Method, path: &str, body: &Value) -> Reply {
    Reply::read(world.http.request(method, world.url(path)).json(body).send().await.unwrap()).await
}
