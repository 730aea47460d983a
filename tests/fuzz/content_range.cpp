#include "oci/byte_range.h"
#include "promise.h"
#include "targets.h"

#include <string>

void ocilot::fuzz::content_range(std::string_view input) {
    static constexpr std::string_view digits = "0123456789";
    auto const range = oci::parse_content_range(input);
    auto const dash = input.find('-');
    bool const well_formed = dash != input.npos && dash > 0 && dash + 1 < input.size() &&
                             input.find_first_not_of(digits) == dash &&
                             input.find_first_not_of(digits, dash + 1) == input.npos;
    if (range.has_error()) {
        promise(range.error().code == Errc::size_invalid, "a malformed Content-Range is size_invalid");
        if (!well_formed || dash > 18 || input.size() - dash > 19) return;
        auto const first = std::stoull(std::string(input.substr(0, dash)));
        promise(first > std::stoull(std::string(input.substr(dash + 1))), "a good Content-Range is taken");
        return;
    }
    promise(well_formed || input.starts_with("bytes "), "a Content-Range is two numbers and a dash");
    promise(range->length > 0 && range->offset + (range->length - 1) >= range->offset, "no overflow");
    auto const last = range->offset + (range->length - 1);
    auto const again = oci::parse_content_range(std::to_string(range->offset) + "-" + std::to_string(last));
    promise(again.has_value() && *again == *range,
            "what is written as it was understood is understood the same");
}
