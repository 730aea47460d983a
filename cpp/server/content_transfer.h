#pragma once

#include "blob/filesystem/blob_transfer.h"
#include "meta/sqlite/snapshot.h"
#include "server/backup.h"

#include <chrono>
#include <functional>
#include <utility>
#include <vector>

namespace ocilot::server {

/// When a watcher is to be told how far long work is.
class ProgressTimer {
  public:
    /// True once a second.
    bool is_due() {
        auto const now = std::chrono::steady_clock::now();
        if (now - shown_at_ < interval) return false;
        shown_at_ = now;
        return true;
    }

  private:
    static constexpr std::chrono::seconds interval{1};
    std::chrono::steady_clock::time_point shown_at_ = std::chrono::steady_clock::now();
};

/// Brings what a snapshot names from one data directory into another, and counts it.
class ContentTransfer {
  public:
    /// What to do about bytes that neither directory has.
    using Missing = std::function<Result<blob::Transferred>(oci::Digest const& digest, std::uint64_t size)>;

    ContentTransfer(blob::Files& files, blob::DataDirectory const& from, blob::DataDirectory const& to,
                    BackupWatcher& watcher)
        : watcher_(watcher), blobs_(files, from, to, [this] { return step(); }) {}

    /// Brings all of it; what of it is wrong becomes `problems`.
    Result<> run(meta::SqliteSnapshot& snapshot, Missing const& missing);
    /// Tells the watcher.
    void report();

    [[nodiscard]] blob::BlobTransfer& blobs() noexcept { return blobs_; }
    [[nodiscard]] BackupCounts& counts() noexcept { return counts_; }
    /// cancelled if the watcher wants no more.
    Result<> check_cancelled();

  private:
    Result<> bring(meta::SqliteSnapshot& snapshot, meta::NamedContent const& content, Missing const& missing);
    Result<> note_problem(meta::SqliteSnapshot& snapshot, oci::Digest const& digest,
                          blob::Transferred outcome);
    Result<> step();

    BackupWatcher& watcher_;
    blob::BlobTransfer blobs_;
    BackupCounts counts_;
    std::vector<jobs::Problem> problems_;
    ProgressTimer timer_;
};

}  // namespace ocilot::server
