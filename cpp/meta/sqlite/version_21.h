#pragma once

namespace ocilot::meta {

/// What was needed by something that is purged is due at once, whatever its time. An image releases thousands
/// of digests, each on a page of its own in every index: these have none but that of their key.
inline constexpr char const* version_21 = R"sql(
-- A digest of a repository has a row here or in review. released_at: of what needed it.
CREATE TABLE review_now (
    repository  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO review_now SELECT repository, digest, released_at FROM review WHERE fresh = 2;
DELETE FROM review WHERE fresh = 2;
)sql";

}  // namespace ocilot::meta
