#pragma once

namespace ocilot::meta {

/// Who brought content and tags into their repository, for quotas of callers. Nobody knows of what is older.
inline constexpr char const* version_11 = R"sql(
-- charged_to: meta::charged_to; '' for nobody.
ALTER TABLE link ADD COLUMN charged_to TEXT NOT NULL DEFAULT '';
ALTER TABLE manifest ADD COLUMN charged_to TEXT NOT NULL DEFAULT '';
ALTER TABLE tag ADD COLUMN charged_to TEXT NOT NULL DEFAULT '';
ALTER TABLE removed_link ADD COLUMN charged_to TEXT NOT NULL DEFAULT '';
ALTER TABLE removed_manifest ADD COLUMN charged_to TEXT NOT NULL DEFAULT '';

-- What callers are charged for in all repositories, in up to sixteen rows for each; none while nobody counts,
-- see caller_counting.h.
CREATE TABLE caller_usage (
    caller    TEXT NOT NULL,
    shard     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    blobs     INTEGER NOT NULL,
    manifests INTEGER NOT NULL,
    tags      INTEGER NOT NULL,
    PRIMARY KEY (caller, shard)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace ocilot::meta
