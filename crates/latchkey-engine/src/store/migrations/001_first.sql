-- Times are milliseconds since the Unix epoch. Enumerations are JSON texts written and read by serde.
CREATE TABLE connections (
    id              TEXT PRIMARY KEY NOT NULL,
    provider        TEXT NOT NULL,
    provider_name   TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    account_key     TEXT NOT NULL,
    account_name    TEXT NOT NULL,
    keep            TEXT NOT NULL,
    epoch           INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    authorized_at   INTEGER NOT NULL,
    ends_at         INTEGER,
    asked           TEXT NOT NULL,
    granted         TEXT NOT NULL,
    obtained_at     INTEGER NOT NULL,
    expires_at      INTEGER,
    renewable       INTEGER NOT NULL,
    standing        TEXT NOT NULL,
    track           TEXT NOT NULL,
    resting         TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    UNIQUE (provider, account_key)
) STRICT;

CREATE TABLE pictures (
    connection      TEXT PRIMARY KEY NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    media_type      TEXT NOT NULL,
    bytes           BLOB NOT NULL
) STRICT;

-- A token set on its way to the keychain, or one that cannot go there. Erased once the keychain holds it.
CREATE TABLE token_sets (
    connection      TEXT PRIMARY KEY NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    epoch           INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    envelope        BLOB NOT NULL
) STRICT;

-- "The refresh token of this generation is about to be spent." Written before the request leaves.
CREATE TABLE intents (
    connection      TEXT PRIMARY KEY NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    epoch           INTEGER NOT NULL,
    generation      INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    started_at      INTEGER NOT NULL
) STRICT;

-- Sign-ins that wait for the browser, so that a link finds its sign-in after a restart.
CREATE TABLE sign_ins (
    id              TEXT PRIMARY KEY NOT NULL,
    expires_at      INTEGER NOT NULL,
    envelope        BLOB NOT NULL
) STRICT;

CREATE TABLE history (
    connection      TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    message         TEXT
) STRICT;
CREATE INDEX history_by_connection ON history (connection, at);

CREATE TABLE settings (
    key             TEXT PRIMARY KEY NOT NULL,
    value           TEXT NOT NULL
) STRICT;
