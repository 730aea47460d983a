#include "oci/byte_range.h"
#include "promise.h"
#include "targets.h"

#include <limits>
#include <string>

void ocilot::fuzz::range(std::string_view input) {
    for (std::uint64_t const size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2048},
                                     std::numeric_limits<std::uint64_t>::max()}) {
        auto const parts = oci::parse_ranges(input, size);
        promise(parts.has_error() || parts->size() <= oci::max_ranges, "no header asks for endless parts");
        for (auto const& part : parts.has_value() ? *parts : std::vector<oci::ByteRange>()) {
            promise(part.length > 0 && part.offset < size && part.length <= size - part.offset,
                    "every part is inside the content");
        }
        auto const answer = oci::parse_range(input, size);
        if (answer.has_error()) {
            promise(answer.error().code == Errc::range_invalid, "what cannot be served is range_invalid");
            continue;
        }
        if (!*answer) continue;
        auto const [offset, length] = **answer;
        promise(length > 0, "a part is never empty");
        promise(offset < size && length <= size - offset, "a part is inside the content");
        auto const canonical =
            "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + (length - 1));
        auto const again = oci::parse_range(canonical, size);
        promise(again.has_value() && *again == *answer,
                "what is written as it was understood is understood the same");
    }
}
