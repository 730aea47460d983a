#pragma once

namespace ocilot::meta {

/// The review queue in the order of what it is about. Times alone had each digest on a page of its own, so
/// that each candidate that left the queue wrote one.
inline constexpr char const* version_18 = R"sql(
-- Within a minute by repository and digest, as link and review itself; all that a look at what is due reads.
DROP INDEX review_due;
CREATE INDEX review_due ON review (fresh, released_at / 60000000, repository, digest, released_at);
)sql";

}  // namespace ocilot::meta
