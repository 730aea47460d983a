#pragma once

#include "oci/name.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ocilot::meta {

/// The facts that a write may change: none that is kept in memory, those of one repository or of all, or
/// those of accounts.
class ChangeScope {
  public:
    static ChangeScope nothing() noexcept { return ChangeScope(Kind::nothing, 0); }
    /// The facts of every repository.
    static ChangeScope everything() noexcept { return ChangeScope(Kind::everything, 0); }
    static ChangeScope accounts() noexcept { return ChangeScope(Kind::accounts, 0); }
    /// The facts of one repository.
    static ChangeScope of(oci::RepositoryName const& repository) noexcept;

  private:
    friend class Versions;
    enum class Kind : std::uint8_t { nothing, repository, everything, accounts };
    ChangeScope(Kind kind, std::size_t slot) noexcept : kind_(kind), slot_(slot) {}

    Kind kind_;
    std::size_t slot_;
};

/// Tells whether a mutable fact read earlier still holds: the version of its repository is what it was before
/// the read. Repositories share slots, so a version may move without need, never stay without right. It moves
/// with the commits of this process alone: where several processes write, `changed` is also to be called for
/// what the others committed (their changes can be read from the Journal), and until then a fact is as old as
/// that reading. Thread-safe.
class Versions {
  public:
    /// To be asked before the fact is read.
    [[nodiscard]] std::uint64_t of(oci::RepositoryName const& repository) const noexcept;
    /// The same for what is known of accounts, their tokens and keys.
    [[nodiscard]] std::uint64_t of_accounts() const noexcept {
        return accounts_.load(std::memory_order_acquire);
    }
    /// To be called after a commit and before anybody hears of it.
    void changed(ChangeScope scope) noexcept;

  private:
    friend class ChangeScope;
    static constexpr std::size_t slots = 1024;
    static std::size_t slot_of(oci::RepositoryName const& repository) noexcept;

    std::array<std::atomic<std::uint64_t>, slots> repositories_{};
    std::atomic<std::uint64_t> all_{0};
    std::atomic<std::uint64_t> accounts_{0};
};

}  // namespace ocilot::meta
