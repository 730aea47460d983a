#pragma once

namespace ocilot::test {

/// A database as a registry of schema 4 left it, in SQL: its tables and indexes as they were then, and what
/// was done with it. Never changed: what is in the field does not change either.
inline constexpr char const* schema_4 = R"sql(
PRAGMA journal_mode = WAL;
BEGIN;
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
CREATE TABLE quarantined (
    digest TEXT PRIMARY KEY,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job_place (
    job      TEXT PRIMARY KEY,
    place    TEXT NOT NULL,
    noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_digest ON manifest (digest);
CREATE TABLE account (
    name          TEXT PRIMARY KEY,
    robot         INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    group_names   TEXT NOT NULL,
    admin         INTEGER NOT NULL,
    disabled      INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE INDEX journal_caller ON journal (by_name, at) WHERE by_name <> '';
CREATE INDEX journal_repository ON journal (repository, at) WHERE repository <> '';
CREATE INDEX journal_action ON journal (action, refused, at);

INSERT INTO repository (id, name, manifests) VALUES (1, 'team/app', 3), (2, 'only/blobs', 0), (3, 'other', 1);
INSERT INTO link VALUES
    (1, 'sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85', 5, 1000000),
    (2, 'sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85', 5, 2000000);
INSERT INTO manifest VALUES
    (1, 1, 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 'application/vnd.oci.image.manifest.v1+json', 3, NULL, '', '{}', 'ann', 3000000),
    (2, 1, 'sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 'application/vnd.oci.image.manifest.v1+json', 3, NULL, '', '{}', 'ann', 4000000),
    (3, 1, 'sha256:a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c56263009', 'application/vnd.oci.image.manifest.v1+json', 3, 'sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 'sig', '{"k":"v"}', 'ann', 5000000),
    (4, 3, 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 'application/vnd.oci.image.manifest.v1+json', 3, NULL, '', '{}', '', 6000000);
INSERT INTO edge VALUES
    (1, 'sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85', 'blob'),
    (2, 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 'manifest');
INSERT INTO tag VALUES (1, 'latest', 'sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 4000000), (1, 'v1', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 3000000);
INSERT INTO tag_history VALUES
    (1, 'team/app', 'latest', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 'ann', 3000000), (2, 'team/app', 'v1', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 'ann', 3000000),
    (3, 'team/app', 'latest', 'sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 'ann', 4000000), (4, 'team/app', 'old', NULL, 'bob', 4500000);
INSERT INTO upload VALUES
    ('6f1c1f6e-8d2b-4c0e-9a52-3a1f0e8a7b11', 'team/app', 'sha256', 'ann', 7000000, '192.0.2.1');
INSERT INTO quarantined VALUES ('sha256:a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c56263009', 8000000);
INSERT INTO job_place VALUES ('scrub', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 8000000);
INSERT INTO account VALUES ('ann', 0, '$2b$hash', '["team"]', 1, 0, 1000000);
INSERT INTO token VALUES ('00ff', 'ann', '0123', 'runner', '["repository:x:pull"]', 0, 2000000, NULL, NULL);
INSERT INTO signing_key VALUES ('kid', 'pem', 1000000);
INSERT INTO journal VALUES
    (1, 1000000, 'key.add', 0, 'ocilot', 'local', '', '', 'kid', '', 1),
    (2, 1000000, 'account.add', 0, 'local', 'local', '', '', 'ann', 'user, password, groups team, admin', 1),
    (3, 2000000, 'token.add', 0, 'ann', 'user', '192.0.2.1', '', '00ff', 'of ann, only repository:x:pull', 1),
    (4, 2000000, 'blob.mount', 0, 'ann', 'user', '192.0.2.1', 'only/blobs',
     'sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85', 'from team/app', 1),
    (5, 3000000, 'manifest.push', 0, 'ann', 'user', '192.0.2.1', 'team/app', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 'tags latest, v1', 1),
    (6, 4000000, 'manifest.push', 0, 'ann', 'user', '192.0.2.1', 'team/app', 'sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 'tags latest', 1),
    (7, 4000000, 'tag.move', 0, 'ann', 'user', '192.0.2.1', 'team/app', 'latest', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 1),
    (8, 4500000, 'tag.delete', 0, 'bob', 'robot', '192.0.2.2', 'team/app', 'old', 'sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 1),
    (9, 4600000, 'access', 1, 'eve', 'user', '192.0.2.9', 'team/app', 'push', 'no rule lets eve push', 12);
PRAGMA application_id = 1868786028;
PRAGMA user_version = 4;
COMMIT;
)sql";

}  // namespace ocilot::test
