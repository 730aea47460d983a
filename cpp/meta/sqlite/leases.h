#pragma once

#include "meta/leases.h"

#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace ocilot::meta {

/// Only one process has the database open, so that its own memory knows who holds what: nothing is written,
/// and a lease lasts until it is released or its process ends.
class SqliteLeases final : public Leases {
  public:
    Task<Result<std::optional<Lease>>> acquire(std::string_view name, std::string_view holder,
                                               std::chrono::seconds time_to_live) override;
    Task<Result<bool>> renew(Lease const& lease, std::chrono::seconds time_to_live) override;
    Task<Result<>> release(Lease const& lease) override;

  private:
    struct LeaseState {
        std::string holder;  // Empty: free.
        std::uint64_t epoch = 0;
    };
    std::optional<Lease> take(std::string_view name, std::string_view holder);
    [[nodiscard]] bool holds(Lease const& lease) const;
    void give_back(Lease const& lease);

    mutable std::mutex mutex_;
    std::map<std::string, LeaseState, std::less<>> leases_;
};

}  // namespace ocilot::meta
