//! The library and the playlists of the Spotify face, as of February 2026: one resource for everything that can
//! be saved, `items` where there were `tracks`.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::core::Core;
use crate::exchange::Exchange;
use crate::spotify::{Denied, person};

/// URIs that one call of the library takes.
const LIBRARY_AT_ONCE: usize = 40;
/// URIs that one call of a playlist takes.
const PLAYLIST_AT_ONCE: usize = 100;

/// What the people of the sandbox have saved: they share it.
#[derive(Debug, Default)]
pub(crate) struct Library {
    saved: BTreeSet<String>,
    playlists: Vec<Playlist>,
}

#[derive(Debug)]
struct Playlist {
    id: String,
    name: String,
    public: bool,
    uris: Vec<String>,
}

/// `PUT`, `DELETE /spotify/v1/me/library`
pub(crate) fn change(core: &mut Core, exchange: &Exchange) -> Answer {
    told(change_library(core, exchange))
}

fn change_library(core: &mut Core, exchange: &Exchange) -> Result<Answer, Denied> {
    person(core, exchange, Some("user-library-modify"))?;
    for uri in uris(exchange)? {
        if exchange.method == Method::PUT {
            core.library.saved.insert(uri);
        } else {
            core.library.saved.remove(&uri);
        }
    }
    Ok(Answer::accepted(answer::text(StatusCode::OK, "")))
}

/// `GET /spotify/v1/me/library/contains`
pub(crate) fn contains(core: &mut Core, exchange: &Exchange) -> Answer {
    told(contained(core, exchange))
}

fn contained(core: &Core, exchange: &Exchange) -> Result<Answer, Denied> {
    person(core, exchange, Some("user-library-read"))?;
    let found: Vec<bool> = uris(exchange)?.iter().map(|uri| core.library.saved.contains(uri)).collect();
    Ok(ok(StatusCode::OK, &json!(found)))
}

/// `GET`, `POST /spotify/v1/me/playlists`
pub(crate) fn playlists(core: &mut Core, exchange: &Exchange) -> Answer {
    told(if exchange.method == Method::POST { create(core, exchange) } else { list(core, exchange) })
}

fn create(core: &mut Core, exchange: &Exchange) -> Result<Answer, Denied> {
    let body = body(exchange)?;
    let public = body.get("public").and_then(Value::as_bool).unwrap_or(true);
    let scope = if public { "playlist-modify-public" } else { "playlist-modify-private" };
    person(core, exchange, Some(scope))?;
    let name = body.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or(bad("Missing required field: name"))?.to_owned();
    let id = format!("simPlaylist{:010}", core.library.playlists.len() + 1);
    let playlist = Playlist { id, name, public, uris: Vec::new() };
    let written = written(&playlist);
    core.library.playlists.push(playlist);
    Ok(ok(StatusCode::CREATED, &written))
}

fn list(core: &Core, exchange: &Exchange) -> Result<Answer, Denied> {
    person(core, exchange, Some("playlist-read-private"))?;
    let all: Vec<Value> = core.library.playlists.iter().map(written).collect();
    Ok(ok(StatusCode::OK, &part(exchange, &all)))
}

/// `GET`, `POST`, `DELETE /spotify/v1/playlists/{id}/items`
pub(crate) fn items(core: &mut Core, exchange: &Exchange) -> Answer {
    told(match exchange.method {
        Method::POST | Method::DELETE => change_items(core, exchange),
        _ => listed(core, exchange),
    })
}

fn listed(core: &mut Core, exchange: &Exchange) -> Result<Answer, Denied> {
    person(core, exchange, Some("playlist-read-private"))?;
    let entry = |uri: &String| {
        let item = json!({"uri": uri, "name": "Loopback", "type": "track", "artists": [], "is_local": false});
        json!({"added_at": "2026-11-20T21:14:09Z", "item": item})
    };
    let all: Vec<Value> = find(core, exchange)?.uris.iter().map(entry).collect();
    Ok(ok(StatusCode::OK, &part(exchange, &all)))
}

fn change_items(core: &mut Core, exchange: &Exchange) -> Result<Answer, Denied> {
    let public = find(core, exchange)?.public;
    let scope = if public { "playlist-modify-public" } else { "playlist-modify-private" };
    person(core, exchange, Some(scope))?;
    let body = body(exchange)?;
    let added = exchange.method == Method::POST;
    let named = body.get(if added { "uris" } else { "items" }).and_then(Value::as_array);
    let text = |entry: &Value| if added { entry.as_str() } else { entry["uri"].as_str() }.map(str::to_owned);
    let uris: Option<Vec<String>> = named.and_then(|named| named.iter().map(text).collect());
    let uris = uris.filter(|uris| !uris.is_empty()).ok_or(bad("No uris provided"))?;
    if uris.len() > PLAYLIST_AT_ONCE {
        return Err(bad("Too many uris requested"));
    }
    let playlist = find(core, exchange)?;
    if added {
        playlist.uris.extend(uris);
    } else {
        playlist.uris.retain(|uri| !uris.contains(uri));
    }
    let status = if added { StatusCode::CREATED } else { StatusCode::OK };
    Ok(ok(status, &json!({"snapshot_id": "AAAAAsimSnapshot"})))
}

/// `GET /spotify/v1/me/following`
pub(crate) fn following(core: &mut Core, exchange: &Exchange) -> Answer {
    told(followed(core, exchange))
}

fn followed(core: &Core, exchange: &Exchange) -> Result<Answer, Denied> {
    person(core, exchange, Some("user-follow-read"))?;
    if exchange.query.value("type") != Some("artist") {
        return Err(bad("Only artist is supported"));
    }
    let artist = json!({
        "id": "simArtist0000000000001", "name": "The Placeholders", "type": "artist",
        "uri": "spotify:artist:simArtist0000000000001",
    });
    let items = if exchange.query.value("after").is_some() { vec![] } else { vec![artist] };
    let artists = json!({"items": items, "next": null, "total": 1, "cursors": {"after": null}, "limit": 20});
    Ok(ok(StatusCode::OK, &json!({"artists": artists})))
}

fn find<'c>(core: &'c mut Core, exchange: &Exchange) -> Result<&'c mut Playlist, Denied> {
    let id = exchange.path.split('/').nth_back(1).unwrap_or_default();
    let found = core.library.playlists.iter_mut().find(|playlist| playlist.id == id);
    found.ok_or(Denied::Told(StatusCode::NOT_FOUND, "Not found."))
}

fn uris(exchange: &Exchange) -> Result<Vec<String>, Denied> {
    let text = exchange.query.value("uris").ok_or(bad("Missing required field: uris"))?;
    let uris: Vec<String> = text.split(',').map(str::to_owned).collect();
    match uris.len() {
        0..=LIBRARY_AT_ONCE => Ok(uris),
        _ => Err(bad("Too many uris requested")),
    }
}

fn body(exchange: &Exchange) -> Result<Value, Denied> {
    exchange.json.clone().ok_or(bad("Error parsing JSON."))
}

fn bad(why: &'static str) -> Denied {
    Denied::Told(StatusCode::BAD_REQUEST, why)
}

fn ok(status: StatusCode, body: &Value) -> Answer {
    Answer::accepted(answer::json(status, body))
}

fn told(result: Result<Answer, Denied>) -> Answer {
    result.unwrap_or_else(|denied| denied.answer())
}

/// The part of a list that `limit` and `offset` ask for.
fn part(exchange: &Exchange, all: &[Value]) -> Value {
    let number = |name| exchange.query.value(name).and_then(|text| text.parse::<usize>().ok());
    let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(20));
    let items: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    let next = (offset + items.len() < all.len()).then_some("https://api.spotify.com/v1/next");
    json!({"items": items, "total": all.len(), "limit": limit, "offset": offset, "next": next})
}

fn written(playlist: &Playlist) -> Value {
    let Playlist { id, name, public, uris } = playlist;
    json!({
        "id": id, "name": name, "public": public, "collaborative": false, "type": "playlist",
        "uri": format!("spotify:playlist:{id}"), "snapshot_id": "AAAAAsimSnapshot0",
        "owner": {"id": "simlistener", "display_name": "Sim Listener", "type": "user"},
        "items": {"href": "", "total": uris.len()},
    })
}
