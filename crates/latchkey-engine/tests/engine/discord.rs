//! Discord against the sandbox: a public client with PKCE, tokens that rotate at once, a revocation that ends all.

use std::collections::BTreeMap;

use crate::playing::{DISCORD, connected, played, provider, save_client, sign_in, world};
use crate::support::{MINUTE, World};
use latchkey_engine::ClientSecret;
use latchkey_protocol::discord::Person;
use latchkey_protocol::{AttentionReason, ConnectionId, GrantState, Revocation};
use latchkey_sandbox::{Client, Endpoint, RevokedBecause};

const DAY: i64 = 24 * 60 * MINUTE;

fn person(world: &World, id: &ConnectionId) -> Person {
    world.run(world.engine().discord(id.clone()).person()).unwrap().unwrap()
}

fn grant(world: &World, id: &ConnectionId) -> GrantState {
    let known = world.overview().connections.into_iter().find(|connection| &connection.id == id);
    known.unwrap().health.grant
}

/// A second registration of the same application, as a person's own file has it.
fn second(world: &mut World) {
    let file = played(world, DISCORD).replace("id = \"discord\"", "id = \"discord-two\"");
    world.write_provider("two.toml", &file);
    world.restart();
    let mut client = Client::public(Client::DESKTOP);
    client.redirect_uris.push("dev.latchkey.app:/oauth/discord-two".into());
    world.sandbox.add_client(client);
    save_client(world, "discord-two");
}

#[test]
fn a_sign_in_keeps_the_person_with_their_picture() {
    let (world, id) = connected("discord", None);
    let known = person(&world, &id);
    assert_eq!(known.connection, id);
    assert_eq!(known.snowflake, "812345678901234567");
    assert_eq!((known.username.as_str(), known.global_name.as_deref()), ("ada", Some("Ada Lovelace")));
    assert!(
        known
            .avatar_url
            .ends_with("/avatars/812345678901234567/a_0123456789abcdef0123456789abcdef.gif?size=128")
    );
    assert_eq!(known.seen_at, world.now());
    let account = world.connection().account;
    assert_eq!((account.key.as_str(), account.name.as_str()), ("812345678901234567", "Ada Lovelace"));
    assert!(account.picture.unwrap().starts_with("data:image/png;base64,"));
    assert_eq!(world.connection().grant.granted, ["identify", "guilds"]);
}

#[test]
fn an_old_account_shows_its_discriminator_and_a_default_picture() {
    let world = world();
    let id = sign_in(&world, "discord", "ben", None);
    assert_eq!(world.connection().account.name, "ben#0042");
    assert!(person(&world, &id).avatar_url.ends_with("/embed/avatars/2.png"));
}

#[test]
fn a_check_brings_the_person_up_to_date_and_a_restart_keeps_them() {
    let (mut world, id) = connected("discord", None);
    let first = person(&world, &id);
    world.clock.advance(DAY);
    world.run(world.engine().check(id.clone())).unwrap();
    assert_eq!(person(&world, &id), Person { seen_at: first.seen_at.plus(DAY), ..first });
    let known = person(&world, &id);
    world.restart();
    assert_eq!(person(&world, &id), known);
    world.clock.advance(6 * DAY);
    world.until("renewed", |_| world.refreshes().len() == 1);
    world.until_idle();
    assert_eq!(person(&world, &id), known, "a renewal asks nobody who this is");
}

#[test]
fn a_week_of_access_is_renewed_and_each_refresh_token_is_used_once() {
    let (world, _) = connected("discord", None);
    for renewals in 1..=3 {
        world.clock.advance(7 * DAY - 5 * MINUTE);
        world.until("renewed", |_| world.refreshes().len() >= renewals);
        world.until_idle();
    }
    let mut sent = world.refreshes();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), world.refreshes().len());
    assert_eq!(world.grant(), GrantState::Connected);
    assert!(world.sandbox.refusals().is_empty(), "{:?}", world.sandbox.refusals());
}

#[test]
fn a_disconnect_that_ends_all_of_the_account_tells_its_other_connections() {
    let (mut world, first) = connected("discord", None);
    second(&mut world);
    let other = sign_in(&world, "discord-two", "ada", None);
    let ben = sign_in(&world, "discord-two", "ben", None);
    let (_, mut events) = world.engine().watch();
    world.run(world.engine().disconnect(first.clone())).unwrap();
    assert_eq!(world.run(crate::support::farewell(&mut events)), Revocation::Confirmed);
    let told = |overview: &latchkey_protocol::Overview| {
        let known = overview.connections.iter().find(|known| known.id == other);
        let grant = known.map(|known| known.health.grant.clone());
        matches!(grant, Some(GrantState::Attention { reason: AttentionReason::EndedTogether, .. }))
    };
    world.until("the other connection of ada's is told", told);
    assert_eq!(grant(&world, &ben), GrantState::Connected, "another account");
    assert_eq!(world.refreshes().len(), 0, "nobody had to find out");
    let ended: Vec<_> = world.sandbox.grants().into_iter().map(|grant| grant.revoked).collect();
    assert_eq!(ended, [Some(RevokedBecause::ByClient), Some(RevokedBecause::ByClient), None]);
}

#[test]
fn where_a_revocation_ends_one_grant_nobody_else_is_told() {
    let mut world = world();
    let file = played(&world, DISCORD).replace("revocation_ends = \"account\"", "");
    world.write_provider("discord.toml", &file);
    second(&mut world);
    let first = sign_in(&world, "discord", "ada", None);
    let other = sign_in(&world, "discord-two", "ada", None);
    let (_, mut events) = world.engine().watch();
    world.run(world.engine().disconnect(first)).unwrap();
    world.run(crate::support::farewell(&mut events));
    assert_eq!(grant(&world, &other), GrantState::Connected);
}

#[test]
fn a_declined_sign_in_says_so_in_discords_words() {
    let world = world();
    world.settings(|settings| settings.consent = latchkey_sandbox::Consent::Decline);
    let begun = world.engine().begin_sign_in(
        provider("discord"),
        BTreeMap::new(),
        latchkey_protocol::Keep::Keychain,
        None,
        None,
    );
    let (_, url) = world.run(begun).unwrap();
    world.link(&world.browser(&url.unwrap()));
    let declined =
        world.overview().providers.into_iter().find(|known| known.id == provider("discord")).unwrap();
    let ending = format!("{:?}", declined.sign_in.unwrap().stage);
    assert!(ending.contains("denied the request"), "{ending}");
    assert_eq!(world.sandbox.requests_to(Endpoint::Token).len(), 0);
}

#[test]
fn an_application_without_public_client_signs_in_and_renews_with_its_secret() {
    let world = world();
    let (id, secret) = (Client::DESKTOP.to_owned(), "s3cret+%/:");
    let client = Client { secret: Some(secret.into()), ..Client::public(Client::DESKTOP) };
    world.sandbox.add_client(client);
    let saved =
        world.engine().save_client(provider("discord"), BTreeMap::new(), id, ClientSecret::from(secret));
    assert!(world.run(saved).unwrap().secret_saved);
    let connected = sign_in(&world, "discord", "ada", None);
    world.sandbox.expire_access();
    world.run(world.engine().check(connected.clone())).unwrap();
    assert_eq!(grant(&world, &connected), GrantState::Connected);
    for sent in
        world.sandbox.requests_to(Endpoint::Token).iter().chain(&world.sandbox.requests_to(Endpoint::Refresh))
    {
        assert_eq!(sent.headers.authorization_scheme.as_deref(), Some("Basic"));
        assert!(sent.form.value("client_secret").is_none(), "it is proven once, in the header");
    }
}
