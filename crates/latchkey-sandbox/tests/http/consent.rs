//! The consent page as a browser without scripts sees it.

use latchkey_sandbox::Endpoint;

use crate::support::{Tokens, World, location};

#[tokio::test]
async fn the_page_says_who_asks_for_what() {
    let world = World::plain().await;
    let page = world.page(&world.authorize_url(&[("scope", "profile email")])).await;
    for part in [
        "Latchkey Sandbox",
        "lang=\"en\"",
        "id=\"agree\"",
        "id=\"decline\"",
        "id=\"account-ada\" name=\"account\" value=\"ada\" required checked",
        "id=\"account-ben\"",
        "Ada Lovelace",
        "Ben Marsh",
        "See your name and picture",
        "id=\"scope-email\"",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
    assert!(!page.text.contains("library"), "only what was asked for");
    assert!(!page.text.contains("<script") && !page.text.contains("https://"), "nothing from elsewhere");
    assert!(page.headers["content-security-policy"].starts_with("default-src 'none'"));
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn agreeing_sends_a_code_for_what_was_ticked() {
    let world = World::plain().await;
    let url = world.authorize_url(&[("scope", "profile email library.read")]);
    let transaction = transaction(&world, &url).await;
    let form = [
        ("transaction", transaction.as_str()),
        ("decision", "agree"),
        ("account", "ben"),
        ("scope", "email"),
    ];
    let response = decide(&world, &form).await;
    let tokens = Tokens::of(&world.redeem(&location(&response)["code"]).await);
    assert_eq!(world.control().grants()[0].scopes, ["profile", "email"]);
    let person = world.bearer("/userinfo", &tokens.access).await.json();
    assert_eq!((&person["sub"], &person["email"]), (&"ben".into(), &"ben@sandbox.example".into()));

    let next = world.page(&world.authorize_url(&[])).await;
    assert!(next.text.contains("value=\"ben\" required checked"), "the last account is preselected");
    let hinted = world.page(&world.authorize_url(&[("login_hint", "ada")])).await;
    assert!(hinted.text.contains("value=\"ada\" required checked"));
}

#[tokio::test]
async fn declining_tells_the_client() {
    let world = World::plain().await;
    let transaction = transaction(&world, &world.authorize_url(&[])).await;
    let response = decide(&world, &[("transaction", &transaction), ("decision", "decline")]).await;
    let callback = location(&response);
    assert_eq!((callback["error"].as_str(), callback["state"].as_str()), ("access_denied", "st-8f2c"));
    assert!(!callback.contains_key("code"));
}

#[tokio::test]
async fn a_question_is_answered_once() {
    let world = World::plain().await;
    let transaction = transaction(&world, &world.authorize_url(&[])).await;
    let form = [("transaction", transaction.as_str()), ("decision", "agree"), ("account", "ada")];
    assert_eq!(decide(&world, &form).await.status(), 303);
    assert_eq!(decide(&world, &form).await.status(), 400);
    assert_eq!(world.control().issued().codes.len(), 1);
    assert_eq!(world.control().requests_to(Endpoint::Decision).len(), 2);
}

#[tokio::test]
async fn an_answer_without_sense_is_refused() {
    let world = World::plain().await;
    for wrong in [[("decision", "perhaps"), ("account", "ada")], [("decision", "agree"), ("account", "eve")]]
    {
        let transaction = transaction(&world, &world.authorize_url(&[])).await;
        let form = [("transaction", transaction.as_str()), wrong[0], wrong[1]];
        assert_eq!(decide(&world, &form).await.status(), 400);
    }
    assert!(world.control().issued().codes.is_empty());
}

async fn transaction(world: &World, url: &str) -> String {
    let page = world.page(url).await.text;
    let (_, rest) = page.split_once("name=\"transaction\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn decide(world: &World, form: &[(&str, &str)]) -> reqwest::Response {
    world.http.post(world.url("/authorize/decision")).form(form).send().await.unwrap()
}
