// Throughput of oci::Hasher beside OpenSSL's EVP functions, for long and short content, and what it costs to
// write a hash down and to go on from there.

#include "oci/hasher.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <openssl/evp.h>
#include <string>

using namespace ocilot::oci;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds least{500};

/// Nanoseconds of one call, the best of three runs.
template <class Call>
double cost(Call call) {
    double best = 1e300;
    for (int run = 0; run < 3; ++run) {
        long count = 0;
        auto const begin = Clock::now();
        auto end = begin;
        while (end - begin < least) {
            for (int i = 0; i < 16; ++i) call();
            count += 16;
            end = Clock::now();
        }
        auto const taken = std::chrono::duration<double, std::nano>(end - begin).count();
        best = std::min(best, taken / static_cast<double>(count));
    }
    return best;
}

void evp(EVP_MD const* method, std::string const& content) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    unsigned char hash[EVP_MAX_MD_SIZE];
    EVP_DigestInit_ex2(context.get(), method, nullptr);
    EVP_DigestUpdate(context.get(), content.data(), content.size());
    EVP_DigestFinal_ex(context.get(), hash, nullptr);
}

void compare(Algorithm algorithm, std::size_t size) {
    std::string const content(size, 'x');
    EVP_MD* const method =
        EVP_MD_fetch(nullptr, algorithm == Algorithm::sha256 ? "SHA256" : "SHA512", nullptr);
    auto const theirs = cost([&] { evp(method, content); });
    auto const ours = cost([&] { (void)digest_of(algorithm, content); });
    EVP_MD_free(method);
    auto const rate = [&](double nanoseconds) { return static_cast<double>(size) / nanoseconds * 1000; };
    std::printf("%s %8zu bytes  EVP %9.0f ns %6.0f MB/s  Hasher %9.0f ns %6.0f MB/s\n",
                std::string(to_string(algorithm)).c_str(), size, theirs, rate(theirs), ours, rate(ours));
}

}  // namespace

int main() {
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        for (std::size_t const size : {64U, 4096U, 256U * 1024U, 16U * 1024U * 1024U})
            compare(algorithm, size);
        Hasher hasher(algorithm);
        hasher.update(std::as_bytes(std::span("some bytes that fill no block", 29)));
        auto const state = hasher.export_state();
        std::printf("%s state of %zu bytes: export %.0f ns, import %.0f ns\n",
                    std::string(to_string(algorithm)).c_str(), state.size(),
                    cost([&] { (void)hasher.export_state(); }),
                    cost([&] { (void)Hasher::from_state(algorithm, state); }));
    }
}
