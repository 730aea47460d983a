#include "jose/signing_algorithm.h"

#include "base/quote.h"

#include <array>
#include <fmt/format.h>

namespace ocilot::jose {

namespace {

constexpr std::array all{
    SigningAlgorithm::rs256, SigningAlgorithm::rs384, SigningAlgorithm::rs512, SigningAlgorithm::ps256,
    SigningAlgorithm::ps384, SigningAlgorithm::ps512, SigningAlgorithm::es256, SigningAlgorithm::es384,
    SigningAlgorithm::es512, SigningAlgorithm::eddsa,
};
constexpr std::array<std::string_view, all.size()> names{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                         "PS512", "ES256", "ES384", "ES512", "EdDSA"};

}  // namespace

std::string_view to_string(SigningAlgorithm algorithm) noexcept {
    return names[static_cast<std::size_t>(algorithm)];
}

std::optional<SigningAlgorithm> parse_signing_algorithm(std::string_view name) noexcept {
    for (auto const algorithm : all) {
        if (to_string(algorithm) == name) return algorithm;
    }
    return std::nullopt;
}

std::span<SigningAlgorithm const> signing_algorithms() noexcept {
    return all;
}

Result<std::vector<SigningAlgorithm>> allowed_algorithms(std::span<std::string const> words) {
    if (words.empty()) return std::vector(all.begin(), all.end());
    std::vector<SigningAlgorithm> allowed;
    for (auto const& word : words) {
        auto const algorithm = parse_signing_algorithm(word);
        if (algorithm) {
            allowed.push_back(*algorithm);
            continue;
        }
        if (word.starts_with("HS")) {
            return Error{Errc::config,
                         fmt::format("signing algorithm {} is not accepted, because it uses a shared secret: "
                                     "configure the token server to sign with ES256 or RS256",
                                     quote(word))};
        }
        return Error{Errc::config, fmt::format("unknown signing algorithm {}: expected one of {}",
                                               quote(word), fmt::join(names, ", "))};
    }
    return allowed;
}

}  // namespace ocilot::jose
