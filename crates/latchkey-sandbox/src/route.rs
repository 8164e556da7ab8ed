//! The map of the sandbox: every path, who answers it, and by which name faults and records know it.

use axum::http::Method;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::core::Core;
use crate::exchange::Exchange;
use crate::face::Face;
use crate::{
    account_page, authorize, decision, device, discord, odd, picture, revoke, spotify, spotify_library,
    token, userinfo,
};

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
    /// Who the bearer is: `/userinfo`, `/spotify/v1/me`, `/discord/api/v10/users/@me`.
    Userinfo,
    /// Another resource: `/api/library`, `/spotify/v1/me/player/recently-played` and its like.
    Api,
    /// Whether an access token is valid: `/odd/validate`.
    Validate,
    /// Registration at run time: `/odd/register`, `/odd/apps`.
    Register,
    /// The device authorization endpoint.
    Device,
    /// The page where a person types the code of a device.
    DevicePage,
    /// A portrait.
    Picture,
    /// The page where a person removes an app.
    Account,
    /// A path that is not the sandbox's.
    Elsewhere,
}

type Handler = fn(&mut Core, &Exchange) -> Answer;

/// One path with the methods it answers; `{}` stands for one part of it.
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
    GetPost,
    PutDelete,
    GetPostDelete,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::GetPost => "GET, POST",
            Self::PutDelete => "PUT, DELETE",
            Self::GetPostDelete => "GET, POST, DELETE",
        }
    }

    pub(crate) fn is(self, method: &Method) -> bool {
        self.name().split(", ").any(|name| name == method.as_str())
    }
}

const fn get(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::Get, path, handler }
}

const fn post(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::Post, path, handler }
}

const fn get_post(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::GetPost, path, handler }
}

const fn api(face: Face, method: Verb, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint: Endpoint::Api, method, path, handler }
}

const fn delete(face: Face, endpoint: Endpoint, path: &'static str, handler: Handler) -> Route {
    Route { face, endpoint, method: Verb::Delete, path, handler }
}

const ROUTES: &[Route] = &[
    get(Face::Plain, Endpoint::Authorize, "/authorize", authorize::show),
    post(Face::Plain, Endpoint::Decision, "/authorize/decision", decision::decide),
    post(Face::Plain, Endpoint::Token, "/token", token::answer),
    post(Face::Plain, Endpoint::Device, "/device_authorization", device::begin),
    get_post(Face::Plain, Endpoint::DevicePage, "/device", device::show),
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
    api(Face::Spotify, Verb::PutDelete, "/spotify/v1/me/library", spotify_library::change),
    api(Face::Spotify, Verb::Get, "/spotify/v1/me/library/contains", spotify_library::contains),
    api(Face::Spotify, Verb::GetPost, "/spotify/v1/me/playlists", spotify_library::playlists),
    api(Face::Spotify, Verb::GetPostDelete, "/spotify/v1/playlists/{}/items", spotify_library::items),
    api(Face::Spotify, Verb::Get, "/spotify/v1/me/following", spotify_library::following),
    get(Face::Discord, Endpoint::Authorize, "/discord/oauth2/authorize", authorize::show),
    post(Face::Discord, Endpoint::Decision, "/discord/oauth2/authorize/decision", decision::decide),
    post(Face::Discord, Endpoint::Token, "/discord/api/oauth2/token", token::answer),
    post(Face::Discord, Endpoint::Revoke, "/discord/api/oauth2/token/revoke", revoke::revoke),
    get(Face::Discord, Endpoint::Userinfo, "/discord/api/v10/users/@me", discord::me),
    get(Face::Discord, Endpoint::Api, "/discord/api/v10/oauth2/@me", discord::authorization),
    get(Face::Discord, Endpoint::Api, "/discord/api/v10/users/@me/guilds", discord::guilds),
    get(Face::Discord, Endpoint::Picture, "/discord/cdn/avatars/{}/{}", picture::ada),
    get(Face::Discord, Endpoint::Picture, "/discord/cdn/embed/avatars/{}", picture::ben),
    get(Face::Odd, Endpoint::Authorize, "/odd/authorize", odd::authorize),
    post(Face::Odd, Endpoint::Token, "/odd/token", odd::token),
    post(Face::Odd, Endpoint::Token, "/odd/refresh", odd::refresh),
    get(Face::Odd, Endpoint::Userinfo, "/odd/me", odd::me),
    post(Face::Odd, Endpoint::Userinfo, "/odd/graphql", odd::graphql),
    get_post(Face::Odd, Endpoint::Userinfo, "/odd/identity", odd::identity),
    get(Face::Odd, Endpoint::Validate, "/odd/validate", odd::validate),
    post(Face::Odd, Endpoint::Revoke, "/odd/revoke", odd::revoke),
    delete(Face::Odd, Endpoint::Revoke, "/odd/tokens", odd::delete),
    post(Face::Odd, Endpoint::Register, "/odd/register", odd::register),
    post(Face::Odd, Endpoint::Register, "/odd/apps", odd::apps),
];

/// The route of a path.
pub(crate) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| fits(route.path, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut pairs = pattern.split('/').zip(path.split('/'));
    pattern.split('/').count() == path.split('/').count()
        && pairs.all(|(wanted, given)| wanted == "{}" || wanted == given)
}
