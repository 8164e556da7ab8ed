-- An account is told apart by the server it is on, too. `variables` is the JSON object of what the person said of
-- that server, `kept` that of what the provider did; both in the order of their names.
CREATE TABLE connections_new (
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
    variables       TEXT NOT NULL DEFAULT '{}',
    kept            TEXT NOT NULL DEFAULT '{}',
    UNIQUE (provider, account_key, variables)
) STRICT;
INSERT INTO connections_new (
    id, provider, provider_name, client_id, account_key, account_name, keep, epoch, generation, authorized_at,
    ends_at, asked, granted, obtained_at, expires_at, renewable, standing, track, resting, created_at
) SELECT
    id, provider, provider_name, client_id, account_key, account_name, keep, epoch, generation, authorized_at,
    ends_at, asked, granted, obtained_at, expires_at, renewable, standing, track, resting, created_at
FROM connections;
DROP TABLE connections;
ALTER TABLE connections_new RENAME TO connections;

-- The clients that Latchkey is, by provider and server. `id` is also the place to which the envelope of the
-- secret is bound. The chosen one is for new sign-ins; the others are those of sign-ins that there are.
CREATE TABLE registrations (
    id              TEXT PRIMARY KEY NOT NULL,
    provider        TEXT NOT NULL,
    variables       TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    envelope        BLOB,
    chosen          INTEGER NOT NULL
) STRICT;
INSERT INTO registrations (id, provider, variables, client_id, chosen)
SELECT 'client ' || substr(key, 11) || ' {} ' || value, substr(key, 11), '{}', value, 1
FROM settings WHERE key LIKE 'client-id/%';
DELETE FROM settings WHERE key LIKE 'client-id/%';
