#pragma once

namespace ocilot::meta {

/// What lists of tags are sorted by for versions. `version_key` is a function of the program: a tag that is
/// no version has no key, and is not in the index.
inline constexpr char const* version_19 = R"sql(
ALTER TABLE tag ADD COLUMN version BLOB;
UPDATE tag SET version = version_key(name) WHERE version_key(name) IS NOT NULL;
CREATE INDEX tag_version ON tag (repository, version, name) WHERE version IS NOT NULL;
)sql";

}  // namespace ocilot::meta
