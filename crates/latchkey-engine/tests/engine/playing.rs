//! Worlds in which the sandbox plays Spotify or Discord, with the built-in provider files in its place.

use std::collections::BTreeMap;

use crate::support::World;
use latchkey_engine::{Callback, ClientSecret};
use latchkey_protocol::{ConnectionId, GrantState, Keep, Overview, ProviderId};
use latchkey_sandbox::{Client, Consent};
use url::Url;

pub(crate) const SPOTIFY: &str = include_str!("../../../../providers/spotify.toml");
pub(crate) const DISCORD: &str = include_str!("../../../../providers/discord.toml");

pub(crate) fn provider(id: &str) -> ProviderId {
    ProviderId::try_from(id).unwrap()
}

/// The file with the sandbox in the provider's place.
pub(crate) fn played(world: &World, file: &str) -> String {
    let origin = world.sandbox.origin();
    file.replace("https://accounts.spotify.com", &format!("{origin}/spotify"))
        .replace("https://api.spotify.com", &format!("{origin}/spotify"))
        .replace("https://cdn.discordapp.com", &format!("{origin}/discord/cdn"))
        .replace("https://discord.com/oauth2", &format!("{origin}/discord/oauth2"))
        .replace("https://discord.com/api", &format!("{origin}/discord/api"))
}

/// A running engine that knows Spotify and Discord, nobody signed in.
pub(crate) fn world() -> World {
    let mut world = World::before_the_start();
    for (name, file) in [("spotify.toml", SPOTIFY), ("discord.toml", DISCORD)] {
        world.write_provider(name, &played(&world, file));
    }
    world.start();
    for id in ["spotify", "discord"] {
        save_client(&world, id);
    }
    world
}

/// Saves the client id that the sandbox knows.
pub(crate) fn save_client(world: &World, at: &str) {
    let (id, secret) = (Client::DESKTOP.to_owned(), ClientSecret::from(""));
    let saved = world.engine().save_client(provider(at), BTreeMap::new(), id, secret);
    world.run(saved).unwrap();
}

/// The same with a connection of Ada's to one of them, for these purposes.
pub(crate) fn connected(to: &str, purposes: Option<&[&str]>) -> (World, ConnectionId) {
    let world = world();
    let id = sign_in(&world, to, "ada", purposes);
    (world, id)
}

/// A whole sign-in.
pub(crate) fn sign_in(world: &World, to: &str, account: &str, purposes: Option<&[&str]>) -> ConnectionId {
    let purposes = purposes.map(|chosen| chosen.iter().map(|id| (*id).to_owned()).collect());
    let begun = world.engine().begin_sign_in(provider(to), BTreeMap::new(), Keep::Keychain, None, purposes);
    let (_, url) = world.run(begun).unwrap();
    come_back(world, &url.unwrap(), to, account)
}

/// The browser's part, up to a connection that stands.
pub(crate) fn come_back(world: &World, url: &Url, to: &str, account: &str) -> ConnectionId {
    world.settings(|settings| settings.consent = Consent::Agree { account: account.into() });
    let before: Vec<_> =
        world.overview().connections.into_iter().map(|known| known.grant.authorized_at).collect();
    world.clock.advance(1_000);
    assert_eq!(world.link(&world.browser(url)), Callback::Taken);
    let stands = |overview: &Overview| {
        let found = overview.connections.iter().find(|known| {
            let fresh = !before.contains(&known.grant.authorized_at);
            fresh && known.provider.as_str() == to && known.health.grant == GrantState::Connected
        });
        found.map(|known| known.id.clone())
    };
    world.until("connected", |overview| stands(overview).is_some());
    stands(&world.overview()).unwrap()
}
