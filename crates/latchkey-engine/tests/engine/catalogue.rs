//! The whole catalogue: what each entry sends, byte for byte, and a whole sign-in at a sandbox that plays the entry.
//!
//! An entry is read here a second time, as plain TOML, so that the engine's reading of it is not its own judge. After
//! a change on purpose, `UPDATE_SNAPSHOT=1` writes `catalogue/snapshot.txt` anew: the difference is what people's
//! sign-ins would send otherwise.

mod entry;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use latchkey_engine::{Callback, ClientSecret};
use latchkey_protocol::{ConnectionView, GrantState, Keep, ProviderId, SignInStage};
use latchkey_sandbox::{Client, Endpoint, Entry as Request, OddAuthentication, ScopeMember};
use url::Url;

use crate::support::{World, client};
use entry::{Entry, entries};

const SNAPSHOT: &str = "tests/engine/catalogue/snapshot.txt";
const CLIENT: &str = "catalogue-client";
const SECRET: &str = "s3cret+%/:";

/// What changes with each sign-in, by the name under which the snapshot has it.
const FRESH: [(&str, &str); 4] =
    [("state", "STATE"), ("code_challenge", "CHALLENGE"), ("nonce", "NONCE"), ("code_verifier", "VERIFIER")];

#[test]
fn every_entry_sends_what_its_data_says_and_signs_in() {
    let entries: Vec<_> = entries().into_iter().filter(Entry::can_be_walked).collect();
    let mut world = World::before_the_start();
    for entry in &entries {
        world.write_provider(&format!("{}.toml", entry.id), &entry.played_by(&world.sandbox.origin()));
    }
    world.start();
    assert_eq!(world.overview().notices, [], "each rewritten entry is a good one");
    let mut text = String::new();
    for entry in &entries {
        let (asked, sent) = walk(&world, entry);
        // Writing to a String cannot fail.
        let _ = write!(text, "## {}\nGET {asked}\n{sent}\n\n", entry.id);
    }
    assert!(entries.len() > 80, "only {} entries were walked", entries.len());
    compare(&text);
}

fn compare(text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAPSHOT);
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    let sections = |text: &str| -> BTreeMap<String, String> {
        let whole = text.split("## ").filter_map(|part| part.split_once('\n'));
        whole.map(|(id, rest)| (id.to_owned(), rest.to_owned())).collect()
    };
    let (known, found) = (sections(&known), sections(text));
    for (id, sent) in &found {
        assert_eq!(known.get(id), Some(sent), "what {id} sends has changed");
    }
    assert_eq!(known.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
}

/// Signs in at the sandbox as this entry. Tells the authorization URL and the token request, as the entry has them.
fn walk(world: &World, entry: &Entry) -> (String, String) {
    let habits = entry.habits();
    // In the header an id without a secret has an empty one.
    let empty = (habits.authentication == OddAuthentication::Basic).then(String::new);
    world.settings(|settings| {
        settings.odd = habits;
        // It grants what was asked, whatever that is called.
        settings.scope = ScopeMember::Missing;
    });
    let redirect_uris =
        vec![format!("dev.latchkey.app:/oauth/{}", entry.id), format!("http://127.0.0.1/oauth/{}", entry.id)];
    let secret = entry.takes_a_secret().then(|| SECRET.to_owned()).or(empty);
    world.sandbox.add_client(Client { redirect_uris, secret, ..Client::public(CLIENT) });
    let id = ProviderId::try_from(entry.id.as_str()).unwrap();
    let secret = ClientSecret::from(if entry.takes_a_secret() { SECRET } else { "" });
    let saved = world.engine().save_client(id.clone(), BTreeMap::new(), CLIENT.to_owned(), secret);
    world.run(saved).unwrap();
    let begun = world.engine().begin_sign_in(id, BTreeMap::new(), Keep::Keychain, None, None);
    let (_, url) = world.run(begun).unwrap_or_else(|problem| panic!("{}: {problem:?}", entry.id));
    let url = url.unwrap();
    come_back(world, &world.browser(&url), entry);
    let connection = connected(world, entry);
    let last = world.sandbox.requests_to(Endpoint::Token).pop().unwrap();
    let sent = (entry.in_its_own_words(&asked(&url)), entry.in_its_own_words(&token_request(&last)));
    world.run(world.engine().disconnect(connection.id)).unwrap();
    world.until("disconnected", |overview| overview.connections.is_empty());
    sent
}

/// The browser's way back, to the end.
fn come_back(world: &World, redirect: &str, entry: &Entry) {
    if !redirect.starts_with("http:") {
        assert_eq!(world.link(redirect), Callback::Taken, "{}", entry.id);
        return;
    }
    let answer = world.outside(world.visit(redirect)).unwrap().unwrap();
    let page = Url::parse(redirect).unwrap().join(answer.headers()["location"].to_str().unwrap()).unwrap();
    let page = world.outside(async { client().get(page).send().await.unwrap().text().await.unwrap() });
    assert!(page.contains("Signed in"), "{}: {page}", entry.id);
}

fn connected(world: &World, entry: &Entry) -> ConnectionView {
    world.until(&entry.id, |overview| {
        let provider = overview.providers.iter().find(|provider| provider.id.as_str() == entry.id).unwrap();
        let ended = provider.sign_in.as_ref().map(|sign_in| &sign_in.stage);
        let failed = matches!(ended, Some(SignInStage::Ended { .. }));
        assert!(!failed, "{}: {ended:?} {:?}", entry.id, world.sandbox.refusals());
        overview.connections.len() == 1
    });
    let connection = world.connection();
    assert_eq!(connection.health.grant, GrantState::Connected, "{}", entry.id);
    assert_eq!((connection.account.key.as_str(), connection.account.name.as_str()), ("ada", entry.shows()));
    connection
}

/// The authorization URL with what changes by name.
fn asked(url: &Url) -> String {
    let mut shown = url.to_string();
    for (name, value) in url.query_pairs() {
        if let Some((_, fixed)) = FRESH.iter().find(|(known, _)| *known == name) {
            shown = shown.replace(value.as_ref(), fixed);
        }
    }
    without_port(shown)
}

fn token_request(sent: &Request) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in sent.form.iter() {
        let fixed = FRESH.iter().find(|(known, _)| *known == name).map(|(_, fixed)| *fixed);
        form.append_pair(name, fixed.or((name == "code").then_some("CODE")).unwrap_or(value));
    }
    let headers = &sent.headers;
    let authorization = headers.authorization_scheme.as_deref().unwrap_or("none");
    let content_type = headers.content_type.as_deref().unwrap_or("none");
    let form = without_port(form.finish());
    format!("POST {}\nAuthorization: {authorization}\nContent-Type: {content_type}\n{form}", sent.path)
}

/// A port of our own choice, where there is one, is not of the entry.
fn without_port(text: String) -> String {
    let Some((before, after)) = text.split_once("127.0.0.1%3A") else { return text };
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    let port = &after[..digits];
    let port = if port == "43117" { port } else { "PORT" };
    format!("{before}127.0.0.1%3A{port}{}", &after[digits..])
}
