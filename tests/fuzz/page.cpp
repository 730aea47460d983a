#include "http/core/page.h"

#include "promise.h"
#include "targets.h"

#include <algorithm>

namespace ocilot::fuzz {

namespace {

/// Whatever name a page ends with, the link leads to the page after it.
void follow(std::string const& last, std::size_t size) {
    auto const link = http::next_link("/v2/_catalog", {{"last", last}, {"n", std::to_string(size)}});
    promise(link.starts_with('<') && link.ends_with(R"(>; rel="next")"), "a link has its form");
    promise(std::ranges::all_of(link, [](char c) { return c >= ' ' && c < 0x7f; }),
            "a link can be sent in a header");
    auto const end = link.find('>');
    auto const target = http::Target::parse(std::string_view(link).substr(1, end - 1));
    promise(target.has_value() && target->path == "/v2/_catalog", "a link can be followed");
    auto const next = http::PageQuery::parse(target->query, 100, 1000);
    promise(next.has_value() && next->last == last && next->size == size, "a link says where to go on");
}

}  // namespace

void page(std::string_view input) {
    // A query cannot say NUL, and no name holds one.
    if (input.find('\0') == input.npos) follow(std::string(input), input.size() % 1001);
    auto const query = http::Query::parse(input);
    if (query.has_error()) {
        promise(query.error().code == Errc::bad_request, "a bad query is a bad request");
        return;
    }
    auto const wanted = http::PageQuery::parse(*query, 100, 1000);
    if (wanted.has_error()) {
        promise(wanted.error().code == Errc::pagination_invalid && query->first("n"),
                "only a bad n is refused");
        return;
    }
    promise(wanted->size <= 1000 && wanted->page().limit >= 1, "a page keeps its limit");
    if (wanted->last && wanted->last->find('\0') == std::string::npos) follow(*wanted->last, wanted->size);
}

}  // namespace ocilot::fuzz
