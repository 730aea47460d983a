#pragma once

namespace ocilot::meta {

/// Readers of the journal, and what is set aside for each.
inline constexpr char const* version_14 = R"sql(
CREATE TABLE consumer (
    name            TEXT PRIMARY KEY,
    place           INTEGER NOT NULL,
    failures        INTEGER NOT NULL DEFAULT 0,
    failing_since   INTEGER,
    next_attempt    INTEGER,
    last_error      TEXT NOT NULL DEFAULT '',
    last_success_at INTEGER
) STRICT, WITHOUT ROWID;

-- id and the columns from `at` on: a copy of the journal's row, which may be removed before this one.
CREATE TABLE held_change (
    consumer     TEXT NOT NULL,
    id           INTEGER NOT NULL,
    parked       INTEGER NOT NULL,
    replay       INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    error        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL,
    refused      INTEGER NOT NULL,
    by_name      TEXT NOT NULL,
    by_kind      TEXT NOT NULL,
    by_address   TEXT NOT NULL,
    request      TEXT NOT NULL,
    repository   TEXT NOT NULL,
    subject      TEXT NOT NULL,
    detail       TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    size         INTEGER,
    times        INTEGER NOT NULL,
    details      TEXT NOT NULL,
    PRIMARY KEY (consumer, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_change_parked ON held_change (consumer, parked, id);
CREATE INDEX held_change_age ON held_change (since) WHERE parked = 1;
)sql";

}  // namespace ocilot::meta
