//! The Discord face: its bodies, its error shapes, its rate limits, and a revocation that ends everything.

use latchkey_sandbox::DiscordMood;
use reqwest::header::{HeaderMap, USER_AGENT};
use serde_json::{Value, json};

use crate::support::{Tokens, World};

const ME: &str = "/discord/api/v10/users/@me";
const AUTHORIZATION: &str = "/discord/api/v10/oauth2/@me";

async fn ask(world: &World, path: &str, access: &str) -> (u16, HeaderMap, Value) {
    let request = world.http.get(world.url(path)).bearer_auth(access).header(USER_AGENT, "DiscordBot (x, 1)");
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn access_lives_a_week_and_a_refresh_token_dies_at_once() {
    let world = World::discord().await;
    let code = world.callback(&[("scope", "identify guilds")]).await.remove("code").unwrap();
    let json = world.redeem(&code).await.json();
    assert_eq!(json["expires_in"], 604_800);
    let refresh = json["refresh_token"].as_str().unwrap();
    let next = Tokens::of(&world.refresh(refresh).await);
    assert_ne!(next.refresh, refresh);
    let spent = (400, "invalid_grant".into(), "Invalid \"refresh_token\" in request".into());
    assert_eq!(world.refresh(refresh).await.error(), spent);
    assert_eq!(world.refresh(&next.refresh).await.status, 200, "nothing else ended");
}

#[tokio::test]
async fn one_revocation_ends_every_sign_in_of_the_person() {
    let world = World::discord().await;
    let (first, second) = (world.sign_in_for("identify").await, world.sign_in_for("identify").await);
    let form = [("token", first.access.as_str()), ("client_id", "sandbox-desktop")];
    let revoke = world.http.post(world.url("/discord/api/oauth2/token/revoke")).form(&form);
    assert_eq!(revoke.send().await.unwrap().text().await.unwrap(), "{}");
    assert_eq!(world.refresh(&second.refresh).await.error().1, "invalid_grant");
    let (status, _, body) = ask(&world, ME, &second.access).await;
    assert_eq!((status, body), (401, json!({"message": "401: Unauthorized", "code": 0})));
}

#[tokio::test]
async fn the_person_and_the_authorization_are_those_of_the_fixture() {
    let world = World::discord().await;
    let tokens = world.sign_in_for("identify email").await;
    let (_, headers, me) = ask(&world, ME, &tokens.access).await;
    assert_eq!((&me["id"], &me["discriminator"]), (&json!("812345678901234567"), &json!("0")));
    assert_eq!(me["email"], "ada@sandbox.example");
    assert_eq!(headers["x-ratelimit-remaining"], "4");
    assert_eq!(headers["x-ratelimit-reset-after"], "1.000");
    let (_, _, told) = ask(&world, AUTHORIZATION, &tokens.access).await;
    assert_eq!(told["scopes"], json!(["identify", "email"]));
    assert!(told["expires"].as_str().unwrap().ends_with("+00:00"), "{told}");
    let (status, _, body) = ask(&world, "/discord/api/v10/users/@me/guilds", &tokens.access).await;
    assert_eq!((status, &body["code"]), (403, &json!(50_026)));
}

#[tokio::test]
async fn whoever_does_not_say_what_they_are_is_turned_away() {
    let world = World::discord().await;
    let tokens = world.sign_in_for("identify").await;
    let reply = world.bearer(ME, &tokens.access).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (403, &json!(40_333)));
}

#[tokio::test]
async fn limits_are_told_in_header_and_body() {
    let world = World::discord().await;
    let tokens = world.sign_in_for("identify").await;
    let mood = |mood| world.control().change_settings(|settings| settings.discord.mood = mood);
    mood(DiscordMood::LimitedUser);
    let (status, headers, body) = ask(&world, ME, &tokens.access).await;
    assert_eq!(
        (status, &headers["retry-after"], &body["retry_after"]),
        (429, &"2".parse().unwrap(), &json!(1.48))
    );
    assert_eq!(
        (&headers["x-ratelimit-scope"], &headers["x-ratelimit-remaining"]),
        (&"user".parse().unwrap(), &"0".parse().unwrap())
    );
    mood(DiscordMood::LimitedGlobal);
    let (_, headers, body) = ask(&world, ME, &tokens.access).await;
    assert_eq!((&headers["x-ratelimit-global"], &body["global"]), (&"true".parse().unwrap(), &json!(true)));
    mood(DiscordMood::Blocked);
    let (status, headers, _) = ask(&world, ME, &tokens.access).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap().starts_with("text/html")), (403, true));
}
