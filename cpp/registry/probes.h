#pragma once

#include "base/clock.h"
#include "oci/digest.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ocilot::registry {

/// Which digests this process has told clients that they are there, so that the garbage collection spares
/// them for a while: a client that was told does not push them, and names them in a manifest next. Forgets
/// nothing too early; a digest that no client asked for counts as asked for if others share both its places,
/// which becomes likely where hundreds of thousands are asked for within that while. Thread-safe; costs a
/// request two stores and a look at the clock.
class Probes {
  public:
    Probes() : places_(std::make_unique<Places>()) {}

    void note(oci::Digest const& digest, Time now) noexcept {
        auto const [one, other] = places_of(digest);
        (*places_)[one].store(seconds(now), std::memory_order_relaxed);
        (*places_)[other].store(seconds(now), std::memory_order_relaxed);
    }
    /// Whether the digest was asked for at `since` or later.
    [[nodiscard]] bool contains(oci::Digest const& digest, Time since) const noexcept {
        auto const [one, other] = places_of(digest);
        auto const first = (*places_)[one].load(std::memory_order_relaxed);
        auto const second = (*places_)[other].load(std::memory_order_relaxed);
        return first != 0 && second != 0 && first >= seconds(since) && second >= seconds(since);
    }

  private:
    static constexpr std::size_t count = std::size_t{1} << 18;
    using Places = std::array<std::atomic<std::uint32_t>, count>;
    struct Two {
        std::size_t one;
        std::size_t other;
    };

    /// Whole seconds since 1970, until 2106; 0 is never a time that was noted.
    static std::uint32_t seconds(Time time) noexcept {
        using std::chrono::seconds;
        auto const since_1970 = std::chrono::floor<seconds>(time.time_since_epoch());
        return static_cast<std::uint32_t>(std::max(since_1970, seconds(0)).count());
    }
    /// A digest's bytes are as good as a hash of it.
    static Two places_of(oci::Digest const& digest) noexcept {
        auto const bytes = digest.bytes();
        auto const at = [&](std::size_t from) {
            return (std::to_integer<std::size_t>(bytes[from]) |
                    std::to_integer<std::size_t>(bytes[from + 1]) << 8 |
                    std::to_integer<std::size_t>(bytes[from + 2]) << 16) %
                   count;
        };
        return {at(0), at(3)};
    }

    std::unique_ptr<Places> places_;
};

}  // namespace ocilot::registry
