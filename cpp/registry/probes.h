#pragma once

#include "base/clock.h"
#include "oci/digest.h"

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
/// request two stores.
class Probes {
  public:
    Probes() : places_(std::make_unique<Places>()) {}

    /// The time that the next notes get; set by the collector, so that a request needs no clock.
    void set_now(Time now) noexcept { now_.store(seconds(now), std::memory_order_relaxed); }

    void note(oci::Digest const& digest) noexcept {
        auto const [one, other] = places_of(digest);
        auto const now = now_.load(std::memory_order_relaxed);
        (*places_)[one].store(now, std::memory_order_relaxed);
        (*places_)[other].store(now, std::memory_order_relaxed);
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
    using Places = std::array<std::atomic<std::int32_t>, count>;
    struct Two {
        std::size_t one;
        std::size_t other;
    };

    /// Whole seconds; 0 is never a time that was noted.
    static std::int32_t seconds(Time time) noexcept {
        using std::chrono::seconds;
        return static_cast<std::int32_t>(std::chrono::floor<seconds>(time.time_since_epoch()).count());
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
    std::atomic<std::int32_t> now_{0};
};

}  // namespace ocilot::registry
