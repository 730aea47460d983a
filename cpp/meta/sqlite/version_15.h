#pragma once

namespace ocilot::meta {

/// Policies of retention that clients have set. content: JSON, in the form of the configuration.
inline constexpr char const* version_15 = R"sql(
CREATE TABLE retention_policy (
    name       TEXT PRIMARY KEY,
    content    TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace ocilot::meta
