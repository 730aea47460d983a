#include "base/text_hash.h"

#include <bit>
#include <cstring>
#include <random>

namespace ocilot {

namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

struct State {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    void round() noexcept {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) noexcept {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

std::uint64_t unguessable() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

}  // namespace

TextHash::TextHash() : TextHash(unguessable(), unguessable()) {}

std::size_t TextHash::operator()(std::string_view text) const noexcept {
    State state{key0_ ^ 0x736f6d6570736575, key1_ ^ 0x646f72616e646f6d, key0_ ^ 0x6c7967656e657261,
                key1_ ^ 0x7465646279746573};
    auto rest = text;
    for (; rest.size() >= sizeof(std::uint64_t); rest.remove_prefix(sizeof(std::uint64_t))) {
        std::uint64_t word = 0;
        std::memcpy(&word, rest.data(), sizeof word);
        state.take(word);
    }
    std::uint64_t last = 0;
    std::memcpy(&last, rest.data(), rest.size());
    state.take(last | std::uint64_t{text.size()} << 56);
    state.v2 ^= 0xff;
    for (int i = 0; i < 3; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace ocilot
