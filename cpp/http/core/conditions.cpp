#include "http/core/conditions.h"

#include "http/core/header.h"

namespace ocilot::http {

namespace {

/// The digest in an entity tag, which may be weak or lack its quotes.
std::string_view digest_in(std::string_view tag) noexcept {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"')) tag = tag.substr(1, tag.size() - 2);
    return tag;
}

std::optional<meta::TagCondition::Content> content_of(Request const& request, std::string_view name) {
    if (!request.header(name)) return std::nullopt;
    meta::TagCondition::Content content;
    for_each_element(request, name, [&](std::string_view tag) {
        if (tag == "*") content.any = true;
        content.digests.emplace_back(digest_in(tag));
    });
    return content;
}

}  // namespace

std::string etag(oci::Digest const& digest) {
    auto const text = digest.str();
    std::string tag;
    tag.reserve(text.size() + 2);
    tag += '"';
    tag += text;
    tag += '"';
    return tag;
}

bool is_known(Request const& request, oci::Digest const& digest) {
    bool known = false;
    for_each_element(request, "If-None-Match", [&](std::string_view tag) {
        if (tag == "*") known = true;
        if (digest_in(tag) == digest.str()) known = true;
    });
    return known;
}

std::optional<meta::TagCondition> write_condition(Request const& request) {
    meta::TagCondition condition{content_of(request, "If-Match"), content_of(request, "If-None-Match")};
    if (!condition.match && !condition.none_match) return std::nullopt;
    return condition;
}

bool range_applies(Request const& request, oci::Digest const& digest) {
    auto const condition = request.header("If-Range");
    return !condition || trimmed(*condition) == etag(digest);
}

}  // namespace ocilot::http
