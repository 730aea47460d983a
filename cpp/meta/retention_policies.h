#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/change.h"

#include <string>
#include <vector>

namespace ocilot::meta {

/// A policy of retention that a client has set. What it says is in the words of the job that applies it.
struct StoredPolicy {
    std::string name;
    std::string content;  ///< one JSON object
    Time changed_at{};
    std::string changed_by = {};  ///< empty for an anonymous caller
};

/// Policies of retention that clients have set, mutable (see MetaStore). Every write is one durable
/// transaction with its change. Thread-safe; Tasks may come from any I/O context.
class RetentionPolicies {
  public:
    virtual ~RetentionPolicies() = default;

    /// All of them, by name, as one moment has them. Never from memory: it sees every write that has
    /// returned, of whichever process.
    virtual Task<Result<std::vector<StoredPolicy>>> policies() = 0;
    /// Adds or replaces a policy; answers whether it is new. conflict if there are `most` others already, in
    /// the same transaction.
    virtual Task<Result<bool>> set(StoredPolicy policy, std::size_t most, Change change) = 0;
    /// not_found if there is none.
    virtual Task<Result<>> remove(std::string name, Change change) = 0;
};

}  // namespace ocilot::meta
