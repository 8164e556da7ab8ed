//! The map of the sandbox: every path, who answers it, and by which name faults and records know it.

use axum::http::Method;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::core::Core;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::{account_page, authorize, decision, odd, picture, revoke, spotify, token, userinfo};

/// What a request is for, on whichever face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// The authorization endpoint: the consent page.
    Authorize,
    /// The answer of the consent page.
    Decision,
    /// The token endpoint, for anything but a refresh.
    Token,
    /// The token endpoint, with `grant_type=refresh_token`.
    Refresh,
    /// The revocation endpoint.
    Revoke,
    /// Who the bearer is: `/userinfo`, `/spotify/v1/me`.
    Userinfo,
    /// Another resource: `/api/library`, `/spotify/v1/me/player/recently-played`.
    Api,
    /// Whether an access token is valid: `/odd/validate`.
    Validate,
    /// Registration at run time: `/odd/register`, `/odd/apps`.
    Register,
    /// A portrait.
    Picture,
    /// The page where a person removes an app.
    Account,
    /// A path that is not the sandbox's.
    Elsewhere,
}

type Handler = fn(&mut Core, &Exchange) -> Answer;

/// One path with the one method it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) face: Face,
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Verb,
    pub(crate) path: &'static str,
    pub(crate) handler: Handler,
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    pub(crate) fn is(self, method: &Method) -> bool {
        method.as_str() == self.name()
    }
}

const fn get(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::Get, path, handler }
}

const fn post(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::Post, path, handler }
}

const fn delete(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::Delete, path, handler }
}

const ROUTES: &[Route] = &[
    get(Face::Plain, Endpoint::Authorize, "/authorize", authorize::show),
    post(Face::Plain, Endpoint::Decision, "/authorize/decision", decision::decide),
    post(Face::Plain, Endpoint::Token, "/token", token::answer),
    post(Face::Plain, Endpoint::Revoke, "/revoke", revoke::revoke),
    get(Face::Plain, Endpoint::Userinfo, "/userinfo", userinfo::userinfo),
    get(Face::Plain, Endpoint::Api, "/api/library", userinfo::library),
    get(Face::Plain, Endpoint::Picture, "/pictures/ada.png", picture::ada),
    get(Face::Plain, Endpoint::Picture, "/pictures/ben.png", picture::ben),
    get(Face::Plain, Endpoint::Account, "/account", account_page::show),
    post(Face::Plain, Endpoint::Account, "/account/remove", account_page::remove),
    get(Face::Spotify, Endpoint::Authorize, "/spotify/authorize", authorize::show),
    post(Face::Spotify, Endpoint::Decision, "/spotify/authorize/decision", decision::decide),
    post(Face::Spotify, Endpoint::Token, "/spotify/api/token", token::answer),
    get(Face::Spotify, Endpoint::Userinfo, "/spotify/v1/me", spotify::me),
    get(Face::Spotify, Endpoint::Api, "/spotify/v1/me/player/recently-played", spotify::recently_played),
    get(Face::Odd, Endpoint::Authorize, "/odd/authorize", odd::authorize),
    post(Face::Odd, Endpoint::Token, "/odd/token", odd::token),
    post(Face::Odd, Endpoint::Token, "/odd/refresh", odd::refresh),
    get(Face::Odd, Endpoint::Userinfo, "/odd/me", odd::me),
    post(Face::Odd, Endpoint::Userinfo, "/odd/graphql", odd::graphql),
    get(Face::Odd, Endpoint::Validate, "/odd/validate", odd::validate),
    post(Face::Odd, Endpoint::Revoke, "/odd/revoke", odd::revoke),
    delete(Face::Odd, Endpoint::Revoke, "/odd/tokens", odd::delete),
    post(Face::Odd, Endpoint::Register, "/odd/register", odd::register),
    post(Face::Odd, Endpoint::Register, "/odd/apps", odd::apps),
];

/// The route of a path.
pub(crate) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}
