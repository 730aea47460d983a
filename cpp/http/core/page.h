#pragma once

#include "base/result.h"
#include "http/core/schema.h"
#include "http/core/target.h"
#include "registry/list.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::http {

inline constexpr Field page_size =
    optional({"n", schema::count, "Entries of a page; cut to the most that one may have."});
/// Where a page starts; each list says in its own words what it takes.
constexpr Field page_after(std::string_view meaning) noexcept {
    return optional({"last", schema::any_text, meaning});
}

/// What a client asks of a paged list with `n` and `last`.
struct PageQuery {
    std::size_t size = 0;             ///< entries to answer; 0 for `n=0`
    std::optional<std::string> last;  ///< entry after which the page starts

    /// `n` over `limit` is cut to it; without `n` the page has `without_n` entries. pagination_invalid if `n`
    /// is not a number.
    static Result<PageQuery> parse(Query const& query, std::size_t without_n, std::size_t limit);

    /// What to ask the operation for: one entry for `n=0`, so that an unknown repository is still noticed.
    [[nodiscard]] meta::Page page() const { return {.after = last, .limit = size == 0 ? 1 : size}; }
};

using Parameters = std::vector<std::pair<std::string_view, std::string>>;

/// Value of a `Link` header: `</v2/_catalog?n=100&last=x>; rel="next"`. `path` is sent as it is: relative
/// references work behind every proxy and for every client.
[[nodiscard]] std::string next_link(std::string_view path, Parameters const& parameters);

}  // namespace ocilot::http
