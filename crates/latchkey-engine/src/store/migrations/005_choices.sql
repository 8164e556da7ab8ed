-- What a person says of a connection. A table of its own: nothing that a refresh or a sign-in writes touches it.
CREATE TABLE choices (
    connection      TEXT PRIMARY KEY NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    alias           TEXT,
    browser         TEXT
) STRICT;
