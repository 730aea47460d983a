#pragma once

namespace ocilot::meta {

/// Pulls of tags and manifests. Tables of their own: a batch of them rewrites no tag, and a push no index of
/// pull times. Triggers take the rows along with the tag or the manifest, so that no removal can forget it.
inline constexpr char const* version_12 = R"sql(
CREATE TABLE tag_pull (
    repository INTEGER NOT NULL REFERENCES repository (id),
    name       TEXT NOT NULL,
    pulled_at  INTEGER NOT NULL,
    pulls      INTEGER NOT NULL,
    PRIMARY KEY (repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_pull_time ON tag_pull (repository, pulled_at, name);

CREATE TABLE manifest_pull (
    repository INTEGER NOT NULL REFERENCES repository (id),
    digest     TEXT NOT NULL,
    pulled_at  INTEGER NOT NULL,
    pulls      INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tag_pull_removed AFTER DELETE ON tag BEGIN
    DELETE FROM tag_pull WHERE repository = OLD.repository AND name = OLD.name;
END;
CREATE TRIGGER manifest_pull_removed AFTER DELETE ON manifest BEGIN
    DELETE FROM manifest_pull WHERE repository = OLD.repository AND digest = OLD.digest;
END;
)sql";

}  // namespace ocilot::meta
