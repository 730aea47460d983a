#pragma once

#include "meta/sqlite/db.h"
#include "meta/tag_list.h"
#include "oci/name.h"

namespace ocilot::meta {

/// See RepositoryAdmin::tags.
Result<TagRows> read_tag_rows(SqliteDb& db, oci::RepositoryName const& repository, TagQuery const& query);

}  // namespace ocilot::meta
