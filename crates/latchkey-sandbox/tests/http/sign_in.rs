//! Authorization endpoint and code exchange: what an honest client gets and what every other one does not.

use std::time::Duration;

use latchkey_sandbox::{Callback, ClockMode, Consent, RevokedBecause, SandboxOptions};

use crate::support::{CHALLENGE, Tokens, VERIFIER, World, location};

#[tokio::test]
async fn an_honest_client_gets_tokens_that_work() {
    let world = World::plain().await;
    let callback = world.callback(&[("scope", "profile email")]).await;
    assert_eq!(callback["state"], "st-8f2c");
    assert!(!callback.contains_key("iss"));

    let reply = world.redeem(&callback["code"]).await;
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.headers["content-type"], "application/json");
    let json = reply.json();
    assert_eq!((&json["token_type"], &json["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!(json["scope"], "profile email");

    let person = world.bearer("/userinfo", &Tokens::of(&reply).access).await.json();
    assert_eq!((&person["sub"], &person["name"]), (&"ada".into(), &"Ada Lovelace".into()));
    assert_eq!(person["email"], "ada@sandbox.example");
    let picture = world.http.get(person["picture"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(picture.bytes().await.unwrap().starts_with(b"\x89PNG"));
    assert!(world.control().refusals().is_empty());
}

#[tokio::test]
async fn an_unsafe_redirect_is_refused_on_a_page() {
    let world = World::plain().await;
    for wrong in [
        ("client_id", "nobody"),
        ("redirect_uri", "https://evil.example/oauth/sandbox"),
        ("redirect_uri", "http://localhost:9/oauth/sandbox"),
        ("redirect_uri", "http://127.0.0.1:9/oauth/sandbox/more"),
        ("redirect_uri", ""),
    ] {
        let page = world.page(&world.authorize_url(&[wrong])).await;
        assert_eq!(page.status, 400, "{wrong:?}");
        assert!(page.headers["content-type"].starts_with("text/html"));
        assert!(!page.headers.contains_key("location"));
        assert!(page.text.contains("id=\"refusal\""));
    }
}

#[tokio::test]
async fn a_loopback_redirect_may_use_any_port() {
    let world = World::plain().await;
    for redirect in ["http://127.0.0.1:43117/oauth/sandbox", "http://[::1]:43117/oauth/sandbox"] {
        assert_eq!(world.page(&world.authorize_url(&[("redirect_uri", redirect)])).await.status, 200);
    }
}

#[tokio::test]
async fn other_mistakes_go_back_to_the_client_with_their_state() {
    let world = World::plain().await;
    let short = &CHALLENGE[1..];
    for (wrong, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", short), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("scope", "profile everything"), "invalid_scope"),
    ] {
        let response = world.http.get(world.authorize_url(&[wrong])).send().await.unwrap();
        assert_eq!(response.status(), 303, "{wrong:?}");
        let callback = location(&response);
        assert_eq!((callback["error"].as_str(), callback["state"].as_str()), (error, "st-8f2c"), "{wrong:?}");
    }
    let repeated = format!("{}&state=other", world.authorize_url(&[]));
    let response = world.http.get(repeated).send().await.unwrap();
    assert_eq!(location(&response)["error"], "invalid_request");
    let stateless = world.http.get(world.authorize_url(&[("state", "")])).send().await.unwrap();
    assert_eq!(location(&stateless)["error_description"], "state is missing");
}

#[tokio::test]
async fn a_wrong_presentation_is_refused_and_spends_the_code() {
    for (name, value, error, why) in [
        ("code_verifier", &"x".repeat(43)[..], "invalid_grant", "does not match"),
        ("code_verifier", "short", "invalid_request", "unreserved"),
        ("redirect_uri", "http://127.0.0.1/oauth/sandbox", "invalid_grant", "redirect_uri differs"),
    ] {
        let world = World::plain().await;
        let code = world.code().await;
        let mut form = World::code_form(&code);
        form.insert(name, value);
        let (status, told, description) = world.token(&form).await.error();
        assert_eq!((status, told.as_str()), (400, error));
        assert!(description.contains(why), "{description}");
        assert_eq!(world.redeem(&code).await.error().1, "invalid_grant");
    }
}

#[tokio::test]
async fn a_malformed_token_request_names_its_mistake() {
    let world = World::plain().await;
    let code = world.code().await;
    for name in ["grant_type", "code", "redirect_uri", "client_id", "code_verifier"] {
        let mut form = World::code_form(&code);
        form.remove(name);
        let (status, error, description) = world.token(&form).await.error();
        assert_eq!((status, error.as_str()), (400, "invalid_request"), "{name}");
        assert_eq!(description, format!("{name} is missing"));
    }
    let mut form = World::code_form(&code);
    form.insert("grant_type", "password");
    assert_eq!(world.token(&form).await.error().1, "unsupported_grant_type");

    let url = world.url("/token");
    let json = world.http.post(&url).json(&World::code_form(&code)).send().await.unwrap();
    assert_eq!(json.status(), 400);
    assert!(world.last_refusal().contains("x-www-form-urlencoded"));
    let in_query =
        world.http.post(format!("{url}?code={code}")).form(&World::code_form(&code)).send().await.unwrap();
    assert_eq!(in_query.status(), 400);
    let twice = [("code", "a"), ("code", "b")];
    assert_eq!(world.http.post(&url).form(&twice).send().await.unwrap().status(), 400);
    assert_eq!(world.last_refusal(), "code was sent more than once");
    assert_eq!(world.http.get(&url).send().await.unwrap().status(), 405);
    assert_eq!(world.redeem(&code).await.status, 200, "a malformed request spends nothing");
}

#[tokio::test]
async fn a_replayed_code_kills_its_grant() {
    let world = World::plain().await;
    let code = world.code().await;
    let tokens = Tokens::of(&world.redeem(&code).await);
    assert_eq!(world.redeem(&code).await.error().1, "invalid_grant");
    assert_eq!(world.bearer("/userinfo", &tokens.access).await.status, 401);
    assert_eq!(world.refresh(&tokens.refresh).await.error().1, "invalid_grant");
    assert_eq!(world.control().grants()[0].revoked, Some(RevokedBecause::CodeReplayed));
}

#[tokio::test]
async fn a_code_lives_for_sixty_seconds() {
    let options = SandboxOptions { clock: ClockMode::Manual, ..SandboxOptions::default() };
    let world = World::start(options).await;
    let code = world.code().await;
    world.control().advance(Duration::from_mins(1));
    assert_eq!(world.redeem(&code).await.error().2, "the code has expired");
    let code = world.code().await;
    world.control().advance(Duration::from_secs(59));
    assert_eq!(world.redeem(&code).await.status, 200);
}

#[tokio::test]
async fn the_callback_can_lie() {
    let world = World::plain().await;
    let shape = |callback| world.control().change_settings(|settings| settings.callback = callback);
    shape(Callback::WrongState);
    assert_ne!(world.callback(&[]).await["state"], "st-8f2c");
    shape(Callback::MissingState);
    assert!(!world.callback(&[]).await.contains_key("state"));
    shape(Callback::WrongIssuer);
    assert_eq!(world.callback(&[]).await["iss"], "https://issuer.example");
    shape(Callback::Faithful);
    world.control().change_settings(|settings| settings.send_iss = true);
    assert_eq!(world.callback(&[]).await["iss"], world.sandbox.origin());
    shape(Callback::RepeatedCode);
    world.control().change_settings(|settings| settings.consent = Consent::Agree { account: "ben".into() });
    let response = world.http.get(world.authorize_url(&[])).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(location.matches("code=").count(), 2);
}

#[tokio::test]
async fn every_secret_that_passed_can_be_searched_for() {
    let world = World::plain().await;
    let code = world.code().await;
    let tokens = Tokens::of(&world.redeem(&code).await);
    let issued = world.control().issued();
    assert_eq!(issued.codes, [code]);
    assert_eq!(issued.access_tokens, [tokens.access]);
    assert_eq!(issued.refresh_tokens, [tokens.refresh]);
    assert_eq!(issued.states, ["st-8f2c"]);
    assert_eq!(issued.code_challenges, [CHALLENGE]);
    assert_eq!(issued.code_verifiers, [VERIFIER]);
}
