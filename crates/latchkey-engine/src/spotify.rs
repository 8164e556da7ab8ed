//! Spotify's Web API as of autumn 2026, in the part that Latchkey uses. Every call is a guarded one.
//!
//! What it answers is read tolerantly (`spotify/read.rs`): development mode leaves members out, and much is null.

mod read;

use std::sync::Arc;

use http::Method;
use latchkey_protocol::spotify::{Followed, Me, Page, Played, Playlist, PlaylistItem, Plays};
use latchkey_protocol::{CallFailure, ConnectionId};
use serde_json::{Value, json};

use crate::call::{Answered, Wanted, call};
use crate::live::Parts;
use crate::provider::ApiClient;

/// URIs in one call of the library.
const LIBRARY_AT_ONCE: usize = 40;
/// URIs in one call of a playlist.
const PLAYLIST_AT_ONCE: usize = 100;
/// Entries in one part of a list.
const PAGE: u32 = 50;

/// Spotify's Web API for one connection.
pub struct Spotify<'e> {
    parts: &'e Arc<Parts>,
    id: ConnectionId,
}

impl<'e> Spotify<'e> {
    pub(crate) fn new(parts: &'e Arc<Parts>, id: ConnectionId) -> Self {
        Self { parts, id }
    }

    /// Who this is.
    pub async fn me(&self) -> Result<Me, CallFailure> {
        read::me(&self.ask(&Wanted::new(Method::GET, "/me")).await?.body)
    }

    /// What was played, newest first, at most `limit` plays: 1 to 50, and what lies outside is taken as the
    /// nearest. Spotify remembers fifty.
    pub async fn recently_played(&self, limit: u8, played: Played) -> Result<Plays, CallFailure> {
        read::plays(&self.ask(&recently_played(limit, played)).await?.body)
    }

    /// Whether each of `uris` is in the library, in their order.
    pub async fn contains(&self, uris: &[String]) -> Result<Vec<bool>, CallFailure> {
        let mut found = Vec::with_capacity(uris.len());
        for chunk in uris.chunks(LIBRARY_AT_ONCE) {
            let wanted = Wanted::new(Method::GET, "/me/library/contains").query("uris", chunk.join(","));
            found.extend(read::booleans(&self.ask(&wanted).await?.body, chunk.len())?);
        }
        Ok(found)
    }

    /// Puts `uris` into the library. Forty go at a time; where one call fails, what went before stays.
    pub async fn save(&self, uris: &[String]) -> Result<(), CallFailure> {
        self.change_library(Method::PUT, uris).await
    }

    /// Takes `uris` out of the library, forty at a time as well.
    pub async fn remove(&self, uris: &[String]) -> Result<(), CallFailure> {
        self.change_library(Method::DELETE, uris).await
    }

    async fn change_library(&self, method: Method, uris: &[String]) -> Result<(), CallFailure> {
        for chunk in uris.chunks(LIBRARY_AT_ONCE) {
            let wanted = Wanted::new(method.clone(), "/me/library").query("uris", chunk.join(","));
            self.ask(&wanted).await?;
        }
        Ok(())
    }

    /// The person's playlists, fifty at a time, from `offset` on.
    pub async fn playlists(&self, offset: u32) -> Result<Page<Playlist>, CallFailure> {
        let wanted = Wanted::new(Method::GET, "/me/playlists").query("limit", PAGE).query("offset", offset);
        read::page(&self.ask(&wanted).await?.body, offset, read::playlist)
    }

    /// Makes a playlist, empty.
    pub async fn create_playlist(
        &self,
        name: &str,
        description: &str,
        public: bool,
    ) -> Result<Playlist, CallFailure> {
        let body = json!({"name": name, "description": description, "public": public});
        let answer = self.ask(&Wanted::new(Method::POST, "/me/playlists").json(body)).await?;
        read::playlist(&answer.body).ok_or_else(|| read::unreadable("a playlist without an id"))
    }

    /// What is in a playlist, fifty at a time, from `offset` on. Spotify tells its owner and collaborators alone.
    pub async fn playlist_items(
        &self,
        playlist: &str,
        offset: u32,
    ) -> Result<Page<PlaylistItem>, CallFailure> {
        let wanted = Wanted::new(Method::GET, "/playlists/{id}/items").of(playlist);
        let wanted = wanted.query("limit", PAGE).query("offset", offset);
        read::page(&self.ask(&wanted).await?.body, offset, read::playlist_item)
    }

    /// Adds `uris` at the end of a playlist. A hundred go at a time; where one call fails, what went before
    /// stays.
    pub async fn add_to_playlist(&self, playlist: &str, uris: &[String]) -> Result<(), CallFailure> {
        for chunk in uris.chunks(PLAYLIST_AT_ONCE) {
            self.change_playlist(Method::POST, playlist, json!({"uris": chunk})).await?;
        }
        Ok(())
    }

    /// Takes every occurrence of `uris` out of a playlist, a hundred at a time as well.
    pub async fn remove_from_playlist(&self, playlist: &str, uris: &[String]) -> Result<(), CallFailure> {
        for chunk in uris.chunks(PLAYLIST_AT_ONCE) {
            let items: Vec<Value> = chunk.iter().map(|uri| json!({"uri": uri})).collect();
            self.change_playlist(Method::DELETE, playlist, json!({"items": items})).await?;
        }
        Ok(())
    }

    async fn change_playlist(&self, method: Method, playlist: &str, body: Value) -> Result<(), CallFailure> {
        self.ask(&Wanted::new(method, "/playlists/{id}/items").of(playlist).json(body)).await?;
        Ok(())
    }

    /// Artists that the person follows, fifty at a time; `after` is what the part before named.
    pub async fn followed_artists(&self, after: Option<&str>) -> Result<Followed, CallFailure> {
        let mut wanted =
            Wanted::new(Method::GET, "/me/following").query("type", "artist").query("limit", PAGE);
        if let Some(after) = after {
            wanted = wanted.query("after", after);
        }
        read::followed(&self.ask(&wanted).await?.body)
    }

    async fn ask(&self, wanted: &Wanted) -> Result<Answered, CallFailure> {
        call(self.parts, &self.id, ApiClient::Spotify, wanted).await
    }
}

/// The call that a diagnosis makes: the latest plays, and what the answer taught.
pub(crate) async fn latest_plays(
    parts: &Arc<Parts>,
    id: &ConnectionId,
) -> Result<(Plays, Answered), CallFailure> {
    let answer = call(parts, id, ApiClient::Spotify, &recently_played(50, Played::Latest)).await?;
    Ok((read::plays(&answer.body)?, answer))
}

fn recently_played(limit: u8, played: Played) -> Wanted {
    let wanted = Wanted::new(Method::GET, "/me/player/recently-played").query("limit", limit.clamp(1, 50));
    match played {
        Played::Latest => wanted,
        Played::After(moment) => wanted.query("after", moment.0),
        Played::Before(moment) => wanted.query("before", moment.0),
    }
}
