#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// Bytes [offset, offset + length) of something.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    friend bool operator==(ByteRange const&, ByteRange const&) = default;
};

/// The answer to a `Range` request header (RFC 9110 §14.2) for content of `size` bytes: the one satisfiable
/// range, cut to the content; nullopt = send everything (no header, other unit, several ranges, unparsable);
/// range_invalid = cannot be satisfied (416), `last < first` included, as the conformance program wants it.
[[nodiscard]] Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size);

/// Most ranges of one header that are looked at: zstd:chunked clients ask for about a thousand.
inline constexpr std::size_t max_ranges = 1024;

/// The same for a header that may list several ranges: the satisfiable ones in the order asked, cut to the
/// content, overlapping or not; empty = send everything (as above, or more than `most_ranges`);
/// range_invalid = none of them can be satisfied.
[[nodiscard]] Result<std::vector<ByteRange>> parse_ranges(std::string_view header, std::uint64_t size);

/// `Content-Range` of an upload chunk: `<first>-<last>` in bytes, both inclusive (distribution-spec, "Pushing
/// a blob in chunks"; `^[0-9]+-[0-9]+$`). size_invalid if malformed, overflowing or last < first.
[[nodiscard]] Result<ByteRange> parse_content_range(std::string_view header);

}  // namespace ocilot::oci
