#include "http/core/conditions.h"

#include "lines.h"
#include "promise.h"
#include "targets.h"

#include <array>

void ocilot::fuzz::conditions(std::string_view input) {
    static oci::Digest const digest(oci::Algorithm::sha256, std::array<std::byte, 32>{});
    auto request = with_lines("If-None-Match", input);
    bool const known = http::is_known(request, digest);
    auto const line = joined(request);
    promise(!known || line.find('*') != line.npos || line.find(digest.str()) != line.npos,
            "304 only if the client names the content");
    http::Request one_line;
    one_line.headers.emplace_back("If-None-Match", line);
    promise(http::is_known(one_line, digest) == known, "several lines mean what one line means");
    auto const etag = http::etag(digest);
    request.headers.emplace_back("if-none-match", etag);
    promise(http::is_known(request, digest), "the entity tag of the content is known");

    auto const required = http::write_condition(with_lines("If-Match", input));
    promise(!required || !required->holds(digest.str()) || line.find('*') != line.npos ||
                line.find(digest.str()) != line.npos,
            "a write happens only if the client names the content");

    http::Request with_range;
    with_range.headers.emplace_back("If-Range", input);
    promise(!http::range_applies(with_range, digest) || input.find(etag) != input.npos,
            "a range applies only to the content the client has");
}
