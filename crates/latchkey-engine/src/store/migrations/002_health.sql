-- How a connection was, for a timeline: a row only where something differs from the row before.
CREATE TABLE health_changes (
    connection      TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    severity        TEXT NOT NULL,
    grant_kind      TEXT NOT NULL,
    activity        TEXT NOT NULL
) STRICT;
CREATE INDEX health_changes_by_connection ON health_changes (connection, at);

-- What a person was told, or is to be told. No reference to the connection: what was told of one that is
-- gone is still to be withdrawn.
CREATE TABLE incidents (
    connection      TEXT NOT NULL,
    reason          TEXT NOT NULL,
    began_at        INTEGER NOT NULL,
    sent_at         INTEGER,
    reminded_at     INTEGER,
    snoozed_until   INTEGER,
    ignored         INTEGER NOT NULL DEFAULT 0,
    ended           INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, reason)
) STRICT;
