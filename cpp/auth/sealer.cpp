#include "auth/sealer.h"

#include "jose/base64url.h"

#include <memory>
#include <openssl/evp.h>
#include <span>
#include <stdexcept>

namespace ocilot::auth {

namespace {

constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&::EVP_CIPHER_CTX_free)>;

unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}
unsigned char const* bytes(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char const* bytes(std::array<std::byte, 32> const& key) {
    return reinterpret_cast<unsigned char const*>(key.data());
}

}  // namespace

std::string Sealer::seal(std::string_view text) const {
    std::string nonce(nonce_bytes, '\0');
    random_.fill(std::as_writable_bytes(std::span(nonce)));
    std::string secret(text.size(), '\0');
    std::string tag(tag_bytes, '\0');
    Context const context(::EVP_CIPHER_CTX_new(), &::EVP_CIPHER_CTX_free);
    int size = 0;
    bool const sealed =
        context &&
        ::EVP_EncryptInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(nonce)) == 1 &&
        ::EVP_EncryptUpdate(context.get(), bytes(secret), &size, bytes(text),
                            static_cast<int>(text.size())) == 1 &&
        ::EVP_EncryptFinal_ex(context.get(), bytes(secret) + size, &size) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, tag.data()) == 1;
    if (!sealed) throw std::runtime_error("OpenSSL encryption failed");
    return "~" + jose::to_base64url(nonce + tag + secret);
}

std::optional<std::string> Sealer::open(std::string_view sealed) const {
    if (!is_sealed(sealed)) return std::nullopt;
    auto all = jose::from_base64url(sealed.substr(1));
    if (!all || all->size() < nonce_bytes + tag_bytes) return std::nullopt;
    std::string_view const view = *all;
    auto const nonce = view.substr(0, nonce_bytes);
    std::string tag(view.substr(nonce_bytes, tag_bytes));
    auto const secret = view.substr(nonce_bytes + tag_bytes);
    std::string text(secret.size(), '\0');
    Context const context(::EVP_CIPHER_CTX_new(), &::EVP_CIPHER_CTX_free);
    int size = 0;
    bool const opened =
        context &&
        ::EVP_DecryptInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(nonce)) == 1 &&
        ::EVP_DecryptUpdate(context.get(), bytes(text), &size, bytes(secret),
                            static_cast<int>(secret.size())) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
        ::EVP_DecryptFinal_ex(context.get(), bytes(text) + size, &size) == 1;
    if (!opened) return std::nullopt;
    return text;
}

}  // namespace ocilot::auth
