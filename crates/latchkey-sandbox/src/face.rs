//! The faces of the sandbox as data: what differs between one provider and the next, over one OAuth core.

use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer;
use crate::ledger::Prefixes;
use crate::refusal::Refusal;
use crate::scope::{self, Scope};
use crate::settings::{Rotation, Settings};

/// Which provider the sandbox plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// An ordinary, strict OAuth 2.0 provider, at the root.
    Plain,
    /// Spotify as of autumn 2026, under `/spotify`.
    Spotify,
    /// Discord as of autumn 2026, under `/discord`: a public client with PKCE.
    Discord,
    /// A provider that does everything otherwise, under `/odd`.
    Odd,
}

impl Face {
    /// Where the paths of this face begin.
    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Spotify => "/spotify",
            Self::Discord => "/discord/oauth2",
            Self::Odd => "/odd",
        }
    }

    /// What the consent page calls the provider.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Plain => "Latchkey Sandbox",
            Self::Spotify => "Latchkey Sandbox, Spotify rules",
            Self::Discord => "Latchkey Sandbox, Discord rules",
            Self::Odd => "Latchkey Sandbox, odd rules",
        }
    }

    pub(crate) fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Plain | Self::Odd => scope::PLAIN,
            Self::Spotify => scope::SPOTIFY,
            Self::Discord => scope::DISCORD,
        }
    }

    pub(crate) fn scope(self, name: &str) -> Option<&'static Scope> {
        self.scopes().iter().find(|scope| scope.name == name)
    }

    /// What a request without `scope` asks for (RFC 6749 3.3).
    pub(crate) fn default_scopes(self) -> Vec<String> {
        self.scopes().iter().filter(|scope| scope.needed).map(|scope| scope.name.into()).collect()
    }

    pub(crate) fn prefixes(self) -> Prefixes {
        match self {
            Self::Plain | Self::Odd => {
                Prefixes { code: "sbx_code_", access_token: "sbx_access_", refresh_token: "sbx_refresh_" }
            }
            Self::Spotify => Prefixes { code: "AQLK", access_token: "BQ", refresh_token: "AQ" },
            Self::Discord => Prefixes {
                code: "simDiscordCode_",
                access_token: "simDiscordAccess_",
                refresh_token: "simDiscordRefresh_",
            },
        }
    }

    pub(crate) fn rotation(self, settings: &Settings) -> Rotation {
        match self {
            Self::Plain | Self::Odd => settings.rotation,
            Self::Spotify => settings.spotify.rotation,
            // The old refresh token dies at once, and using it again ends nothing else.
            Self::Discord => Rotation::Rotate { grace_seconds: 0, reuse_detection: false },
        }
    }

    pub(crate) fn authorization_life(self, settings: &Settings) -> Option<Duration> {
        let seconds = match self {
            Self::Plain | Self::Odd => settings.authorization_life_seconds,
            Self::Spotify => settings.spotify.authorization_life_seconds,
            Self::Discord => None,
        };
        seconds.map(Duration::from_secs)
    }

    /// The life of an access token in seconds.
    pub(crate) fn access_token_life(self, settings: &Settings) -> u64 {
        match self {
            Self::Plain | Self::Spotify | Self::Odd => settings.access_token_life_seconds,
            Self::Discord => settings.discord.access_token_life_seconds,
        }
    }

    /// The token endpoint's refusal (RFC 6749 5.2), as this face words it.
    pub(crate) fn refuse(self, refusal: &Refusal, challenge_basic: bool) -> Response {
        let (status, code, description) = match self {
            Self::Plain | Self::Odd => (refusal.status(), refusal.code(), refusal.reason()),
            Self::Spotify => {
                (axum::http::StatusCode::BAD_REQUEST, refusal.spotify_code(), refusal.spotify_reason())
            }
            Self::Discord => match refusal.discord_reason() {
                Some(reason) => (refusal.status(), refusal.code(), reason.to_owned()),
                None => return answer::json(refusal.status(), &json!({"error": refusal.code()})),
            },
        };
        let mut response = answer::json(status, &json!({"error": code, "error_description": description}));
        if challenge_basic && self == Self::Plain && refusal.code() == "invalid_client" {
            let challenge = HeaderValue::from_static("Basic realm=\"sandbox\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
