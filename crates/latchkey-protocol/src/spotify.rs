//! What Spotify tells, in types. Members that development mode leaves out, or that are often null, are optional.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The immutable key: `account_id`, else `id`.
    pub key: String,
    /// The name to show, where there is one.
    pub name: Option<String>,
    /// `spotify:user:…`.
    pub uri: Option<String>,
}

/// A track, as far as an answer describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    /// `spotify:track:…`; a local file has a URI of its own kind.
    pub uri: String,
    /// Its title.
    pub name: String,
    /// Whose it is.
    pub artists: Vec<String>,
    /// The album's title.
    pub album: Option<String>,
    /// Its length in milliseconds.
    pub duration_ms: Option<i64>,
}

/// Something that was played for more than thirty seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Play {
    /// What.
    pub track: Track,
    /// When.
    pub played_at: Timestamp,
    /// The URI of the playlist or album it was played from, which is often not told.
    pub context: Option<String>,
}

/// Which plays are asked for. Both moments are exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// The latest.
    Latest,
    /// Those after a moment.
    After(Timestamp),
    /// Those before a moment. Spotify remembers fifty in all.
    Before(Timestamp),
}

/// Plays, newest first, and where the next ones lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plays {
    /// The plays.
    pub items: Vec<Play>,
    /// Later ones are after this moment.
    pub after: Option<Timestamp>,
    /// Earlier ones are before this moment.
    pub before: Option<Timestamp>,
}

/// A playlist without what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Playlist {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: Option<String>,
    /// Whether others see it; absent where Spotify does not say.
    pub public: Option<bool>,
    /// How much is in it.
    pub total: Option<u32>,
}

/// What is in a playlist at one place; absent content is no longer offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaylistItem {
    /// What.
    pub track: Option<Track>,
    /// Since when.
    pub added_at: Option<Timestamp>,
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// How much there is in all, where Spotify says.
    pub total: Option<u32>,
    /// The offset of the next part; absent at the end.
    pub next_offset: Option<u32>,
}

/// An artist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artist {
    /// `spotify:artist:…`.
    pub uri: String,
    /// The name.
    pub name: String,
}

/// Artists that are followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Followed {
    /// The artists.
    pub items: Vec<Artist>,
    /// How many there are in all, where Spotify says.
    pub total: Option<u32>,
    /// The next ones come after the artist with this id; absent at the end.
    pub after: Option<String>,
}
