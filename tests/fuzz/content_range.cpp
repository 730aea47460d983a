#include "oci/byte_range.h"
#include "promise.h"
#include "targets.h"

#include <algorithm>
#include <string>

void ocilot::fuzz::content_range(std::string_view input) {
    static constexpr std::string_view digits = "0123456789";
    auto const range = oci::parse_content_range(input);
    // What is between the unit and the length (RFC 9110, 14.4): neither, the unit alone, or both.
    auto positions = input;
    auto length = std::string_view("*");
    if (input.starts_with("bytes ")) {
        positions.remove_prefix(6);
        auto const slash = std::min(positions.find('/'), positions.size());
        if (slash != positions.size()) length = positions.substr(slash + 1);
        positions = positions.substr(0, slash);
    }
    auto const dash = positions.find('-');
    bool const well_formed =
        dash != positions.npos && dash > 0 && dash + 1 < positions.size() &&
        positions.find_first_not_of(digits) == dash &&
        positions.find_first_not_of(digits, dash + 1) == positions.npos &&
        (length == "*" || (!length.empty() && length.find_first_not_of(digits) == length.npos));
    bool const small = dash < 19 && positions.size() - dash < 20 && length.size() < 19;
    if (range.has_error()) {
        promise(range.error().code == Errc::size_invalid, "a malformed Content-Range is size_invalid");
        if (!well_formed || !small) return;
        auto const first = std::stoull(std::string(positions.substr(0, dash)));
        auto const last = std::stoull(std::string(positions.substr(dash + 1)));
        bool const too_short = length != "*" && std::stoull(std::string(length)) <= last;
        promise(first > last || too_short, "a good Content-Range is accepted");
        return;
    }
    promise(well_formed,
            "a Content-Range is two positions and a dash, with the unit and the length or without");
    if (length != "*" && length.size() < 19) {
        promise(std::stoull(std::string(length)) > range->offset + (range->length - 1),
                "the length is beyond the last position");
    }
    promise(range->length > 0 && range->offset + (range->length - 1) >= range->offset, "no overflow");
    auto const last = range->offset + (range->length - 1);
    auto const again = oci::parse_content_range(std::to_string(range->offset) + "-" + std::to_string(last));
    promise(again.has_value() && *again == *range,
            "what is written as it was understood is understood the same");
}
