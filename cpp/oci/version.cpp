#include "oci/version.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>

namespace ocilot::oci {

namespace {

bool is_number(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Takes a number without leading zeros off the front.
bool take_number(std::string_view& rest, std::uint64_t& number) noexcept {
    auto const* const end = rest.data() + rest.size();
    auto const [stopped, problem] = std::from_chars(rest.data(), end, number);
    auto const length = static_cast<std::size_t>(stopped - rest.data());
    if (problem != std::errc() || (length > 1 && rest.front() == '0')) return false;
    rest.remove_prefix(length);
    return true;
}

bool take(std::string_view& rest, char wanted) noexcept {
    if (!rest.starts_with(wanted)) return false;
    rest.remove_prefix(1);
    return true;
}

bool is_identifier(std::string_view text) noexcept {
    auto const fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
    if (text.empty() || !std::ranges::all_of(text, fits)) return false;
    return !is_number(text) || text.size() == 1 || text.front() != '0';
}

/// Numbers before words, numbers by size, words by their bytes.
std::strong_ordering compare_identifiers(std::string_view one, std::string_view other) noexcept {
    bool const number = is_number(one);
    if (number != is_number(other)) {
        return number ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    if (number && one.size() != other.size()) return one.size() <=> other.size();
    return one.compare(other) <=> 0;
}

// Marks of a sort key. None of them is a letter of an identifier, and those before an identifier are less
// than all of these: the end of an identifier, too, is less than another letter.
constexpr char number_follows = '\x01';
constexpr char word_follows = '\x02';
constexpr char release = '\xff';

/// Its length in bytes, and its bytes without leading zeros, the greatest first.
void append_number(std::string& key, std::uint64_t number) {
    int const bytes = (static_cast<int>(std::bit_width(number)) + 7) / 8;
    key.push_back(static_cast<char>(bytes));
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        key.push_back(static_cast<char>(number >> shift));
}

/// A number may have more digits than fit into an integer.
void append_identifier(std::string& key, std::string_view identifier) {
    if (is_number(identifier)) {
        key.push_back(number_follows);
        append_number(key, identifier.size());
    } else {
        key.push_back(word_follows);
    }
    key.append(identifier);
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) {
    take(text, 'v');
    Version version;
    bool const numbers = take_number(text, version.major) && take(text, '.') &&
                         take_number(text, version.minor) && take(text, '.') &&
                         take_number(text, version.patch);
    if (!numbers) return std::nullopt;
    if (text.empty()) return version;
    if (!take(text, '-')) return std::nullopt;
    for (bool more = true; more;) {
        auto const dot = text.find('.');
        more = dot != std::string_view::npos;
        auto const identifier = text.substr(0, dot);
        if (!is_identifier(identifier)) return std::nullopt;
        version.prerelease.push_back(identifier);
        if (more) text.remove_prefix(dot + 1);
    }
    return version;
}

std::strong_ordering Version::compare(Version const& other) const noexcept {
    if (auto const by = major <=> other.major; by != 0) return by;
    if (auto const by = minor <=> other.minor; by != 0) return by;
    if (auto const by = patch <=> other.patch; by != 0) return by;
    if (prerelease.empty() != other.prerelease.empty()) {
        return prerelease.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    for (std::size_t i = 0; i < std::min(prerelease.size(), other.prerelease.size()); ++i) {
        if (auto const by = compare_identifiers(prerelease[i], other.prerelease[i]); by != 0) return by;
    }
    return prerelease.size() <=> other.prerelease.size();
}

std::string Version::sort_key() const {
    std::string key;
    for (auto const number : {major, minor, patch}) append_number(key, number);
    if (prerelease.empty()) key.push_back(release);
    for (auto const identifier : prerelease) append_identifier(key, identifier);
    return key;
}

std::optional<std::string> version_key(std::string_view text) {
    auto const version = Version::parse(text);
    if (!version) return std::nullopt;
    return version->sort_key();
}

}  // namespace ocilot::oci
