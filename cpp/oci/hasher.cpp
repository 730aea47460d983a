#include "oci/hasher.h"

#include <array>
#include <openssl/evp.h>
#include <stdexcept>

namespace ocilot::oci {

namespace {

void require(bool succeeded) {
    if (!succeeded) throw std::runtime_error("OpenSSL cannot compute a hash: check its configuration");
}

EVP_MD const* fetch(char const* name) {
    auto const* const method = EVP_MD_fetch(nullptr, name, nullptr);
    require(method != nullptr);
    return method;
}

EVP_MD const* method_of(Algorithm algorithm) {
    // Fetching takes OpenSSL's locks; what it answers never changes.
    if (algorithm == Algorithm::sha512) {
        static EVP_MD const* const sha512 = fetch("SHA512");
        return sha512;
    }
    static EVP_MD const* const sha256 = fetch("SHA256");
    return sha256;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context new_context() {
    Context context(EVP_MD_CTX_new());
    require(context != nullptr);
    return context;
}

}  // namespace

struct Hasher::State {
    Context context = new_context();
};

Hasher::Hasher(Algorithm algorithm) : algorithm_(algorithm), state_(std::make_unique<State>()) {
    require(EVP_DigestInit_ex2(state_->context.get(), method_of(algorithm), nullptr) == 1);
}

Hasher::Hasher(Hasher const& other) : algorithm_(other.algorithm_), state_(std::make_unique<State>()) {
    require(EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()) == 1);
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<std::byte const> bytes) {
    require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Digest Hasher::digest() const {
    auto const copy = new_context();
    require(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1);
    std::array<std::byte, EVP_MAX_MD_SIZE> hash{};
    require(EVP_DigestFinal_ex(copy.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr) == 1);
    return Digest(algorithm_, std::span(hash).first(hash_size(algorithm_)));
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
