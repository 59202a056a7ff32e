-- What the engine keeps beside the spaces. Tables of spaces are made when a space is first declared.

-- One row: the last revision, and the smallest one the change feed can go on from.
CREATE TABLE claviger_head (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    revision  INTEGER NOT NULL,
    feed_from INTEGER NOT NULL
) STRICT;
INSERT INTO claviger_head VALUES (1, 0, 0);

-- What each space was declared as. `retired` is the highest version a deleted record of it had.
CREATE TABLE claviger_spaces (
    name    TEXT PRIMARY KEY NOT NULL,
    indexes TEXT NOT NULL,
    sealed  INTEGER NOT NULL,
    retired INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The change feed.
CREATE TABLE claviger_changes (
    revision INTEGER NOT NULL,
    space    TEXT NOT NULL,
    id       TEXT NOT NULL,
    PRIMARY KEY (revision, space, id)
) STRICT, WITHOUT ROWID;

-- A lease nobody holds has no holder; its token stays, so that the next one is higher.
CREATE TABLE claviger_leases (
    name     TEXT PRIMARY KEY NOT NULL,
    holder   TEXT,
    token    INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
