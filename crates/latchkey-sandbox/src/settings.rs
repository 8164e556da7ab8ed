//! How the sandbox behaves while nothing is broken: every habit in which real providers differ, as data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::odd_settings::OddSettings;

/// The habits of the sandbox. `PUT /_control/settings` changes the members it names and keeps the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What happens to a refresh token when it is used (plain face).
    pub rotation: Rotation,
    /// Life of an access token in seconds.
    pub access_token_life_seconds: u64,
    /// Life of an authorization code in seconds.
    pub code_life_seconds: u64,
    /// Life of the whole authorization in seconds (plain face), if it ends by itself.
    pub authorization_life_seconds: Option<u64>,
    /// How `expires_in` is written.
    pub expires_in: ExpiresIn,
    /// How `token_type` is written.
    pub token_type: TokenType,
    /// Whether the code exchange brings a refresh token at all.
    pub issue_refresh_token: bool,
    /// How `refresh_token` is written in the answer to a refresh.
    pub refresh_token_on_refresh: RefreshTokenMember,
    /// How `scope` is written.
    pub scope: ScopeMember,
    /// Whether the authorization response names its issuer (RFC 9207, plain face).
    pub send_iss: bool,
    /// How the authorization response is formed.
    pub callback: Callback,
    /// Who answers the consent page.
    pub consent: Consent,
    /// How the `Date` of each answer is written; if absent, as this computer's clock has it.
    pub date: Option<String>,
    /// How the device flow goes (plain face).
    pub device: DeviceSettings,
    /// What is particular to the Spotify face.
    pub spotify: SpotifySettings,
    /// What is particular to the Discord face.
    pub discord: DiscordSettings,
    /// What is particular to the odd face.
    pub odd: OddSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rotation: Rotation::Rotate { grace_seconds: 0, reuse_detection: true },
            access_token_life_seconds: 3600,
            code_life_seconds: 60,
            authorization_life_seconds: None,
            expires_in: ExpiresIn::Number,
            token_type: TokenType::Bearer,
            issue_refresh_token: true,
            refresh_token_on_refresh: RefreshTokenMember::ByRotation,
            scope: ScopeMember::Echo,
            send_iss: false,
            callback: Callback::Faithful,
            consent: Consent::Ask,
            date: None,
            device: DeviceSettings::default(),
            spotify: SpotifySettings::default(),
            discord: DiscordSettings::default(),
            odd: OddSettings::default(),
        }
    }
}

impl Settings {
    pub(crate) fn code_life(&self) -> Duration {
        Duration::from_secs(self.code_life_seconds)
    }
}

/// What happens to a refresh token when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Rotation {
    /// It stays valid and is not named in the answer.
    Fixed,
    /// It stays valid and is repeated in the answer.
    FixedEcho,
    /// It is spent and a successor takes its place.
    Rotate {
        /// For so many seconds a spent token is answered with the same successor, while that one is unused.
        grace_seconds: u64,
        /// Whether a spent token outside the grace revokes the whole family (RFC 9700 4.14.2).
        reuse_detection: bool,
    },
}

/// How `expires_in` is written (RFC 6749 5.1 asks for a number).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiresIn {
    /// `3600`
    Number,
    /// `"3600"`
    String,
    /// `3600.0`
    Float,
    /// Not at all.
    Missing,
    /// `0`, although the token lives.
    Zero,
}

/// How `token_type` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// `Bearer`
    Bearer,
    /// `bearer`
    LowerCase,
    /// Not at all.
    Missing,
    /// `mac`: a type that a bearer client must not use.
    Mac,
}

/// How `refresh_token` is written in the answer to a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokenMember {
    /// As [`Rotation`] says.
    ByRotation,
    /// `null`; the token stays valid.
    Null,
    /// `""`; the token stays valid.
    Empty,
}

/// How `scope` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeMember {
    /// What was granted.
    Echo,
    /// Not at all, which means "as asked" (RFC 6749 5.1).
    Missing,
    /// The last scope is taken away, from the token and from the answer.
    Reduced,
    /// The answer names a scope that nobody asked for.
    Widened,
}

/// How the authorization response is formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// As RFC 6749 4.1.2 asks.
    Faithful,
    /// With another `state` than the client's.
    WrongState,
    /// Without `state`.
    MissingState,
    /// With the `iss` of somebody else.
    WrongIssuer,
    /// With `code` twice.
    RepeatedCode,
}

/// Who answers the consent page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Consent {
    /// A person, or a test that drives a browser.
    Ask,
    /// Nobody: `/authorize` redirects at once as if this account agreed to everything.
    Agree {
        /// `ada` or `ben`.
        account: String,
    },
    /// Nobody: `/authorize` redirects at once with `access_denied`.
    Decline,
}

/// How the device flow goes (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceSettings {
    /// Seconds between two questions; without a number five (RFC 8628 3.2).
    pub interval_seconds: Option<u64>,
    /// Life of a code in seconds.
    pub life_seconds: u64,
    /// Whether there is a page with the code filled in.
    pub complete_uri: bool,
    /// So many questions yet are answered with `slow_down`.
    pub slow_down: u32,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self { interval_seconds: Some(5), life_seconds: 600, complete_uri: true, slow_down: 0 }
    }
}

/// What is particular to the Spotify face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpotifySettings {
    /// [`Rotation::Fixed`] since mid-2026; the rotating form came before.
    pub rotation: Rotation,
    /// Refresh tokens die six months after the authorization, however often they are used.
    pub authorization_life_seconds: Option<u64>,
    /// Whether `/v1/me` has the members that development mode removes.
    pub extended_quota: bool,
    /// How the web API treats this app.
    pub standing: Standing,
    /// Whether the person played nothing.
    pub nothing_played: bool,
}

impl Default for SpotifySettings {
    fn default() -> Self {
        const SIX_MONTHS: u64 = 182 * 24 * 3600;
        Self {
            rotation: Rotation::Fixed,
            authorization_life_seconds: Some(SIX_MONTHS),
            extended_quota: false,
            standing: Standing::Good,
            nothing_played: false,
        }
    }
}

/// What is particular to the Discord face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiscordSettings {
    /// Life of an access token in seconds: a week.
    pub access_token_life_seconds: u64,
    /// Calls that are left until it is set anew; without a number there are always some.
    pub remaining: Option<u32>,
    /// How the API treats callers.
    pub mood: DiscordMood,
}

impl Default for DiscordSettings {
    fn default() -> Self {
        Self { access_token_life_seconds: 604_800, remaining: None, mood: DiscordMood::Good }
    }
}

/// How Discord's API treats callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscordMood {
    /// Calls work.
    Good,
    /// 429 for the bucket of the call.
    LimitedUser,
    /// 429 for everything.
    LimitedGlobal,
    /// 429 for a resource that others use, too.
    LimitedShared,
    /// 403 with a page of the gateway.
    Blocked,
}

/// How Spotify's web API treats the app and its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Standing {
    /// Calls work.
    Good,
    /// The person is not on the allowlist: 403 in plain text.
    NotAllowlisted,
    /// The owner of the app has no Premium: 403 in plain text.
    PremiumMissing,
    /// 429 in plain text; real waits reach hours.
    RateLimited {
        /// The `Retry-After`.
        retry_after_seconds: u64,
    },
    /// 429 with the reason `QUOTA_EXCEEDED` and no `Retry-After`.
    QuotaExceeded,
}
