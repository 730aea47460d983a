// The functions below EVP: their contexts are plain structures, so that a hash can be written down in the
// middle. OpenSSL calls them deprecated, not because they are slow or go away, but because providers cannot
// replace them.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "oci/hasher.h"

#include "base/counted.h"

#include <fmt/format.h>
#include <limits>
#include <memory>
#include <openssl/sha.h>
#include <stdexcept>
#include <type_traits>

namespace ocilot::oci {

namespace {

constexpr char version = 1;

void require(int succeeded) {
    if (succeeded != 1) throw std::runtime_error("OpenSSL cannot compute a hash: check its configuration");
}

template <class Word>
void append_word(std::string& out, Word word) {
    for (int shift = std::numeric_limits<Word>::digits - 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>((word >> shift) & 0xff));
    }
}

template <class Word>
Word take_word(std::string_view& text) {
    Word word = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) word = (word << 8) | static_cast<unsigned char>(text[i]);
    text.remove_prefix(sizeof(Word));
    return word;
}

/// What differs between the two. `Length` is half of the number of bits fed.
struct Sha256 {
    using Context = SHA256_CTX;
    using Word = std::uint32_t;
    static constexpr Algorithm algorithm = Algorithm::sha256;
    static constexpr std::size_t block = SHA256_CBLOCK;
    static void init(Context& context) { require(::SHA256_Init(&context)); }
    static void update(Context& context, std::span<std::byte const> bytes) {
        require(::SHA256_Update(&context, bytes.data(), bytes.size()));
    }
    static void finish(Context& context, unsigned char* out) { require(::SHA256_Final(out, &context)); }
    static auto* pending(Context& context) { return reinterpret_cast<unsigned char*>(context.data); }
    static std::uint64_t fed(Context const& context) {
        return ((std::uint64_t{context.Nh} << 32) | context.Nl) >> 3;
    }
    static void set_fed(Context& context, std::uint64_t bytes) {
        context.Nl = static_cast<std::uint32_t>(bytes << 3);
        context.Nh = static_cast<std::uint32_t>(bytes >> 29);
    }
};

struct Sha512 {
    using Context = SHA512_CTX;
    using Word = std::uint64_t;
    static constexpr Algorithm algorithm = Algorithm::sha512;
    static constexpr std::size_t block = SHA512_CBLOCK;
    static void init(Context& context) { require(::SHA512_Init(&context)); }
    static void update(Context& context, std::span<std::byte const> bytes) {
        require(::SHA512_Update(&context, bytes.data(), bytes.size()));
    }
    static void finish(Context& context, unsigned char* out) { require(::SHA512_Final(out, &context)); }
    static auto* pending(Context& context) { return context.u.p; }
    static std::uint64_t fed(Context const& context) { return (context.Nh << 61) | (context.Nl >> 3); }
    static void set_fed(Context& context, std::uint64_t bytes) {
        context.Nl = bytes << 3;
        context.Nh = bytes >> 61;
    }
};

/// Bytes that no length field of SHA-256 can count.
constexpr std::uint64_t max_bytes = std::uint64_t{1} << 61;

template <class Sha>
std::string write_state(typename Sha::Context context) {
    std::string out;
    out.reserve(Hasher::max_state);
    out.push_back(version);
    out.push_back(static_cast<char>(Sha::algorithm));
    for (auto const word : context.h) append_word(out, static_cast<typename Sha::Word>(word));
    append_word(out, Sha::fed(context));
    out.append(reinterpret_cast<char const*>(Sha::pending(context)), context.num);
    return out;
}

/// False if `state` is not one of this algorithm.
template <class Sha>
bool read_state(typename Sha::Context& context, std::string_view state) {
    constexpr std::size_t fixed = 2 + 8 * sizeof(typename Sha::Word) + sizeof(std::uint64_t);
    if (state.size() < fixed || state[0] != version || state[1] != static_cast<char>(Sha::algorithm))
        return false;
    state.remove_prefix(2);
    Sha::init(context);
    for (auto& word : context.h) word = take_word<typename Sha::Word>(state);
    auto const fed = take_word<std::uint64_t>(state);
    if (fed >= max_bytes || state.size() != fed % Sha::block) return false;
    Sha::set_fed(context, fed);
    state.copy(reinterpret_cast<char*>(Sha::pending(context)), state.size());
    context.num = static_cast<unsigned>(state.size());
    return true;
}

}  // namespace

template <class Context>
Context& Hasher::as() noexcept {
    static_assert(sizeof(Context) <= sizeof(context_) && alignof(Context) <= 8);
    static_assert(std::is_trivially_copyable_v<Context>);
    return *std::launder(reinterpret_cast<Context*>(context_.data()));
}

template <class Context>
Context const& Hasher::as() const noexcept {
    return *std::launder(reinterpret_cast<Context const*>(context_.data()));
}

Hasher::Hasher(Algorithm algorithm) : algorithm_(algorithm) {
    if (algorithm == Algorithm::sha512) {
        Sha512::init(as<SHA512_CTX>());
    } else {
        Sha256::init(as<SHA256_CTX>());
    }
}

Result<Hasher> Hasher::from_state(Algorithm algorithm, std::string_view state) {
    Hasher hasher(algorithm);
    bool const read = algorithm == Algorithm::sha512 ? read_state<Sha512>(hasher.as<SHA512_CTX>(), state)
                                                     : read_state<Sha256>(hasher.as<SHA256_CTX>(), state);
    constexpr auto most = std::uint64_t{1} << 60;  // Bytes: more than any blob, and what SHA-256 can count.
    if (read && hasher.size() <= most) return hasher;
    return Error{Errc::io, fmt::format("invalid {} hash state of {}: hash the content again",
                                       to_string(algorithm), counted_bytes(state.size()))};
}

std::string Hasher::export_state() const {
    return algorithm_ == Algorithm::sha512 ? write_state<Sha512>(as<SHA512_CTX>())
                                           : write_state<Sha256>(as<SHA256_CTX>());
}

void Hasher::update(std::span<std::byte const> bytes) {
    if (algorithm_ == Algorithm::sha512) {
        Sha512::update(as<SHA512_CTX>(), bytes);
    } else {
        Sha256::update(as<SHA256_CTX>(), bytes);
    }
}

Digest Hasher::digest() const {
    std::array<std::byte, SHA512_DIGEST_LENGTH> hash{};
    auto* const out = reinterpret_cast<unsigned char*>(hash.data());
    if (algorithm_ == Algorithm::sha512) {
        auto copy = as<SHA512_CTX>();
        Sha512::finish(copy, out);
    } else {
        auto copy = as<SHA256_CTX>();
        Sha256::finish(copy, out);
    }
    return Digest(algorithm_, std::span(hash).first(hash_size(algorithm_)));
}

std::uint64_t Hasher::size() const noexcept {
    return algorithm_ == Algorithm::sha512 ? Sha512::fed(as<SHA512_CTX>()) : Sha256::fed(as<SHA256_CTX>());
}

Digest digest_of(Algorithm algorithm, std::span<std::byte const> bytes) {
    Hasher hasher(algorithm);
    hasher.update(bytes);
    return hasher.digest();
}

Digest digest_of(Algorithm algorithm, std::string_view bytes) {
    return digest_of(algorithm, std::as_bytes(std::span(bytes)));
}

}  // namespace ocilot::oci
