#pragma once

#include "base/result.h"
#include "jobs/fsck.h"

#include <cstdint>
#include <string>

namespace ocilot::server {

/// What a backup, its check or a restore has dealt with.
struct BackupCounts {
    std::uint64_t blobs = 0;         ///< that the metadata name and the directory has
    std::uint64_t bytes = 0;         ///< of these
    std::uint64_t linked = 0;        ///< blobs that were added as hard links
    std::uint64_t copied = 0;        ///< blobs that were added as copies
    std::uint64_t copied_bytes = 0;  ///< that were written
    std::uint64_t removed = 0;       ///< blobs that the metadata do not name any more
    std::uint64_t snapshots = 0;     ///< of the metadata: more than one if content was removed meanwhile
    std::uint64_t errors = 0;        ///< problems
};

/// Who is told.
class BackupWatcher {
  public:
    virtual ~BackupWatcher() = default;
    /// A difference that leaves the backup, or what was restored from it, incomplete.
    virtual void found(jobs::Problem const& problem) = 0;
    /// Now and then during long work.
    virtual void progress(BackupCounts const& so_far) = 0;
    /// Asked every few milliseconds; false ends the work.
    virtual bool should_continue() = 0;
};

// All run on the calling thread, on which `watcher` is called as well; cancelled if it ends them.

/// Brings the backup in `directory`, which is made if need be, to the state of the data directory `root`. A
/// registry may be running on it and collect garbage. Until the end, and after any failure or kill, the
/// backup is as it was before. What the registry itself has lost is a problem and no failure. config if one
/// of them cannot be used; no_space, unavailable or io.
Result<BackupCounts> back_up(std::string const& root, std::string const& directory, BackupWatcher& watcher);

/// Reads every blob that the metadata of a backup name. Changes nothing.
Result<BackupCounts> check_backup(std::string const& directory, BackupWatcher& watcher);

/// Makes the data directory `root`, which must be missing or empty, from a backup. What the backup lacks is a
/// problem and no failure. No registry can be started on it before it is complete.
Result<BackupCounts> restore_backup(std::string const& directory, std::string const& root,
                                    BackupWatcher& watcher);

}  // namespace ocilot::server
