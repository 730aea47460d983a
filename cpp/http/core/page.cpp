#include "http/core/page.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace ocilot::http {

Result<PageQuery> PageQuery::parse(Query const& query, std::size_t without_n, std::size_t limit) {
    PageQuery wanted{.size = without_n, .last = {}};
    if (auto const last = query.first("last")) wanted.last = std::string(*last);
    if (auto const text = query.first(page_size.name)) {
        std::int64_t n = 0;
        auto const end = text->data() + text->size();
        auto const [stopped, problem] = std::from_chars(text->data(), end, n);
        if (problem != std::errc{} || stopped != end || n < 0) {
            return Error{Errc::pagination_invalid,
                         "invalid \"n\" parameter: expected a number, such as n=100"};
        }
        wanted.size = std::min(static_cast<std::size_t>(n), limit);
    }
    return wanted;
}

std::string next_link(std::string_view path, Parameters const& parameters) {
    std::string out = "<";
    out += path;
    char separator = '?';
    for (auto const& [name, value] : parameters) {
        out += std::exchange(separator, '&');
        out += name;
        out += '=';
        append_query_value(out, value);
    }
    out += R"(>; rel="next")";
    return out;
}

}  // namespace ocilot::http
