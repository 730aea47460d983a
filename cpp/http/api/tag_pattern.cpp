#include "http/api/tag_pattern.h"

#include "base/quote.h"
#include "retention/glob.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::http {

namespace {

/// What a pattern has before its first special character.
std::string_view literal_prefix(std::string_view pattern) noexcept {
    return pattern.substr(0, pattern.find_first_of("*?{"));
}

}  // namespace

Result<> match_tags(Query const& query, meta::TagQuery& tags) {
    auto const text = query.first(tag_pattern.name);
    if (!text) return {};
    auto pattern = retention::Glob::parse_for_tags(*text);
    if (pattern.has_error()) {
        return Error{Errc::bad_request, fmt::format("invalid parameter {} {}: expected {}", tag_pattern.name,
                                                    quote(*text), pattern.error().message)};
    }
    tags.prefix = literal_prefix(*text);
    tags.matches = [glob = *std::move(pattern)](std::string_view name) { return glob.matches(name); };
    return {};
}

}  // namespace ocilot::http
