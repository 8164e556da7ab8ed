//! Exactly one way of saying who asks, and the right one for this client (RFC 6749 2.3).

use std::collections::HashMap;

use latchkey_sandbox::{Client, SandboxOptions};

use crate::support::{Reply, World};

const SECRET: &str = "p+ä:%s";

#[tokio::test]
async fn a_secret_may_come_in_the_header_or_in_the_form() {
    let world = confidential().await;
    let form = code_form(&world).await;
    assert_eq!(basic(&world, &form, "sandbox-confidential", "p%2B%C3%A4%3A%25s").await.status, 200);

    let mut form = code_form(&world).await;
    form.extend([("client_id", Client::CONFIDENTIAL.into()), ("client_secret", SECRET.into())]);
    assert_eq!(world.token(&borrowed(&form)).await.status, 200);
}

#[tokio::test]
async fn both_at_once_are_one_too_many() {
    let world = confidential().await;
    let mut form = code_form(&world).await;
    form.insert("client_secret", SECRET.into());
    let reply = basic(&world, &form, "sandbox-confidential", "p%2B%C3%A4%3A%25s").await;
    assert_eq!(reply.error().1, "invalid_request");
}

#[tokio::test]
async fn a_client_that_cannot_prove_itself_is_told_so() {
    let world = confidential().await;
    let form = code_form(&world).await;
    let wrong = basic(&world, &form, "sandbox-confidential", "wrong").await;
    assert_eq!((wrong.error().0, wrong.error().1.as_str()), (401, "invalid_client"));
    assert!(wrong.headers["www-authenticate"].starts_with("Basic"));
    let raw = basic(&world, &form, "sandbox-confidential", SECRET).await;
    assert_eq!(raw.error().1, "invalid_client", "both halves have to be form-encoded");
    let public_with_secret = basic(&world, &form, "sandbox-desktop", "x").await;
    assert_eq!(public_with_secret.error().1, "invalid_client");

    let mut without = form.clone();
    without.insert("client_id", Client::CONFIDENTIAL.into());
    assert_eq!(world.token(&borrowed(&without)).await.error().0, 401);
    without.insert("client_id", "nobody".into());
    assert_eq!(world.token(&borrowed(&without)).await.error().1, "invalid_client");
}

#[tokio::test]
async fn a_code_belongs_to_its_client() {
    let world = confidential().await;
    let mut form = code_form(&world).await;
    form.insert("client_id", Client::DESKTOP.into());
    assert_eq!(world.token(&borrowed(&form)).await.error().2, "the code was issued to another client");
}

async fn confidential() -> World {
    let options = SandboxOptions { confidential_secret: Some(SECRET.into()), ..SandboxOptions::default() };
    World::start(options).await
}

/// A code for the confidential client, without any client authentication.
async fn code_form(world: &World) -> HashMap<&'static str, String> {
    let code = world.callback(&[("client_id", Client::CONFIDENTIAL)]).await.remove("code").unwrap();
    let mut form: HashMap<_, _> =
        World::code_form(&code).into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    form.remove("client_id");
    form
}

fn borrowed<'a>(form: &'a HashMap<&'static str, String>) -> HashMap<&'static str, &'a str> {
    form.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

async fn basic(world: &World, form: &HashMap<&'static str, String>, id: &str, secret: &str) -> Reply {
    let request = world.http.post(world.url("/token")).basic_auth(id, Some(secret)).form(form);
    Reply::read(request.send().await.unwrap()).await
}
