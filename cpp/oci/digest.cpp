#include "oci/digest.h"

#include "base/counted.h"
#include "base/hex.h"
#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::oci {

namespace {

Error invalid(std::string message) {
    return {Errc::digest_invalid, std::move(message)};
}

bool is_hex_of_any_case(char c) noexcept {
    return hex_value(c) >= 0 || (c >= 'A' && c <= 'F');
}

Error invalid_hex(std::string_view digest, std::string_view hex) {
    if (!std::ranges::all_of(hex, is_hex_of_any_case)) {
        return invalid(fmt::format("invalid digest {}: expected a hash with the digits 0-9 and a-f only",
                                   quote(digest)));
    }
    return invalid(fmt::format("invalid digest {}: expected a hash in lower case", quote(digest)));
}

}  // namespace

std::string_view to_string(Algorithm algorithm) noexcept {
    return algorithm == Algorithm::sha512 ? "sha512" : "sha256";
}

std::size_t hash_size(Algorithm algorithm) noexcept {
    return algorithm == Algorithm::sha512 ? 64 : 32;
}

Result<Algorithm> parse_algorithm(std::string_view name) {
    if (name == "sha256") return Algorithm::sha256;
    if (name == "sha512") return Algorithm::sha512;
    return invalid(fmt::format("unsupported digest algorithm {}: expected sha256 or sha512", quote(name)));
}

Result<Digest> Digest::parse(std::string_view text) {
    auto const colon = text.find(':');
    if (colon == std::string_view::npos) {
        return invalid(
            fmt::format("invalid digest {}: expected sha256:<64 hexadecimal digits>", quote(text)));
    }
    TRY(auto const algorithm, parse_algorithm(text.substr(0, colon)));
    auto const hex = text.substr(colon + 1);
    auto const size = hash_size(algorithm);
    if (hex.size() != 2 * size) {
        return invalid(fmt::format(
            "invalid digest {}: the hash has {}, expected {} with {} hexadecimal digits", quote(text),
            counted(hex.size(), "character", "characters"), to_string(algorithm), 2 * size));
    }
    std::array<std::byte, 64> hash{};
    for (std::size_t i = 0; i < size; ++i) {
        int const high = hex_value(hex[2 * i]);
        int const low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return invalid_hex(text, hex);
        hash[i] = static_cast<std::byte>(high << 4 | low);
    }
    return Digest(algorithm, std::span(hash).first(size));
}

Digest::Digest(Algorithm algorithm, std::span<std::byte const> hash) noexcept : algorithm_(algorithm) {
    std::ranges::copy(hash.first(hash_size(algorithm)), hash_.begin());
}

std::span<std::byte const> Digest::bytes() const noexcept {
    return std::span(hash_).first(hash_size(algorithm_));
}

std::string Digest::hex() const {
    std::string text;
    text.reserve(2 * hash_size(algorithm_));
    append_hex(text, bytes());
    return text;
}

std::string Digest::str() const {
    std::string text;
    text.reserve(7 + 2 * hash_size(algorithm_));
    text += to_string(algorithm_);
    text += ':';
    append_hex(text, bytes());
    return text;
}

}  // namespace ocilot::oci

std::size_t std::hash<ocilot::oci::Digest>::operator()(ocilot::oci::Digest const& digest) const noexcept {
    // All bytes count: clients may name digests that nothing has, alike in any few bytes they like.
    auto const bytes = digest.bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
}
