#pragma once

namespace ocilot::meta {

/// Manifests that the garbage collection keeps although they have no tag: lists of images in use name them.
inline constexpr char const* version_17 = R"sql(
-- Keeps the repository's name: a list may name what is pushed later.
CREATE TABLE pin (
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace ocilot::meta
