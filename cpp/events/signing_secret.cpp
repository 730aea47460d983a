#include "events/signing_secret.h"

#include "jose/base64url.h"

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdexcept>

namespace ocilot::events {

namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t least_secret = 16;
constexpr std::size_t most_secret = 1024;

}  // namespace

Result<SigningSecret> SigningSecret::parse(std::string_view text) {
    std::string bytes(text);
    if (text.starts_with(secret_prefix)) {
        auto decoded = jose::from_base64(text.substr(secret_prefix.size()));
        if (!decoded) {
            return Error{Errc::config,
                         "invalid secret: expected base64 after whsec_; create one with "
                         "`echo whsec_$(openssl rand -base64 32)`"};
        }
        bytes = std::move(*decoded);
    }
    if (bytes.size() < least_secret || bytes.size() > most_secret) {
        return Error{Errc::config,
                     "invalid secret: expected 16 to 1024 bytes; create one with "
                     "`echo whsec_$(openssl rand -base64 32)`"};
    }
    return SigningSecret(std::move(bytes));
}

std::string SigningSecret::sign(std::string_view message) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    auto const* const made =
        ::HMAC(::EVP_sha256(), bytes_.data(), static_cast<int>(bytes_.size()),
               reinterpret_cast<unsigned char const*>(message.data()), message.size(), mac.data(), &size);
    if (made == nullptr) throw std::runtime_error("OpenSSL HMAC failed");
    return jose::to_base64({reinterpret_cast<char const*>(mac.data()), size});
}

}  // namespace ocilot::events
