-- Until when APIs asked to be left alone. An empty account stands for every account of the client id, an empty
-- route for the whole API.
CREATE TABLE api_waits (
    api             TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    account         TEXT NOT NULL,
    route           TEXT NOT NULL,
    until           INTEGER NOT NULL,
    PRIMARY KEY (api, client_id, account, route)
) STRICT;

-- The person behind a connection to Discord, as the last sign-in or check found them.
CREATE TABLE discord_people (
    connection      TEXT PRIMARY KEY NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    snowflake       TEXT NOT NULL,
    username        TEXT NOT NULL,
    discriminator   TEXT NOT NULL,
    global_name     TEXT,
    avatar          TEXT,
    avatar_url      TEXT NOT NULL,
    seen_at         INTEGER NOT NULL
) STRICT;
