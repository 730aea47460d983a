#pragma once

#include "base/metrics.h"
#include "meta/fact_cache.h"
#include "meta/pulls.h"
#include "oci/reference.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ocilot::registry {

/// Counts pulls in memory until they are recorded. A name that is pulled again and again costs a look-up
/// under a lock that mostly one thread takes, and no allocation: it stays for as long as it was pulled since
/// the last batch but one. Holds a bounded number of names; pulls of others are dropped, and counted as such.
/// Thread-safe.
class PullCounter {
  public:
    static constexpr std::size_t default_capacity = 100'000;

    explicit PullCounter(Metrics& metrics, std::size_t capacity = default_capacity);

    /// Notes a request for a manifest: a pull if the manifest was `sent`, else a sign that the client uses
    /// it. `at` is the time of a pull; the epoch if nothing tells of it.
    void add(oci::RepositoryName const& repository, oci::Reference const& reference,
             oci::Digest const& digest, bool sent, Time at = {});

    /// What was counted since the last call, each name once, ordered by repository and tag.
    [[nodiscard]] std::vector<meta::PullCount> take();
    /// Adds what could not be recorded to the next batch. Allocates nothing.
    void put_back(std::list<std::vector<meta::PullCount>> rest) noexcept;
    /// Around a take() until what it answered is recorded or put back.
    class Recording {
      public:
        explicit Recording(PullCounter& counter) noexcept : counter_(counter) { ++counter_.recordings_; }
        ~Recording() { --counter_.recordings_; }
        Recording(Recording const&) = delete;
        Recording& operator=(Recording const&) = delete;

      private:
        PullCounter& counter_;
    };
    /// Whether a batch is being recorded, or was put back.
    [[nodiscard]] bool has_unrecorded();
    /// To be told of what was recorded, for the metrics.
    void recorded(std::vector<meta::PullCount> const& batch) noexcept;
    /// Whether anything was dropped since the last call: nobody knows then what was used last.
    [[nodiscard]] bool take_gap() noexcept { return has_gap_.exchange(false); }
    /// That could not be noted.
    void put_back_gap() noexcept { has_gap_ = true; }
    /// Pulls that were dropped since the last call.
    [[nodiscard]] std::uint64_t take_dropped() noexcept;

  private:
    static constexpr std::size_t shards = 16;
    struct Entry {
        oci::Digest digest;
        std::uint64_t pulls = 0;
        Time first{};  ///< see meta::PullCount
        Time last{};
        bool is_touched = false;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    /// By meta::FactKey.
    using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
    struct alignas(64) Shard {
        std::mutex mutex;
        Entries entries;
        /// What was counted before a tag moved.
        std::vector<std::pair<std::string, Entry>> moved;
    };
    /// An entry that was touched, with its key, which stays where it is until the next batch.
    using Touched = std::pair<std::string_view, Entry>;

    Shard& shard_of_this_thread() noexcept;
    /// Null if there are too many.
    Entry* entry_of(Shard& shard, std::string_view key, oci::Digest const& digest);
    /// A place for one more name, if there is one.
    bool reserve() noexcept;
    void drop(std::uint64_t pulls) noexcept;
    /// Moves what was touched from a shard, and forgets what was not.
    void take_from(Shard& shard, std::vector<meta::PullCount>& batch);

    std::size_t const capacity_;
    Counter& recorded_;
    Counter& told_;
    Counter& dropped_;
    std::atomic<std::uint64_t> dropped_lately_{0};
    std::atomic<bool> has_gap_{false};
    std::atomic<unsigned> recordings_{0};
    std::atomic<std::size_t> held_{0};  ///< entries and moved ones, of all shards
    std::array<Shard, shards> shards_;
    std::mutex taking_;  ///< taken before that of a shard
    std::list<std::vector<meta::PullCount>> unrecorded_;
};

}  // namespace ocilot::registry
