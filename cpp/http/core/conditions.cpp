#include "http/core/conditions.h"

#include "http/core/header.h"

namespace ocilot::http {

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
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"'))
            tag = tag.substr(1, tag.size() - 2);
        if (tag == digest.str()) known = true;
    });
    return known;
}

bool range_applies(Request const& request, oci::Digest const& digest) {
    auto const condition = request.header("If-Range");
    return !condition || trimmed(*condition) == etag(digest);
}

}  // namespace ocilot::http
