//! Which scopes exist and what they mean in plain words: the consent page has to say it to a person.

/// One permission.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    /// A needed scope cannot be unticked on the consent page.
    pub(crate) needed: bool,
}

const fn needed(name: &'static str, meaning: &'static str) -> Scope {
    Scope { name, meaning, needed: true }
}

const fn optional(name: &'static str, meaning: &'static str) -> Scope {
    Scope { name, meaning, needed: false }
}

/// The scopes of the plain face.
pub(crate) const PLAIN: &[Scope] = &[
    needed("profile", "See your name and picture"),
    optional("email", "See your e-mail address"),
    optional("library.read", "See what is in your library"),
    optional("library.write", "Add to your library and remove from it"),
];

/// The scopes of the Spotify face.
pub(crate) const SPOTIFY: &[Scope] = &[
    optional("user-read-recently-played", "See what you played recently"),
    optional("user-library-read", "See what you saved"),
    optional("user-library-modify", "Change what you saved"),
    optional("playlist-read-private", "See your private playlists"),
    optional("playlist-read-collaborative", "See playlists you share with others"),
    optional("playlist-modify-private", "Change your private playlists"),
    optional("playlist-modify-public", "Change your public playlists"),
    optional("user-follow-read", "See whom you follow"),
    optional("user-follow-modify", "Change whom you follow"),
    optional("user-top-read", "See your most played artists and tracks"),
    optional("user-read-private", "See your subscription and country"),
    optional("user-read-email", "See your e-mail address"),
    optional("user-read-playback-state", "See what plays, and where"),
    optional("user-modify-playback-state", "Control what plays"),
    optional("user-read-currently-playing", "See what plays at the moment"),
    optional("user-read-playback-position", "See where you stopped listening"),
    optional("ugc-image-upload", "Upload pictures for you"),
    optional("streaming", "Play music in the app"),
    optional("app-remote-control", "Control the player app"),
];

/// The scopes of the Discord face.
pub(crate) const DISCORD: &[Scope] = &[
    needed("identify", "See your username, picture and banner"),
    optional("email", "See your e-mail address"),
    optional("guilds", "Know what servers you are in"),
    optional("connections", "See your accounts elsewhere"),
];
