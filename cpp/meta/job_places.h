#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

#include <optional>
#include <string>

namespace ocilot::meta {

/// How far a background job has come, in its own words.
struct JobPlace {
    std::string job;
    std::string place;
    Time noted_at{};
};

/// One place for each job, kept across restarts. Mutable (see MetaStore): with several processes only the
/// holder of the job's lease saves it, and the last one that is saved counts. Thread-safe; Tasks may come
/// from any I/O context.
class JobPlaces {
  public:
    virtual ~JobPlaces() = default;

    /// None before the first `save`.
    virtual Task<Result<std::optional<JobPlace>>> place(std::string job) = 0;
    /// Durable when it returns.
    virtual Task<Result<>> save(JobPlace place) = 0;
};

}  // namespace ocilot::meta
