#include "base/uuid.h"

#include "base/hex.h"

#include <cstring>

namespace ocilot {

namespace {

constexpr bool dash_before(std::size_t byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

Uuid Uuid::random(Random& random) {
    Uuid id;
    random.fill(id.bytes_);
    id.bytes_[6] = (id.bytes_[6] & std::byte{0x0f}) | std::byte{0x40};
    id.bytes_[8] = (id.bytes_[8] & std::byte{0x3f}) | std::byte{0x80};
    return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    Uuid id;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (dash_before(i) && text[at++] != '-') return std::nullopt;
        int const high = hex_value(text[at]);
        int const low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        id.bytes_[i] = static_cast<std::byte>(high << 4 | low);
        at += 2;
    }
    return id;
}

std::string Uuid::str() const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text(36, '-');
    auto* to = text.data();
    for (std::size_t i = 0; i < 16; ++i) {
        if (dash_before(i)) ++to;
        *to++ = digits[std::to_integer<unsigned>(bytes_[i]) >> 4];
        *to++ = digits[std::to_integer<unsigned>(bytes_[i]) & 15];
    }
    return text;
}

}  // namespace ocilot

std::size_t std::hash<ocilot::Uuid>::operator()(ocilot::Uuid const& id) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, id.bytes().data(), sizeof value);
    return value;
}
