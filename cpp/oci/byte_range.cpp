#include "oci/byte_range.h"

#include "base/counted.h"
#include "base/quote.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>

namespace ocilot::oci {

namespace {

constexpr auto beyond = std::numeric_limits<std::uint64_t>::max();

/// Takes the decimal number `text` starts with; `beyond` if it needs more than 64 bits, nullopt if there is
/// none.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
    std::uint64_t number = 0;
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::invalid_argument) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return problem == std::errc{} ? number : beyond;
}

bool take_dash(std::string_view& text) noexcept {
    if (!text.starts_with('-')) return false;
    text.remove_prefix(1);
    return true;
}

std::string_view trimmed(std::string_view text) noexcept {
    static constexpr std::string_view blanks = " \t";
    auto const first = text.find_first_not_of(blanks);
    return first == text.npos ? std::string_view()
                              : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The range set after `bytes=`, or nothing if the header is about another unit. Units ignore case.
std::string_view byte_set(std::string_view header) noexcept {
    static constexpr std::string_view unit = "bytes=";
    header = trimmed(header);
    auto const same = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); };
    if (!std::ranges::equal(header.substr(0, unit.size()), unit, same)) return {};
    return trimmed(header.substr(unit.size()));
}

Error unsatisfiable(std::string_view header, std::uint64_t size) {
    return {Errc::range_invalid,
            fmt::format("range {} not satisfiable: the content has {}", quote(header), counted_bytes(size))};
}

/// The last bytes of the content: `-<length>`, here without its dash.
Result<std::optional<ByteRange>> suffix_range(std::string_view header, std::string_view set,
                                              std::uint64_t size) {
    auto const length = take_number(set);
    if (!length || !set.empty()) return std::nullopt;
    if (*length == 0) return unsatisfiable(header, size);
    // All of nothing is satisfiable, but a 206 has no words for it.
    if (size == 0) return std::nullopt;
    auto const served = std::min(*length, size);
    return ByteRange{size - served, served};
}

/// One range of a set; `header` is for the message.
Result<std::optional<ByteRange>> one_range(std::string_view header, std::string_view set,
                                           std::uint64_t size) {
    if (take_dash(set)) return suffix_range(header, set, size);
    auto const first = take_number(set);
    if (!first || !take_dash(set)) return std::nullopt;
    auto const last = take_number(set);
    if (!set.empty()) return std::nullopt;
    if (*first >= size || last.value_or(beyond) < *first) return unsatisfiable(header, size);
    return ByteRange{*first, std::min(last.value_or(beyond), size - 1) - *first + 1};
}

std::string_view take_element(std::string_view& list) noexcept {
    auto const comma = list.find(',');
    auto const element = list.substr(0, comma);
    list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
    return trimmed(element);
}

/// `/*` or `/LENGTH`, as RFC 9110 §14.4 ends what begins with a unit. The distribution specification has
/// neither.
bool takes_length(std::string_view text, std::uint64_t last) noexcept {
    if (!text.starts_with('/')) return false;
    text.remove_prefix(1);
    if (text == "*") return true;
    auto const length = take_number(text);
    return length && text.empty() && *length > last;
}

}  // namespace

Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size) {
    return one_range(header, byte_set(header), size);
}

Result<std::vector<ByteRange>> parse_ranges(std::string_view header, std::uint64_t size) {
    auto set = byte_set(header);
    if (std::ranges::count(set, ',') >= static_cast<std::ptrdiff_t>(max_ranges))
        return std::vector<ByteRange>{};
    std::vector<ByteRange> ranges;
    std::optional<Error> refusal;
    while (!set.empty()) {
        auto const element = take_element(set);
        if (element.empty()) continue;  // A list may have empty elements (RFC 9110 5.6.1).
        auto const range = one_range(header, element, size);
        if (range.has_error()) {
            refusal = range.error();
        } else if (*range) {
            ranges.push_back(**range);
        } else {
            return std::vector<ByteRange>{};
        }
    }
    if (ranges.empty() && refusal) return *refusal;
    return ranges;
}

Result<ByteRange> parse_content_range(std::string_view header) {
    auto rest = header;
    bool const unit = rest.starts_with("bytes ");
    if (unit) rest.remove_prefix(6);
    auto const first = take_number(rest);
    bool const dash = take_dash(rest);
    auto const last = take_number(rest);
    if (unit && last && takes_length(rest, *last)) rest = {};
    if (!first || !dash || !last || !rest.empty()) {
        return Error{Errc::size_invalid,
                     fmt::format("invalid Content-Range {}: expected <first>-<last>, both byte positions",
                                 quote(header))};
    }
    if (*first == beyond || *last == beyond) {
        return Error{Errc::size_invalid,
                     fmt::format("invalid Content-Range {}: expected positions in 64 bits", quote(header))};
    }
    if (*last < *first) {
        return Error{
            Errc::size_invalid,
            fmt::format("invalid Content-Range {}: expected <first>-<last> with <first> not above <last>",
                        quote(header))};
    }
    return ByteRange{*first, *last - *first + 1};
}

}  // namespace ocilot::oci
