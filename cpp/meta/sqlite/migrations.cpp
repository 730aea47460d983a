#include "meta/sqlite/migrations.h"

#include "meta/sqlite/version_11.h"
#include "meta/sqlite/version_12.h"
#include "meta/sqlite/version_13.h"
#include "meta/sqlite/version_14.h"
#include "meta/sqlite/version_15.h"
#include "meta/sqlite/version_16.h"
#include "meta/sqlite/version_17.h"
#include "meta/sqlite/version_18.h"
#include "meta/sqlite/version_19.h"
#include "meta/sqlite/version_20.h"
#include "meta/sqlite/version_21.h"
#include "meta/sqlite/version_22.h"

#include <array>

namespace ocilot::meta {

namespace {

// Times are microseconds since 1970, UTC. Digests are text, so that any tool can read them.
constexpr char const* version_1 = R"sql(
-- An id is never used twice: what is read by id in two steps cannot be another repository's.
CREATE TABLE repository (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL UNIQUE,
    manifests INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX repository_listed ON repository (name) WHERE manifests > 0;

CREATE TABLE manifest (
    id            INTEGER PRIMARY KEY,
    repository    INTEGER NOT NULL REFERENCES repository (id),
    digest        TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          INTEGER NOT NULL,
    subject       TEXT,
    artifact_type TEXT NOT NULL,
    annotations   TEXT NOT NULL,
    pushed_by     TEXT NOT NULL,
    pushed_at     INTEGER NOT NULL,
    UNIQUE (repository, digest)
) STRICT;
CREATE INDEX manifest_referrer ON manifest (repository, subject, digest) WHERE subject IS NOT NULL;
CREATE INDEX manifest_referrer_type ON manifest (repository, subject, artifact_type, digest)
    WHERE subject IS NOT NULL;

-- What a manifest names, present or not. kind: 'blob' or 'manifest'.
CREATE TABLE edge (
    manifest INTEGER NOT NULL REFERENCES manifest (id),
    child    TEXT NOT NULL,
    kind     TEXT NOT NULL,
    PRIMARY KEY (manifest, child, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_child ON edge (child);

CREATE TABLE tag (
    repository INTEGER NOT NULL REFERENCES repository (id),
    name       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    moved_at   INTEGER NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES manifest (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_digest ON tag (repository, digest);

-- Keeps the repository's name: history outlives the repository. No digest: the tag was removed.
CREATE TABLE tag_history (
    id         INTEGER PRIMARY KEY,
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    digest     TEXT,
    changed_by TEXT,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tag_history_tag ON tag_history (repository, tag);

CREATE TABLE link (
    repository INTEGER NOT NULL REFERENCES repository (id),
    digest     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    linked_at  INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_digest ON link (digest);

-- Keeps the repository's name: an upload does not make a repository.
CREATE TABLE upload (
    id         TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    address    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_started ON upload (started_at);
CREATE INDEX upload_repository ON upload (repository);
CREATE INDEX upload_caller ON upload (started_by, address);
)sql";

constexpr char const* version_2 = R"sql(
-- Blobs whose bytes were found to be wrong and taken away; nobody holds them until they are pushed again.
CREATE TABLE quarantined (
    digest TEXT PRIMARY KEY,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far a background job has come, in its own words.
CREATE TABLE job_place (
    job      TEXT PRIMARY KEY,
    place    TEXT NOT NULL,
    noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_digest ON manifest (digest);
)sql";

constexpr char const* version_3 = R"sql(
-- group_names: a JSON array of texts.
CREATE TABLE account (
    name          TEXT PRIMARY KEY,
    robot         INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    group_names   TEXT NOT NULL,
    admin         INTEGER NOT NULL,
    disabled      INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- scopes: a JSON array of texts. A refresh token may be of a name that is no account.
CREATE TABLE token (
    id           TEXT PRIMARY KEY,
    account      TEXT NOT NULL,
    secret_hash  TEXT NOT NULL,
    note         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    refresh      INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_account ON token (account, refresh, created_at);
CREATE INDEX token_created ON token (refresh, created_at);
CREATE INDEX token_expired ON token (expires_at) WHERE refresh = 1;

CREATE TABLE signing_key (
    id          TEXT PRIMARY KEY,
    private_pem TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX signing_key_created ON signing_key (created_at);

CREATE TABLE journal (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    action     TEXT NOT NULL,
    refused    INTEGER NOT NULL,
    by_name    TEXT NOT NULL,
    by_kind    TEXT NOT NULL,
    by_address TEXT NOT NULL,
    repository TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    times      INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_time ON journal (refused, at);
CREATE INDEX journal_action ON journal (action, at);
CREATE INDEX journal_caller ON journal (by_name, at) WHERE by_name <> '';
CREATE INDEX journal_repository ON journal (repository, at) WHERE repository <> '';
)sql";

// Two indexes of the journal in one: an entry is written with every push.
constexpr char const* version_4 = R"sql(
DROP INDEX journal_time;
DROP INDEX journal_action;
CREATE INDEX journal_action ON journal (action, refused, at);
)sql";

// A session is recorded with how far it is, so that it can be continued without reading its bytes. Of those
// that are there nobody knows when their last byte came: they count as just written to. state:
// blob::Upload::state().
constexpr char const* version_5 = R"sql(
ALTER TABLE upload ADD COLUMN offset INTEGER NOT NULL DEFAULT 0;
ALTER TABLE upload ADD COLUMN state BLOB NOT NULL DEFAULT x'';
ALTER TABLE upload ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE upload ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
ALTER TABLE upload ADD COLUMN last_write_at INTEGER NOT NULL DEFAULT 0;
UPDATE upload SET last_write_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
DROP INDEX upload_started;
DROP INDEX upload_repository;
DROP INDEX upload_caller;
CREATE INDEX upload_idle ON upload (last_write_at, id);
CREATE INDEX upload_repository ON upload (repository, last_write_at);
CREATE INDEX upload_caller ON upload (started_by, last_write_at) WHERE started_by <> '';

-- What the URLs of upload sessions are sealed with; by the version that a seal names.
CREATE TABLE upload_key (
    version INTEGER PRIMARY KEY,
    key     BLOB NOT NULL
) STRICT;
)sql";

// The journal is not written again: columns are added with what older rows have of them. The count of
// manifests becomes the flag that it was used as.
constexpr char const* version_6 = R"sql(
DROP INDEX repository_listed;
ALTER TABLE repository RENAME COLUMN manifests TO listed;
UPDATE repository SET listed = 1 WHERE listed > 1;
CREATE INDEX repository_listed ON repository (name) WHERE listed = 1;

-- subject: what it is about, by action: a digest, a tag, an account, an id. detail: why it was refused; in rows
-- of version 5 and before, what changed. details: a JSON object of what the other columns do not have, or ''.
ALTER TABLE journal ADD COLUMN request TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN media_type TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN size INTEGER;
ALTER TABLE journal ADD COLUMN details TEXT NOT NULL DEFAULT '';

-- Who asks what needs a digest reads no edges of other repositories.
DROP INDEX edge_child;
ALTER TABLE edge ADD COLUMN repository INTEGER NOT NULL DEFAULT 0;
DELETE FROM edge WHERE NOT EXISTS (SELECT 1 FROM manifest m WHERE m.id = edge.manifest);
UPDATE edge SET repository = (SELECT m.repository FROM manifest m WHERE m.id = edge.manifest);
CREATE INDEX edge_child ON edge (repository, child);
)sql";

// Garbage collection: what is to be reviewed, and what was removed and can be restored.
constexpr char const* version_7 = R"sql(
-- repository: '' for the bytes of a blob. fresh: pushed and not yet named. The time is that of the change.
CREATE TABLE review (
    repository  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    fresh       INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_due ON review (fresh, released_at);

-- Keeps the repository's name, as tag_history. tags: a JSON array of those that went along. condemned: by the
-- collector, which purges it at once unless a client asks for it; else by a client.
CREATE TABLE removed_manifest (
    id            INTEGER PRIMARY KEY,
    repository    TEXT NOT NULL,
    digest        TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          INTEGER NOT NULL,
    subject       TEXT,
    artifact_type TEXT NOT NULL,
    annotations   TEXT NOT NULL,
    pushed_by     TEXT NOT NULL,
    pushed_at     INTEGER NOT NULL,
    tags          TEXT NOT NULL,
    removed_at    INTEGER NOT NULL,
    condemned     INTEGER NOT NULL,
    UNIQUE (repository, digest)
) STRICT;
CREATE INDEX removed_manifest_digest ON removed_manifest (digest);
CREATE INDEX removed_manifest_subject ON removed_manifest (repository, subject) WHERE subject IS NOT NULL;

CREATE TABLE removed_edge (
    manifest   INTEGER NOT NULL REFERENCES removed_manifest (id),
    child      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    repository TEXT NOT NULL,
    PRIMARY KEY (manifest, child, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_edge_child ON removed_edge (repository, child);

CREATE TABLE removed_link (
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    linked_at  INTEGER NOT NULL,
    removed_at INTEGER NOT NULL,
    condemned  INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_link_digest ON removed_link (digest);
)sql";

// Names under which repositories can be pulled, too.
constexpr char const* version_8 = R"sql(
-- No repository has the name of an alias. The target is a name: it may be deleted and come back.
CREATE TABLE repository_alias (
    name       TEXT PRIMARY KEY,
    target     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_alias_target ON repository_alias (target);
)sql";

// What repositories hold, kept true by triggers so that no write can forget it. Sixteen rows for each
// repository, as no row is to be written by every push.
constexpr char const* version_9 = R"sql(
-- id: sixteen times the repository's, and the shard.
CREATE TABLE usage (
    id        INTEGER PRIMARY KEY,
    bytes     INTEGER NOT NULL,
    blobs     INTEGER NOT NULL,
    manifests INTEGER NOT NULL,
    tags      INTEGER NOT NULL
) STRICT;
INSERT INTO usage SELECT id, sum(bytes), sum(blobs), sum(manifests), sum(tags) FROM (
    SELECT repository * 16 + size % 16 AS id, size AS bytes, 1 AS blobs, 0 AS manifests, 0 AS tags FROM link
    UNION ALL SELECT repository * 16 + size % 16, size, 0, 1, 0 FROM manifest
    UNION ALL SELECT repository * 16 + length(name) % 16, 0, 0, 0, 1 FROM tag
) GROUP BY id;
CREATE TRIGGER usage_link_added AFTER INSERT ON link BEGIN
    INSERT INTO usage VALUES (NEW.repository * 16 + NEW.size % 16, NEW.size, 1, 0, 0)
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, blobs = blobs + 1;
END;
CREATE TRIGGER usage_link_removed AFTER DELETE ON link BEGIN
    UPDATE usage SET bytes = bytes - OLD.size, blobs = blobs - 1
    WHERE id = OLD.repository * 16 + OLD.size % 16;
END;
CREATE TRIGGER usage_manifest_added AFTER INSERT ON manifest BEGIN
    INSERT INTO usage VALUES (NEW.repository * 16 + NEW.size % 16, NEW.size, 0, 1, 0)
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, manifests = manifests + 1;
END;
CREATE TRIGGER usage_manifest_removed AFTER DELETE ON manifest BEGIN
    UPDATE usage SET bytes = bytes - OLD.size, manifests = manifests - 1
    WHERE id = OLD.repository * 16 + OLD.size % 16;
END;
CREATE TRIGGER usage_tag_added AFTER INSERT ON tag BEGIN
    INSERT INTO usage VALUES (NEW.repository * 16 + length(NEW.name) % 16, 0, 0, 0, 1)
    ON CONFLICT DO UPDATE SET tags = tags + 1;
END;
CREATE TRIGGER usage_tag_removed AFTER DELETE ON tag BEGIN
    UPDATE usage SET tags = tags - 1 WHERE id = OLD.repository * 16 + length(OLD.name) % 16;
END;
CREATE TRIGGER usage_repository_removed BEFORE DELETE ON repository BEGIN
    DELETE FROM usage WHERE id BETWEEN OLD.id * 16 AND OLD.id * 16 + 15;
END;
)sql";

// Plans of retention, in pieces of hundreds of rows. content, rows: JSON of the job that makes them.
constexpr char const* version_10 = R"sql(
CREATE TABLE retention_plan (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at INTEGER NOT NULL,
    state   TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX retention_plan_state ON retention_plan (state, id);

CREATE TABLE retention_piece (
    plan       INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    verdict    TEXT NOT NULL,
    repository TEXT NOT NULL,
    rows       TEXT NOT NULL,
    PRIMARY KEY (plan, number)
) STRICT;
CREATE INDEX retention_piece_verdict ON retention_piece (plan, verdict, number);
CREATE INDEX retention_piece_repository ON retention_piece (repository);
)sql";

constexpr std::array migrations{version_1,  version_2,  version_3,  version_4,  version_5,  version_6,
                                version_7,  version_8,  version_9,  version_10, version_11, version_12,
                                version_13, version_14, version_15, version_16, version_17, version_18,
                                version_19, version_20, version_21, version_22};

}  // namespace

std::span<char const* const> sqlite_migrations() noexcept {
    return migrations;
}

}  // namespace ocilot::meta
