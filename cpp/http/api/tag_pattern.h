#pragma once

#include "base/result.h"
#include "http/core/schema.h"
#include "http/core/target.h"
#include "registry/list_tag_rows.h"

namespace ocilot::http {

/// The names that a list of tags is for.
inline constexpr Field tag_pattern =
    optional({"match", schema::any_text, "Pattern of the names: `v1.*`, `v?.?`, `{main,dev}-*`."});

/// Looks for names that match the pattern of the query, if it has one; bad_request.
[[nodiscard]] Result<> match_tags(Query const& query, meta::TagQuery& tags);

}  // namespace ocilot::http
