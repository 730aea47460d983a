#include "http/core/multipart.h"

#include "oci/media_type.h"

#include <fmt/format.h>

namespace ocilot::http {

std::string content_range(oci::ByteRange range, std::uint64_t size) {
    return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size);
}

std::string boundary(Request const& request) {
    return fmt::format("part-{}", request.id.substr(0, 64));
}

PartsBody multipart(std::vector<oci::ByteRange> const& ranges, std::uint64_t size,
                    std::string_view boundary) {
    PartsBody body;
    body.parts.reserve(ranges.size());
    for (auto const& range : ranges) {
        auto before = fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                                  body.parts.empty() ? "" : "\r\n", boundary, oci::media_type::octet_stream,
                                  content_range(range, size));
        body.length += before.size() + range.length;
        body.parts.push_back({std::move(before), range.offset, range.length});
    }
    body.after = fmt::format("\r\n--{}--\r\n", boundary);
    body.length += body.after.size();
    return body;
}

}  // namespace ocilot::http
