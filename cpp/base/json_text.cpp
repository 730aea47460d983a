#include "base/json_text.h"

#include "base/log.h"

#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace ocilot {

namespace {

void append_name(std::string& out, std::string_view name) {
    out += '"';
    out += name;
    out += "\":";
}

void append_number(std::string& out, std::uint64_t value) {
    fmt::format_int const digits(value);
    out.append(digits.data(), digits.size());
}

constexpr bool is_plain(char c) noexcept {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

constexpr std::uint64_t in_each_byte(std::uint64_t byte) noexcept {
    return byte * 0x0101'0101'0101'0101;
}

constexpr std::uint64_t top_bits = in_each_byte(0x80);

/// The top bit of each byte that is zero; of those above such a byte it may be wrong.
constexpr std::uint64_t zeros(std::uint64_t bytes) noexcept {
    return (bytes - in_each_byte(1)) & ~bytes & top_bits;
}

/// The same of the bytes that are not plain, of which the lowest is right.
constexpr std::uint64_t not_plain(std::uint64_t bytes) noexcept {
    auto const controls = (bytes - in_each_byte(0x20)) & ~bytes & top_bits;
    return (bytes & top_bits) | controls | zeros(bytes ^ in_each_byte('"')) |
           zeros(bytes ^ in_each_byte('\\')) | zeros(bytes ^ in_each_byte(0x7f));
}

}  // namespace

/// Eight bytes at a time: it reads all that a request or a push notes.
std::size_t plain_in_json(std::string_view text) noexcept {
    std::size_t at = 0;
    if constexpr (std::endian::native == std::endian::little) {
        for (std::uint64_t bytes = 0; text.size() - at >= sizeof bytes; at += sizeof bytes) {
            std::memcpy(&bytes, text.data() + at, sizeof bytes);
            auto const found = not_plain(bytes);
            if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
        }
    }
    while (at < text.size() && is_plain(text[at])) ++at;
    return at;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    append_name(out, name);
    append_json_string(out, value);
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
    append_name(out, name);
    append_number(out, value);
}

void append_list(std::string& out, std::vector<std::string> const& texts) {
    out += '[';
    bool first = true;
    for (auto const& text : texts) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, text);
    }
    out += ']';
}

JsonObject::JsonObject(std::string& out) : out_(out) {
    out_ += '{';
}

std::string& JsonObject::value_of(std::string_view name) {
    if (!std::exchange(first_, false)) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
    return out_;
}

void JsonObject::add(std::string_view name, std::string_view value) {
    append_json_string(value_of(name), value);
}

void JsonObject::add(std::string_view name, std::uint64_t value) {
    append_number(value_of(name), value);
}

void JsonObject::add(std::string_view name, std::vector<std::string> const& texts) {
    append_list(value_of(name), texts);
}

void JsonObject::add_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
}

void JsonObject::end() {
    out_ += '}';
}

}  // namespace ocilot
