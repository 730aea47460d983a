#pragma once

#include "http/core/message.h"
#include "oci/byte_range.h"

#include <string>
#include <vector>

namespace ocilot::http {

/// Value of `Content-Range` for a part of something of `size` bytes.
[[nodiscard]] std::string content_range(oci::ByteRange range, std::uint64_t size);

/// What separates the parts of the answer to a request: made of its id, which nobody who pushes content can
/// know beforehand. At most 70 characters, as RFC 2046 wants.
[[nodiscard]] std::string boundary(Request const& request);

/// The text of a `multipart/byteranges` around parts of a blob of `size` bytes (RFC 9110 §14.6), with the
/// length of everything. The blob itself is still to be put in.
[[nodiscard]] PartsBody multipart(std::vector<oci::ByteRange> const& ranges, std::uint64_t size,
                                  std::string_view boundary);

}  // namespace ocilot::http
