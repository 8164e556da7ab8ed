//! The Spotify face: its bodies, its error shapes, its rules.

use std::time::Duration;

use latchkey_sandbox::{ClockMode, Rotation, Standing};
use serde_json::{Value, json};

use crate::support::{Tokens, VERIFIER, World};

const ME: &str = "/spotify/v1/me";
const PLAYED: &str = "/spotify/v1/me/player/recently-played";
const SCOPES: &str = "user-read-recently-played user-library-read playlist-read-private";

#[tokio::test]
async fn a_refresh_names_no_refresh_token_unless_switched_to_rotation() {
    let world = World::spotify().await;
    let tokens = world.sign_in_for(SCOPES).await;
    assert!(tokens.access.starts_with("BQ") && tokens.refresh.starts_with("AQ"));
    let json = world.refresh(&tokens.refresh).await.json();
    let access = json["access_token"].clone();
    let exact = json!({"access_token": access, "token_type": "Bearer", "expires_in": 3600, "scope": SCOPES});
    assert_eq!(json, exact);

    let harsh = Rotation::Rotate { grace_seconds: 0, reuse_detection: true };
    world.control().change_settings(|settings| settings.spotify.rotation = harsh);
    let next = Tokens::of(&world.refresh(&tokens.refresh).await);
    assert_ne!(next.refresh, tokens.refresh);
    assert_eq!(world.refresh(&tokens.refresh).await.error().2, "Refresh token revoked");
}

#[tokio::test]
async fn a_refresh_token_dies_six_months_after_the_sign_in() {
    let world = World::spotify().await;
    world.control().set_clock(ClockMode::Manual);
    let tokens = world.sign_in().await;
    world.control().advance(Duration::from_hours(181 * 24));
    assert_eq!(world.refresh(&tokens.refresh).await.status, 200);
    world.control().advance(Duration::from_hours(24));
    let dead = (400, "invalid_grant".into(), "Refresh token revoked".into());
    assert_eq!(world.refresh(&tokens.refresh).await.error(), dead);
}

#[tokio::test]
async fn the_token_endpoint_words_its_errors_like_spotify() {
    let world = World::spotify().await;
    let refuse = async |change: (&'static str, &str)| {
        let code = world.code().await;
        let mut form = World::code_form(&code);
        form.insert(change.0, change.1);
        world.token(&form).await.error()
    };
    let grant = |text: &str| (400, String::from("invalid_grant"), String::from(text));
    assert_eq!(refuse(("code", "never")).await, grant("Invalid authorization code"));
    assert_eq!(
        refuse(("code_verifier", &VERIFIER.to_lowercase())).await,
        grant("code_verifier was incorrect")
    );
    assert_eq!(refuse(("redirect_uri", "x:/y")).await, grant("Invalid redirect URI"));
    assert_eq!(
        refuse(("client_id", "nobody")).await,
        (400, "invalid_client".into(), "Invalid client".into())
    );
    let missing = "grant_type parameter is missing".into();
    assert_eq!(refuse(("grant_type", "")).await, (400, "unsupported_grant_type".into(), missing));
    assert_eq!(world.refresh("never").await.error(), grant("Invalid refresh token"));
}

#[tokio::test]
async fn a_bad_client_or_redirect_ends_on_a_page() {
    let world = World::spotify().await;
    let page = world.page(&world.authorize_url(&[("redirect_uri", "https://evil.example/")])).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("INVALID_CLIENT: Invalid redirect URI"));
    let page = world.page(&world.authorize_url(&[("client_id", "nobody")])).await;
    assert!(page.text.contains("INVALID_CLIENT: Invalid client"));
    assert_eq!(world.page(&world.url("/spotify/revoke")).await.status, 404);
    let consent = world.page(&world.authorize_url(&[("scope", SCOPES)])).await;
    assert!(consent.text.contains("action=\"/spotify/authorize/decision\""));
}

#[tokio::test]
async fn me_has_the_members_of_its_mode() {
    let world = World::spotify().await;
    let tokens = world.sign_in().await;
    let names = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let development = world.bearer(ME, &tokens.access).await.json();
    assert_eq!(names(&development), "account_id display_name external_urls href id images type uri");
    assert_eq!(development["account_id"], "zQ7mK2sIm1");
    world.control().change_settings(|settings| settings.spotify.extended_quota = true);
    let extended = world.bearer(ME, &tokens.access).await.json();
    assert_eq!(extended["product"], "premium");
    assert_eq!(extended["followers"], json!({"href": null, "total": 7}));
}

#[tokio::test]
async fn api_errors_have_their_own_shape() {
    let world = World::spotify().await;
    let tokens = world.sign_in().await;
    let told = |status: u16, message: &str| json!({"error": {"status": status, "message": message}});
    assert_eq!(world.page(&world.url(ME)).await.json(), told(401, "No token provided"));
    assert_eq!(world.bearer(ME, "never").await.json(), told(401, "Invalid access token"));
    let basic = world.http.get(world.url(ME)).basic_auth("a", Some("b")).send().await.unwrap();
    let malformed = basic.json::<Value>().await.unwrap();
    assert_eq!(malformed, told(400, "Only valid bearer authentication supported"));
    assert_eq!(world.bearer(PLAYED, &tokens.access).await.json(), told(403, "Insufficient client scope"));
    world.control().expire_access();
    let expired = world.bearer(ME, &tokens.access).await;
    assert_eq!((expired.status.as_u16(), expired.json()), (401, told(401, "The access token expired")));
}

#[tokio::test]
async fn some_refusals_are_plain_text() {
    let world = World::spotify().await;
    let tokens = world.sign_in().await;
    let standing =
        |standing| world.control().change_settings(|settings| settings.spotify.standing = standing);

    standing(Standing::NotAllowlisted);
    let reply = world.bearer(ME, &tokens.access).await;
    assert_eq!(reply.status, 403);
    assert_eq!(reply.text, "User not registered in the Developer Dashboard");
    standing(Standing::PremiumMissing);
    let reply = world.bearer(ME, &tokens.access).await;
    assert!(
        reply.text.starts_with("Active premium subscription required for the owner of the app. When the")
    );
    assert!(reply.headers["content-type"].starts_with("text/plain"));
    standing(Standing::RateLimited { retry_after_seconds: 19_056 });
    let reply = world.bearer(ME, &tokens.access).await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (429, "Too many requests"));
    assert_eq!(reply.headers["retry-after"], "19056");
    standing(Standing::QuotaExceeded);
    let reply = world.bearer(ME, &tokens.access).await;
    assert_eq!(reply.json()["error"]["reason"], "QUOTA_EXCEEDED");
    assert!(!reply.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn recently_played_pages_back_to_its_end() {
    let world = World::spotify().await;
    let tokens = world.sign_in_for(SCOPES).await;
    let first = world.bearer(&format!("{PLAYED}?limit=2"), &tokens.access).await.json();
    assert_eq!(first["items"][0]["played_at"], "2026-11-20T21:14:09.482Z");
    assert_eq!(first["items"][0]["track"]["album"]["name"], "Test Pressing");
    assert_eq!(first["items"][1]["context"], Value::Null);
    assert_eq!(first["cursors"], json!({"after": "1795209249482", "before": "1795209002017"}));
    assert_eq!(first["next"], world.url(&format!("{PLAYED}?before=1795209002017&limit=2")));

    let mut next = format!("{PLAYED}?limit=40");
    let mut seen = 0;
    loop {
        let page = world.bearer(&next, &tokens.access).await.json();
        seen += page["items"].as_array().unwrap().len();
        let Some(url) = page["next"].as_str() else { break };
        next = url.trim_start_matches(&world.sandbox.origin()).to_owned();
    }
    assert_eq!(seen, 50);
}

#[tokio::test]
async fn recently_played_refuses_nonsense_and_can_be_empty() {
    let world = World::spotify().await;
    let tokens = world.sign_in_for(SCOPES).await;
    for query in ["limit=0", "limit=51", "after=1&before=2"] {
        assert_eq!(world.bearer(&format!("{PLAYED}?{query}"), &tokens.access).await.status, 400, "{query}");
    }
    world.control().change_settings(|settings| settings.spotify.nothing_played = true);
    let empty = world.bearer(PLAYED, &tokens.access).await.json();
    let href = world.url(PLAYED);
    assert_eq!(empty, json!({"items": [], "next": null, "cursors": null, "limit": 20, "href": href}));
}

#[tokio::test]
async fn the_library_takes_forty_and_a_playlist_a_hundred() {
    let world = World::spotify().await;
    let tokens = world.sign_in_for("user-library-modify playlist-modify-private").await;
    let uris = |count: usize| vec!["spotify:track:1"; count].join(",");
    for (count, status) in [(40, 200), (41, 400)] {
        let url = world.url(&format!("/spotify/v1/me/library?uris={}", uris(count)));
        assert_eq!(world.http.put(url).bearer_auth(&tokens.access).send().await.unwrap().status(), status);
    }
    let post = async |path: &str, body: Value| {
        let request = world.http.post(world.url(path)).bearer_auth(&tokens.access).json(&body);
        request.send().await.unwrap()
    };
    let made = post("/spotify/v1/me/playlists", json!({"name": "mix", "public": false})).await;
    assert_eq!(made.status(), 201);
    let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let items = format!("/spotify/v1/playlists/{id}/items");
    for (count, status) in [(100, 201), (101, 400)] {
        assert_eq!(post(&items, json!({"uris": vec!["spotify:track:1"; count]})).await.status(), status);
    }
    assert_eq!(post("/spotify/v1/playlists/nobodys/items", json!({"uris": ["a"]})).await.status(), 404);
    let public = post("/spotify/v1/me/playlists", json!({"name": "mix", "public": true})).await;
    assert_eq!(public.status(), 403, "another scope");
}
