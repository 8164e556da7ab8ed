//! Every reason for which a request is refused, once, with its RFC 6749 5.2 code and its wording on each face.
//!
//! The record names the exact reason even where a provider would answer with one vague sentence.

use axum::http::StatusCode;

/// Why the token or revocation endpoint refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotAForm,
    ParametersInQuery,
    Repeated(String),
    Missing(&'static str),
    UnsupportedGrantType,
    TwoClientAuthentications,
    UnknownClient,
    WrongClientSecret,
    UnknownCode,
    CodeOfAnotherClient,
    CodeReplayed,
    CodeExpired,
    RedirectDiffers,
    MalformedVerifier,
    WrongVerifier,
    UnknownRefreshToken,
    RefreshTokenOfAnotherClient,
    RefreshTokenRevoked,
    RefreshTokenReused,
    AuthorizationExpired,
    ScopeNotGranted,
    TokenOfAnotherClient,
    UnknownScope,
    UnknownDeviceCode,
    AuthorizationPending,
    SlowDown,
    DeviceDeclined,
    DeviceExpired,
}

impl Refusal {
    /// The `error` of RFC 6749 5.2.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotAForm
            | Self::ParametersInQuery
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::TwoClientAuthentications
            | Self::MalformedVerifier => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnknownClient | Self::WrongClientSecret => "invalid_client",
            Self::ScopeNotGranted | Self::UnknownScope => "invalid_scope",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::DeviceDeclined => "access_denied",
            Self::DeviceExpired => "expired_token",
            Self::UnknownCode
            | Self::CodeOfAnotherClient
            | Self::CodeReplayed
            | Self::CodeExpired
            | Self::RedirectDiffers
            | Self::WrongVerifier
            | Self::UnknownRefreshToken
            | Self::RefreshTokenOfAnotherClient
            | Self::RefreshTokenRevoked
            | Self::RefreshTokenReused
            | Self::AuthorizationExpired
            | Self::TokenOfAnotherClient
            | Self::UnknownDeviceCode => "invalid_grant",
        }
    }

    /// The status: 401 for a client that is not known, else 400 (RFC 6749 5.2).
    pub(crate) fn status(&self) -> StatusCode {
        if self.code() == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }
    }

    /// The reason in words, for the record and the plain face.
    pub(crate) fn reason(&self) -> String {
        let fixed = match self {
            Self::Repeated(name) => return format!("{name} was sent more than once"),
            Self::Missing(name) => return format!("{name} is missing"),
            Self::NotAForm => "the body is not application/x-www-form-urlencoded",
            Self::ParametersInQuery => "parameters belong in the body, not in the query",
            Self::UnsupportedGrantType => "this grant_type is not known here",
            Self::TwoClientAuthentications => "more than one client authentication method was used",
            Self::UnknownClient => "the client is not registered",
            Self::WrongClientSecret => "the client secret is wrong, missing, or not for this kind of client",
            Self::UnknownCode => "the code was never issued",
            Self::CodeOfAnotherClient => "the code was issued to another client",
            Self::CodeReplayed => "the code was used before; its grant is revoked",
            Self::CodeExpired => "the code has expired",
            Self::RedirectDiffers => "redirect_uri differs from the authorization request",
            Self::MalformedVerifier => "code_verifier is not 43 to 128 unreserved characters",
            Self::WrongVerifier => "code_verifier does not match the challenge",
            Self::UnknownRefreshToken => "the refresh token was never issued",
            Self::RefreshTokenOfAnotherClient => "the refresh token was issued to another client",
            Self::RefreshTokenRevoked => "the refresh token was revoked",
            Self::RefreshTokenReused => "the refresh token was used before",
            Self::AuthorizationExpired => "the authorization has reached the end of its life",
            Self::ScopeNotGranted => "the scope is wider than what was granted",
            Self::TokenOfAnotherClient => "the token was issued to another client",
            Self::UnknownScope => "there is no such scope",
            Self::UnknownDeviceCode => "the device code was never issued to this client, or was used",
            Self::AuthorizationPending => "the person has not answered yet",
            Self::SlowDown => "the device asks too often",
            Self::DeviceDeclined => "the person declined",
            Self::DeviceExpired => "the device code has expired",
        };
        fixed.into()
    }

    /// The wording of `accounts.spotify.com`, as far as it is known.
    pub(crate) fn spotify_reason(&self) -> String {
        let fixed = match self {
            Self::UnknownCode | Self::CodeOfAnotherClient | Self::CodeReplayed => {
                "Invalid authorization code"
            }
            Self::CodeExpired => "Authorization code expired",
            Self::WrongVerifier | Self::MalformedVerifier => "code_verifier was incorrect",
            Self::RedirectDiffers => "Invalid redirect URI",
            Self::UnknownRefreshToken | Self::RefreshTokenOfAnotherClient => "Invalid refresh token",
            Self::RefreshTokenRevoked | Self::RefreshTokenReused | Self::AuthorizationExpired => {
                "Refresh token revoked"
            }
            Self::UnknownClient | Self::WrongClientSecret => "Invalid client",
            Self::Missing("grant_type") => return "grant_type parameter is missing".into(),
            Self::Missing(name) => return format!("{name} must be supplied"),
            Self::UnsupportedGrantType => "grant_type must be authorization_code or refresh_token",
            Self::NotAForm
            | Self::ParametersInQuery
            | Self::Repeated(_)
            | Self::TwoClientAuthentications
            | Self::ScopeNotGranted
            | Self::TokenOfAnotherClient
            | Self::UnknownScope
            | Self::UnknownDeviceCode
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::DeviceDeclined
            | Self::DeviceExpired => return self.reason(),
        };
        fixed.into()
    }

    /// The wording of `discord.com/api/oauth2/token`, as far as it is known; nothing where it says nothing.
    pub(crate) fn discord_reason(&self) -> Option<&'static str> {
        match self {
            Self::UnknownCode
            | Self::CodeOfAnotherClient
            | Self::CodeReplayed
            | Self::CodeExpired
            | Self::WrongVerifier
            | Self::RedirectDiffers => Some("Invalid \"code\" in request."),
            Self::MalformedVerifier => Some("Invalid \"code_verifier\""),
            Self::UnknownRefreshToken
            | Self::RefreshTokenOfAnotherClient
            | Self::RefreshTokenRevoked
            | Self::RefreshTokenReused
            | Self::AuthorizationExpired => Some("Invalid \"refresh_token\" in request"),
            Self::NotAForm
            | Self::ParametersInQuery
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::UnsupportedGrantType
            | Self::TwoClientAuthentications
            | Self::UnknownClient
            | Self::WrongClientSecret
            | Self::ScopeNotGranted
            | Self::TokenOfAnotherClient
            | Self::UnknownScope
            | Self::UnknownDeviceCode
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::DeviceDeclined
            | Self::DeviceExpired => None,
        }
    }

    /// The code on the Spotify face, which answers a missing `grant_type` with its own.
    pub(crate) fn spotify_code(&self) -> &'static str {
        if *self == Self::Missing("grant_type") { "unsupported_grant_type" } else { self.code() }
    }
}
