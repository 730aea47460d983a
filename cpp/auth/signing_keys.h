#pragma once

#include "base/clock.h"
#include "jose/public_keys.h"
#include "jose/signing_key.h"
#include "meta/keys.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::auth {

/// The keys that the token server signs with: the youngest signs, the older ones verify until every token
/// they have signed is over. Kept in the metadata, so that tokens outlive a restart. Thread-safe.
class SigningKeys {
  public:
    struct Key {
        jose::SigningKey key;
        Time created_at;
    };
    /// Youngest first; at least one.
    struct Keys {
        std::vector<Key> keys;
        jose::PublicKeys verifiers;
        std::uint64_t version = 0;  ///< differs from one set to the next
    };

    /// `token_life`: how long a token lives that was signed with one of them.
    SigningKeys(meta::Keys& store, Clock const& clock, std::chrono::seconds token_life) noexcept
        : store_(store), clock_(clock), token_life_(token_life) {}

    /// Reads the keys, and makes one if there is none or the youngest is older than `most_age` (0: any age).
    /// To be called before all others, and from time to time.
    Task<Result<>> refresh(std::chrono::seconds max_age);
    static constexpr std::size_t max_keys =
        16;  ///< keys at once, made by hand; their tokens are verified with any

    /// Makes a key that signs from now on, and answers its id. too_many_requests if there are so many whose
    /// tokens are still good.
    Task<Result<std::string>> rotate(meta::Actor by);

    [[nodiscard]] std::shared_ptr<Keys const> current() const { return keys_.load(); }
    /// The public keys as a JWKS (RFC 7517 §5).
    [[nodiscard]] std::string jwks() const;

  private:
    Task<Result<>> read();
    Task<Result<std::string>> add(meta::Actor by);
    Task<Result<std::string>> make_one_more(meta::Actor by);
    [[nodiscard]] Result<> room_for_one() const;

    meta::Keys& store_;
    Clock const& clock_;
    std::chrono::seconds const token_life_;
    std::atomic<bool> rotating_{false};
    std::atomic<std::shared_ptr<Keys const>> keys_{std::make_shared<Keys const>()};
};

}  // namespace ocilot::auth
