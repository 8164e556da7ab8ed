//! The fifty plays that Spotify remembers, and the paging rules of recently played. Pure.

use serde_json::{Value, json};

use crate::params::Params;

/// Milliseconds since 1970 of the latest play: 2026-11-20T21:14:09.482Z.
const LATEST: i64 = 1_795_209_249_482;
/// The second play of the fixture lies so many milliseconds before the first; the others follow at the same distance.
const DISTANCE: i64 = 247_465;
const KEPT: i64 = 50;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    limit: usize,
    side: Side,
}

/// Both cursors are exclusive, in milliseconds since 1970, and exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Latest,
    After(i64),
    Before(i64),
}

impl Page {
    pub(crate) fn read(query: &Params) -> Result<Self, &'static str> {
        let limit = query.value("limit").map_or(Ok(20), str::parse).map_err(|_| "Invalid limit")?;
        if !(1..=50).contains(&limit) {
            return Err("Invalid limit");
        }
        let cursor = |name| query.value(name).map(str::parse).transpose().map_err(|_| "Invalid cursor");
        let side = match (cursor("after")?, cursor("before")?) {
            (Some(_), Some(_)) => return Err("after and before must not be given together"),
            (Some(after), None) => Side::After(after),
            (None, Some(before)) => Side::Before(before),
            (None, None) => Side::Latest,
        };
        Ok(Self { limit, side })
    }

    /// Numbers of plays, 0 being the latest, newest first.
    fn select(self) -> Vec<i64> {
        let plays = 0..KEPT;
        match self.side {
            Side::Latest => plays.take(self.limit).collect(),
            Side::Before(before) => plays.filter(|&play| played_at(play) < before).take(self.limit).collect(),
            Side::After(after) => {
                let newer: Vec<i64> = plays.filter(|&play| played_at(play) > after).collect();
                newer[newer.len().saturating_sub(self.limit)..].to_vec()
            }
        }
    }
}

/// The body for a page.
pub(crate) fn write(page: &Page, href: &str, nothing_played: bool) -> Value {
    let plays = if nothing_played { vec![] } else { page.select() };
    let limit = page.limit;
    let (Some(&newest), Some(&oldest)) = (plays.first(), plays.last()) else {
        return json!({"items": [], "next": null, "cursors": null, "limit": limit, "href": href});
    };
    let before = played_at(oldest).to_string();
    let more = oldest + 1 < KEPT;
    json!({
        "items": plays.iter().map(|&play| item(play)).collect::<Vec<_>>(),
        "next": more.then(|| format!("{href}?before={before}&limit={limit}")),
        "cursors": {"after": played_at(newest).to_string(), "before": before},
        "limit": limit,
        "href": format!("{href}?limit={limit}"),
    })
}

fn played_at(play: i64) -> i64 {
    LATEST - play * DISTANCE
}

/// Every other play has neither album nor context, because real answers often lack them.
fn item(play: i64) -> Value {
    let rich = play % 2 == 0;
    let playlist = json!({
        "type": "playlist",
        "href": "https://api.spotify.com/v1/playlists/simPlaylist0000000001",
        "external_urls": {"spotify": "https://open.spotify.com/playlist/simPlaylist0000000001"},
        "uri": "spotify:playlist:simPlaylist0000000001",
    });
    json!({
        "track": if rich { rich_track() } else { sparse_track() },
        "played_at": iso_8601(played_at(play)),
        "context": rich.then_some(playlist),
    })
}

fn rich_track() -> Value {
    let artist = named("artist", "simArtist0000000000001", "The Placeholders");
    let mut album = named("album", "simAlbum00000000000001", "Test Pressing");
    album["album_type"] = "album".into();
    album["artists"] = json!([artist]);
    album["images"] = json!([{"height": 640, "url": "https://i.scdn.co/image/sim640", "width": 640}]);
    album["release_date"] = "2024-05-03".into();
    album["release_date_precision"] = "day".into();
    album["total_tracks"] = 9.into();
    let mut track = named("track", "simTrack00000000000001", "Loopback");
    track["album"] = album;
    track["artists"] = json!([artist]);
    track["disc_number"] = 1.into();
    track["duration_ms"] = 214_000.into();
    track["explicit"] = false.into();
    track["external_ids"] = json!({"isrc": "ZZSIM2400001"});
    track["is_local"] = false.into();
    track["track_number"] = 3.into();
    track
}

fn sparse_track() -> Value {
    let artist = json!({
        "id": "simArtist0000000000002", "name": "Nil Quartet", "type": "artist",
        "uri": "spotify:artist:simArtist0000000000002",
    });
    json!({
        "artists": [artist], "duration_ms": 181_500, "explicit": false, "id": "simTrack00000000000002",
        "is_local": false, "name": "No Context", "type": "track", "uri": "spotify:track:simTrack00000000000002",
    })
}

/// What artists, albums and tracks have in common.
fn named(kind: &str, id: &str, name: &str) -> Value {
    json!({
        "external_urls": {"spotify": format!("https://open.spotify.com/{kind}/{id}")},
        "href": format!("https://api.spotify.com/v1/{kind}s/{id}"),
        "id": id,
        "name": name,
        "type": kind,
        "uri": format!("spotify:{kind}:{id}"),
    })
}

/// Milliseconds since 1970 as Spotify writes a time.
pub(crate) fn iso_8601(milliseconds: i64) -> String {
    let (days, rest) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Days since 1970 as a date of the Gregorian calendar; years begin in March, so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_plays_are_those_of_the_fixture() {
        assert_eq!(iso_8601(played_at(0)), "2026-11-20T21:14:09.482Z");
        assert_eq!(iso_8601(played_at(1)), "2026-11-20T21:10:02.017Z");
        assert_eq!(iso_8601(951_782_400_000), "2000-02-29T00:00:00.000Z");
    }

    #[test]
    fn cursors_are_exclusive_and_exclude_each_other() {
        let read = |query: &str| Page::read(&Params::parse(query.as_bytes()));
        let select = |query: &str| read(query).unwrap().select();
        assert_eq!(select("limit=2"), [0, 1]);
        assert_eq!(select(&format!("limit=2&before={}", played_at(1))), [2, 3]);
        assert_eq!(select(&format!("limit=2&after={}", played_at(3))), [1, 2]);
        assert_eq!(select(&format!("after={LATEST}")), [0; 0]);
        assert_eq!(select("limit=50").len(), 50);
        for wrong in ["limit=0", "limit=51", "limit=x", "after=1&before=2", "after=x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = Page { limit: 50, side: Side::Latest };
        assert_eq!(write(&page, "h", false)["next"], Value::Null);
        let empty = write(&page, "h", true);
        assert_eq!(empty, json!({"items": [], "next": null, "cursors": null, "limit": 50, "href": "h"}));
    }
}
