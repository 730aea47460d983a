#include "content.h"

#include "random.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <openssl/evp.h>
#include <stdexcept>

namespace ocilot::load {

namespace {

constexpr std::uint64_t largest_block = 8 * 1024 * 1024;

void check(int openssl_result) {
    if (openssl_result != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

}  // namespace

Content::Content(std::uint64_t size, std::uint64_t seed)
    : size_{size},
      seed_{Random(seed).next()},
      shared_{EVP_MD_CTX_new(), EVP_MD_CTX_free},
      own_{EVP_MD_CTX_new(), EVP_MD_CTX_free} {
    if (size < smallest)
        throw std::runtime_error("a pushed blob needs at least 16 bytes to be a new one: --size");
    if (!shared_ || !own_) throw std::bad_alloc();
    auto const common = size - smallest;
    Random random(seed_);
    block_.resize(static_cast<std::size_t>(std::min(common, largest_block)) + 8);
    for (std::size_t i = 0; i + 8 <= block_.size(); i += 8) {
        auto const word = random.next();
        std::memcpy(block_.data() + i, &word, sizeof word);
    }
    block_.resize(block_.size() - 8);
    check(EVP_DigestInit_ex(shared_.get(), EVP_sha256(), nullptr));
    for (std::uint64_t at = 0; at < common;) {
        auto const piece = std::min<std::uint64_t>(common - at, block_.size());
        check(EVP_DigestUpdate(shared_.get(), block_.data(), static_cast<std::size_t>(piece)));
        at += piece;
    }
}

void Content::next(Blob& blob) {
    ++count_;
    std::memcpy(blob.stamp.data(), &seed_, sizeof seed_);
    std::memcpy(blob.stamp.data() + sizeof seed_, &count_, sizeof count_);
    check(EVP_MD_CTX_copy_ex(own_.get(), shared_.get()));
    check(EVP_DigestUpdate(own_.get(), blob.stamp.data(), blob.stamp.size()));
    std::array<unsigned char, 32> hash{};
    check(EVP_DigestFinal_ex(own_.get(), hash.data(), nullptr));
    blob.digest = "sha256:";
    for (unsigned const byte : hash) {
        blob.digest += "0123456789abcdef"[byte >> 4U];
        blob.digest += "0123456789abcdef"[byte & 15U];
    }
}

Body Content::body(Blob const& blob) const noexcept {
    return {.size = size_, .block = block_, .stamp = {blob.stamp.data(), blob.stamp.size()}};
}

}  // namespace ocilot::load
