//! Revocation: by the client (RFC 7009), by the provider, and by the person on the account page.

use latchkey_sandbox::{Consent, RevokedBecause};

use crate::support::{Reply, World};

#[tokio::test]
async fn an_access_token_dies_alone() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    assert_eq!(world.revoke(&tokens.access).await.status, 200);
    assert_eq!(world.bearer("/userinfo", &tokens.access).await.status, 401);
    assert_eq!(world.refresh(&tokens.refresh).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_takes_its_access_tokens_along() {
    let world = World::plain().await;
    let (one, other) = (world.sign_in().await, world.sign_in().await);
    assert_eq!(world.revoke(&one.refresh).await.status, 200);
    assert_eq!(world.bearer("/userinfo", &one.access).await.status, 401);
    assert_eq!(world.refresh(&one.refresh).await.error().1, "invalid_grant");
    assert_eq!(
        world.bearer("/userinfo", &other.access).await.status,
        200,
        "another sign-in is another grant"
    );
}

#[tokio::test]
async fn an_unknown_token_is_no_error_and_a_missing_one_is() {
    let world = World::plain().await;
    assert_eq!(world.revoke("never-issued").await.status, 200);
    let form = [("client_id", "sandbox-desktop")];
    let reply = Reply::read(world.http.post(world.url("/revoke")).form(&form).send().await.unwrap()).await;
    assert_eq!(reply.error().1, "invalid_request");
    let form = [("client_id", "nobody"), ("token", "x")];
    let reply = Reply::read(world.http.post(world.url("/revoke")).form(&form).send().await.unwrap()).await;
    assert_eq!(reply.error().0, 401);
}

#[tokio::test]
async fn the_provider_can_end_one_account_and_every_access_token() {
    let world = World::plain().await;
    let ada = world.sign_in().await;
    world.control().change_settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let ben = world.sign_in().await;
    assert_eq!(world.control().revoke(Some("ada")), 1);
    assert_eq!(world.bearer("/userinfo", &ada.access).await.status, 401);
    assert_eq!(world.bearer("/userinfo", &ben.access).await.json()["sub"], "ben");
    assert_eq!(world.control().expire_access(), 1);
    assert_eq!(world.bearer("/userinfo", &ben.access).await.status, 401);
    assert_eq!(world.last_refusal(), "the access token expired");
    assert_eq!(world.refresh(&ben.refresh).await.status, 200);
}

#[tokio::test]
async fn the_person_can_remove_an_app() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    let page = world.page(&world.url("/account")).await;
    assert!(page.text.contains("id=\"remove-ada\"") && !page.text.contains("id=\"remove-ben\""));
    let form = [("account", "ada")];
    let reply = world.http.post(world.url("/account/remove")).form(&form).send().await.unwrap();
    assert_eq!(reply.status(), 303);
    assert_eq!(world.refresh(&tokens.refresh).await.error().1, "invalid_grant");
    assert_eq!(world.control().grants()[0].revoked, Some(RevokedBecause::ByPerson));
}

#[tokio::test]
async fn a_bearer_has_to_be_sent_properly() {
    let world = World::plain().await;
    let tokens = world.sign_in().await;
    let url = world.url("/userinfo");
    let bare = world.page(&url).await;
    assert_eq!(
        (bare.status.as_u16(), bare.headers["www-authenticate"].as_str()),
        (401, "Bearer realm=\"sandbox\"")
    );
    let in_query = world.page(&format!("{url}?access_token={}", tokens.access)).await;
    assert_eq!(in_query.status, 400);
    let scope = world.bearer("/api/library", &tokens.access).await;
    assert_eq!(scope.status, 403);
    assert!(scope.headers["www-authenticate"].contains("insufficient_scope"));
}
