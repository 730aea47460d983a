#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

namespace ocilot::meta {

/// Upload sessions that survive a restart. The bytes, and so the offset, are the blob store's to tell.
/// Thread-safe; Tasks may come from any I/O context.
class Uploads {
  public:
    virtual ~Uploads() = default;

    /// Records a new session, durably.
    virtual Task<Result<>> open(UploadFact upload) = 0;
    /// Records many, all or none.
    virtual Task<Result<>> open_all(std::vector<UploadFact> uploads) = 0;
    /// upload_unknown if there is none in that repository.
    virtual Task<Result<UploadFact>> find(oci::RepositoryName const& repository, Uuid id) = 0;
    /// How many sessions a repository has.
    virtual Task<Result<std::size_t>> count(oci::RepositoryName const& repository) = 0;
    /// How many sessions a caller has; those of anonymous callers are told apart by their address.
    virtual Task<Result<std::size_t>> count_by(std::string const& caller, std::string const& address) = 0;
    /// Ends a session; upload_unknown if there is none.
    virtual Task<Result<>> close(Uuid id) = 0;
    /// Sessions started before `time`, oldest first, at most `limit`.
    virtual Task<Result<std::vector<UploadFact>>> started_before(Time time, std::size_t limit) = 0;
};

}  // namespace ocilot::meta
