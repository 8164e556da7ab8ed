//! Spotify's answers, read tolerantly: what one entry lacks costs that entry, never the list.

use latchkey_protocol::spotify::{Artist, Followed, Me, Page, Play, Playlist, PlaylistItem, Plays, Track};
use latchkey_protocol::{CallFailure, Timestamp};
use serde_json::Value;

use crate::text::displayable;

pub(super) fn unreadable(what: &str) -> CallFailure {
    CallFailure::Unreadable { text: what.to_owned() }
}

/// The account is linked by `account_id`, which Spotify prefers since May 2026.
pub(super) fn me(body: &Value) -> Result<Me, CallFailure> {
    let key = text(body, "account_id").or_else(|| text(body, "id"));
    Ok(Me {
        key: key.ok_or_else(|| unreadable("a person without an id"))?,
        name: shown(body, "display_name"),
        uri: text(body, "uri"),
    })
}

/// Cursors are texts of milliseconds, and null where nothing was played.
pub(super) fn plays(body: &Value) -> Result<Plays, CallFailure> {
    let cursor = |name: &str| {
        let cursor = body.pointer(&format!("/cursors/{name}"))?;
        cursor.as_str().map_or_else(|| cursor.as_i64(), |text| text.parse().ok()).map(Timestamp)
    };
    Ok(Plays {
        items: list(body, "items")?.iter().filter_map(play).collect(),
        after: cursor("after"),
        before: cursor("before"),
    })
}

fn play(entry: &Value) -> Option<Play> {
    Some(Play {
        track: track(entry.get("track")?)?,
        played_at: Timestamp::from_rfc3339(entry.get("played_at")?.as_str()?)?,
        context: entry.get("context").and_then(|context| text(context, "uri")),
    })
}

fn track(entry: &Value) -> Option<Track> {
    let artists = entry.get("artists").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(Track {
        uri: text(entry, "uri")?,
        name: shown(entry, "name").unwrap_or_default(),
        artists: artists.iter().filter_map(|artist| shown(artist, "name")).collect(),
        album: entry.get("album").and_then(|album| shown(album, "name")),
        duration_ms: entry.get("duration_ms").and_then(Value::as_i64),
    })
}

pub(super) fn booleans(body: &Value, count: usize) -> Result<Vec<bool>, CallFailure> {
    let found: Option<Vec<bool>> = body.as_array().and_then(|all| all.iter().map(Value::as_bool).collect());
    found.filter(|found| found.len() == count).ok_or_else(|| unreadable("not one answer for each item"))
}

pub(super) fn playlist(entry: &Value) -> Option<Playlist> {
    // Called `tracks` until February 2026.
    let content = entry.get("items").or_else(|| entry.get("tracks"));
    Some(Playlist {
        id: text(entry, "id")?,
        name: shown(entry, "name").unwrap_or_default(),
        owner: entry
            .get("owner")
            .and_then(|owner| shown(owner, "display_name").or_else(|| shown(owner, "id"))),
        public: entry.get("public").and_then(Value::as_bool),
        total: content.and_then(|content| number(content, "total")),
    })
}

pub(super) fn playlist_item(entry: &Value) -> Option<PlaylistItem> {
    if !entry.is_object() {
        return None;
    }
    // Called `track` until February 2026.
    let content = entry.get("item").or_else(|| entry.get("track"));
    let added_at = entry.get("added_at").and_then(Value::as_str);
    Some(PlaylistItem {
        track: content.and_then(track),
        added_at: added_at.and_then(Timestamp::from_rfc3339),
    })
}

/// The part of a list that began at `offset`.
pub(super) fn page<T>(
    body: &Value,
    offset: u32,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Page<T>, CallFailure> {
    let entries = list(body, "items")?;
    let next =
        text(body, "next").map(|_| offset.saturating_add(u32::try_from(entries.len()).unwrap_or(u32::MAX)));
    Ok(Page {
        items: entries.iter().filter_map(read).collect(),
        total: number(body, "total"),
        next_offset: next.filter(|next| *next > offset),
    })
}

pub(super) fn followed(body: &Value) -> Result<Followed, CallFailure> {
    let artists = body.get("artists").ok_or_else(|| unreadable("no artists"))?;
    let artist = |entry: &Value| {
        Some(Artist { uri: text(entry, "uri")?, name: shown(entry, "name").unwrap_or_default() })
    };
    Ok(Followed {
        items: list(artists, "items")?.iter().filter_map(artist).collect(),
        total: number(artists, "total"),
        after: artists.get("cursors").and_then(|cursors| text(cursors, "after")),
    })
}

fn list<'b>(body: &'b Value, name: &str) -> Result<&'b [Value], CallFailure> {
    let found = body.get(name).and_then(Value::as_array).map(Vec::as_slice);
    found.ok_or_else(|| unreadable(&format!("no list of {name}")))
}

fn text(body: &Value, name: &str) -> Option<String> {
    body.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A text for people, made safe to show.
fn shown(body: &Value, name: &str) -> Option<String> {
    displayable(body.get(name)?.as_str()?)
}

fn number(body: &Value, name: &str) -> Option<u32> {
    body.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_account_is_linked_by_account_id_and_else_by_id() {
        assert_eq!(me(&json!({"account_id": "zQ7", "id": "ada"})).unwrap().key, "zQ7");
        assert_eq!(me(&json!({"id": "ada", "display_name": null})).unwrap().key, "ada");
        assert!(me(&json!({})).is_err());
    }

    #[test]
    fn nothing_played_is_an_answer() {
        let empty = json!({"items": [], "next": null, "cursors": null, "limit": 20});
        assert_eq!(plays(&empty).unwrap(), Plays { items: vec![], after: None, before: None });
    }

    #[test]
    fn an_entry_that_lacks_something_costs_itself_alone() {
        let track =
            json!({"uri": "spotify:track:1", "name": "Loop\u{202e}back", "artists": [{"name": "A"}, {}]});
        let body = json!({
            "items": [
                {"track": track, "played_at": "2026-11-20T21:14:09.482Z", "context": null},
                {"track": null, "played_at": "2026-11-20T21:14:09.482Z"},
                {"track": track, "played_at": "yesterday"},
            ],
            "cursors": {"after": "1795209249482", "before": "1795209002017"},
        });
        let read = plays(&body).unwrap();
        assert_eq!(read.items.len(), 1);
        assert_eq!(read.items[0].track.name, "Loopback");
        assert_eq!(read.items[0].track.artists, ["A"]);
        assert_eq!(read.items[0].played_at, Timestamp(1_795_209_249_482));
        assert_eq!(
            (read.after, read.before),
            (Some(Timestamp(1_795_209_249_482)), Some(Timestamp(1_795_209_002_017)))
        );
    }

    #[test]
    fn items_and_tracks_are_the_same_by_two_names() {
        for name in ["items", "tracks"] {
            assert_eq!(playlist(&json!({"id": "p", name: {"total": 7}})).unwrap().total, Some(7));
        }
        let track = json!({"uri": "spotify:track:1"});
        for name in ["item", "track"] {
            let read = playlist_item(&json!({name: track, "added_at": "2026-11-20T21:14:09Z"})).unwrap();
            assert_eq!(read.track.unwrap().uri, "spotify:track:1");
        }
        assert_eq!(playlist_item(&json!({"item": null})).unwrap().track, None);
        assert_eq!(playlist_item(&json!(null)), None);
    }

    #[test]
    fn the_next_part_begins_where_this_one_ends() {
        let body = json!({"items": [{"id": "a"}, null], "total": 9, "next": "https://api.spotify.com/x"});
        let read = page(&body, 4, playlist).unwrap();
        assert_eq!((read.items.len(), read.total, read.next_offset), (1, Some(9), Some(6)));
        let last = page(&json!({"items": [], "next": "again"}), 6, playlist).unwrap();
        assert_eq!(last.next_offset, None, "an empty part is the last one");
    }

    #[test]
    fn each_question_has_its_answer() {
        assert_eq!(booleans(&json!([true, false]), 2).unwrap(), [true, false]);
        for wrong in [json!([true]), json!([true, 1]), json!({"a": 1})] {
            assert!(booleans(&wrong, 2).is_err(), "{wrong}");
        }
    }
}
