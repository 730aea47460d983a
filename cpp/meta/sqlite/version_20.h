#pragma once

namespace ocilot::meta {

/// A manifest that is gone may have more referrers than one transaction releases.
inline constexpr char const* version_20 = R"sql(
-- Keeps the repository's name, as review. last_referrer: the last that was released, by digest.
CREATE TABLE released_subject (
    repository    TEXT NOT NULL,
    digest        TEXT NOT NULL,
    last_referrer TEXT NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace ocilot::meta
