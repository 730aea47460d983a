#include "auth/secrets.h"

#include "base/hex.h"
#include "jose/base64url.h"
#include "oci/hasher.h"

#include <algorithm>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdexcept>

namespace ocilot::auth {

namespace {

constexpr std::string_view mark = "ocilot_";
constexpr std::size_t id_digits = 16;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_characters = 43;

}  // namespace

std::string sha256_hex(std::string_view text) {
    auto const digest = oci::digest_of(oci::Algorithm::sha256, text);
    std::string out;
    append_hex(out, digest.bytes());
    return out;
}

bool equal_secrets(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string KeyedHash::operator()(std::string_view first, std::string_view second) const {
    std::string text = std::to_string(first.size());
    text += ':';
    text += first;
    text += second;
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    auto const* const made = ::HMAC(::EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                                    reinterpret_cast<unsigned char const*>(text.data()), text.size(),
                                    reinterpret_cast<unsigned char*>(out.data()), &size);
    ::OPENSSL_cleanse(text.data(), text.size());
    if (made == nullptr) throw std::runtime_error("OpenSSL HMAC failed");
    out.resize(size);
    return out;
}

SecretText make_secret(Random& random) {
    std::array<std::byte, id_digits / 2> id{};
    random.fill(id);
    std::string bytes(secret_bytes, '\0');
    random.fill(std::as_writable_bytes(std::span(bytes)));
    SecretText made;
    append_hex(made.id, id);
    made.text.append(mark).append(made.id).append("_").append(jose::to_base64url(bytes));
    ::OPENSSL_cleanse(bytes.data(), bytes.size());
    return made;
}

std::optional<std::string> secret_id(std::string_view text) {
    if (text.size() != mark.size() + id_digits + 1 + secret_characters || !text.starts_with(mark)) {
        return std::nullopt;
    }
    auto const id = text.substr(mark.size(), id_digits);
    bool const hexadecimal = std::ranges::all_of(id, [](char c) { return hex_value(c) >= 0; });
    if (!hexadecimal || text[mark.size() + id_digits] != '_') return std::nullopt;
    return std::string(id);
}

}  // namespace ocilot::auth
