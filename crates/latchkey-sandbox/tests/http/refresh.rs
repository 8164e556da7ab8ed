//! Refreshing: every rotation habit, and every way in which providers write the answer.

use std::time::Duration;

use latchkey_sandbox::{
    ClockMode, ExpiresIn, RefreshTokenMember, RevokedBecause, Rotation, SandboxOptions, ScopeMember,
    Settings, TokenType,
};
use serde_json::Value;

use crate::support::{HARSH, Tokens, World};

#[tokio::test]
async fn a_fixed_token_is_kept_and_perhaps_repeated() {
    let world = rotating(Rotation::Fixed).await;
    let tokens = world.sign_in().await;
    assert_eq!(world.refresh(&tokens.refresh).await.json().get("refresh_token"), None);
    world.control().change_settings(|settings| settings.rotation = Rotation::FixedEcho);
    assert_eq!(world.refresh(&tokens.refresh).await.json()["refresh_token"], tokens.refresh);
    assert_eq!(world.bearer("/userinfo", &tokens.access).await.status, 200, "the old access token lives on");
}

#[tokio::test]
async fn a_rotated_token_works_once() {
    let world = rotating(HARSH).await;
    let first = world.sign_in().await;
    let second = Tokens::of(&world.refresh(&first.refresh).await);
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(world.bearer("/userinfo", &second.access).await.status, 200);
    let third = Tokens::of(&world.refresh(&second.refresh).await);
    assert_eq!(world.control().grants()[0].active_refresh_token(), Some(third.refresh.as_str()));
}

#[tokio::test]
async fn reuse_outside_the_grace_kills_the_family() {
    let world = rotating(HARSH).await;
    let first = world.sign_in().await;
    let second = Tokens::of(&world.refresh(&first.refresh).await);
    assert_eq!(world.refresh(&first.refresh).await.error().1, "invalid_grant");
    assert_eq!(world.refresh(&second.refresh).await.error().2, "the refresh token was revoked");
    assert_eq!(world.bearer("/userinfo", &second.access).await.status, 401);
    assert_eq!(world.control().grants()[0].revoked, Some(RevokedBecause::RefreshTokenReused));
}

#[tokio::test]
async fn without_reuse_detection_the_successor_survives() {
    let world = rotating(Rotation::Rotate { grace_seconds: 0, reuse_detection: false }).await;
    let first = world.sign_in().await;
    let second = Tokens::of(&world.refresh(&first.refresh).await);
    assert_eq!(world.refresh(&first.refresh).await.error().1, "invalid_grant");
    assert_eq!(world.refresh(&second.refresh).await.status, 200);
}

#[tokio::test]
async fn within_the_grace_a_lost_answer_can_be_asked_for_again() {
    let world = rotating(Rotation::Rotate { grace_seconds: 30, reuse_detection: true }).await;
    let first = world.sign_in().await;
    let second = Tokens::of(&world.refresh(&first.refresh).await);
    world.control().advance(Duration::from_secs(29));
    let again = Tokens::of(&world.refresh(&first.refresh).await);
    assert_eq!(again.refresh, second.refresh);
    assert_ne!(again.access, second.access);
    world.control().advance(Duration::from_secs(1));
    assert_eq!(world.refresh(&first.refresh).await.error().1, "invalid_grant");
    assert_eq!(world.refresh(&second.refresh).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn only_the_previous_token_has_a_grace() {
    let world = rotating(Rotation::Rotate { grace_seconds: 30, reuse_detection: true }).await;
    let first = world.sign_in().await;
    let second = Tokens::of(&world.refresh(&first.refresh).await);
    Tokens::of(&world.refresh(&second.refresh).await);
    assert_eq!(world.refresh(&first.refresh).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn an_access_token_dies_at_the_end_of_its_life() {
    let world = rotating(HARSH).await;
    let tokens = world.sign_in().await;
    world.control().advance(Duration::from_hours(1));
    let reply = world.bearer("/userinfo", &tokens.access).await;
    assert_eq!(reply.status, 401);
    assert!(reply.headers["www-authenticate"].contains("error=\"invalid_token\""));
    assert_eq!(world.last_refusal(), "the access token expired");
}

#[tokio::test]
async fn an_authorization_can_end_by_itself() {
    let world = rotating(Rotation::Fixed).await;
    world.control().change_settings(|settings| settings.authorization_life_seconds = Some(100));
    let tokens = world.sign_in().await;
    world.control().advance(Duration::from_secs(99));
    assert_eq!(world.refresh(&tokens.refresh).await.status, 200);
    world.control().advance(Duration::from_secs(1));
    assert_eq!(world.refresh(&tokens.refresh).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_cannot_widen_its_scope() {
    let world = rotating(Rotation::Fixed).await;
    let tokens = world.sign_in_for("profile email").await;
    let ask = async |scope: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh.as_str()),
            ("client_id", "sandbox-desktop"),
            ("scope", scope),
        ];
        world.token(&form.into_iter().collect()).await
    };
    assert_eq!(ask("profile library.read").await.error().1, "invalid_scope");
    assert_eq!(ask("profile").await.json()["scope"], "profile");
}

#[tokio::test]
async fn the_answer_can_be_written_in_many_ways() {
    let world = rotating(Rotation::Fixed).await;
    let tokens = world.sign_in_for("profile email").await;
    let answer = async |change: fn(&mut Settings)| {
        let usual = world.control().settings();
        world.control().change_settings(change);
        let json = world.refresh(&tokens.refresh).await.json();
        world.control().change_settings(|settings| *settings = usual);
        json
    };
    assert_eq!(answer(|s| s.expires_in = ExpiresIn::String).await["expires_in"], "3600");
    assert!(answer(|s| s.expires_in = ExpiresIn::Float).await["expires_in"].is_f64());
    assert_eq!(answer(|s| s.expires_in = ExpiresIn::Missing).await.get("expires_in"), None);
    assert_eq!(answer(|s| s.expires_in = ExpiresIn::Zero).await["expires_in"], 0);
    assert_eq!(answer(|s| s.token_type = TokenType::LowerCase).await["token_type"], "bearer");
    assert_eq!(answer(|s| s.token_type = TokenType::Mac).await["token_type"], "mac");
    assert_eq!(answer(|s| s.token_type = TokenType::Missing).await.get("token_type"), None);
    assert_eq!(answer(|s| s.scope = ScopeMember::Missing).await.get("scope"), None);
    assert_eq!(answer(|s| s.scope = ScopeMember::Widened).await["scope"], "profile email admin");
    let reduced = answer(|s| s.scope = ScopeMember::Reduced).await;
    assert_eq!(reduced["scope"], "profile");
    let person = world.bearer("/userinfo", reduced["access_token"].as_str().unwrap()).await.json();
    assert_eq!(person.get("email"), None);
}

#[tokio::test]
async fn a_null_or_empty_refresh_token_leaves_the_old_one_valid() {
    let world = rotating(HARSH).await;
    let tokens = world.sign_in().await;
    for (member, written) in [(RefreshTokenMember::Null, Value::Null), (RefreshTokenMember::Empty, "".into())]
    {
        world.control().change_settings(|settings| settings.refresh_token_on_refresh = member);
        assert_eq!(world.refresh(&tokens.refresh).await.json()["refresh_token"], written);
    }
}

#[tokio::test]
async fn a_provider_may_issue_no_refresh_token() {
    let world = rotating(HARSH).await;
    world.control().change_settings(|settings| settings.issue_refresh_token = false);
    let code = world.code().await;
    assert_eq!(world.redeem(&code).await.json().get("refresh_token"), None);
}

async fn rotating(rotation: Rotation) -> World {
    let settings = Settings { rotation, ..Settings::default() };
    World::start(SandboxOptions { settings, clock: ClockMode::Manual, ..SandboxOptions::default() }).await
}
