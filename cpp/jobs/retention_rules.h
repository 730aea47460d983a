#pragma once

#include "base/aside.h"
#include "base/blocking_pool.h"
#include "base/turns.h"
#include "jobs/read_repository.h"
#include "net/http_client.h"
#include "registry/registry.h"
#include "retention/policy.h"

#include <string>
#include <utility>
#include <vector>

namespace ocilot::jobs {

/// What the work of retention needs; borrowed.
struct RetentionParts {
    registry::Registry& registry;
    BlockingPool& pool;               ///< for evaluation, and for files
    net::HttpClient* http = nullptr;  ///< for lists by URL; null: they cannot be fetched
    /// Where plans for clients are made: a large one holds a thread for seconds, some milliseconds at a time.
    /// Null: where they are asked for.
    Aside* aside = nullptr;

    /// Runs what takes as long as a repository is large on the pool, patiently: requests go first.
    template <class Work>
    auto evaluate(Work work) const {
        return pool.run([w = std::move(work)]() mutable {
            PatientTurns const turns;
            return w();
        });
    }
};

/// Policies with the text that they were read from.
struct RetentionRules {
    std::string source = "[]";  ///< as JSON
    std::vector<retention::Policy> policies = {};
    std::string version = {};
    bool some_only = false;  ///< the `delete` rules of the other policies were left out

    /// bad_request, with the path of the problem in the message.
    static Result<RetentionRules> parse(std::string source, std::size_t most = retention::most_policies);
    /// Leaves out the `delete` rules of all policies but these; all else that they say still counts.
    void only(std::vector<std::string> const& names);
    /// Whether they can delete something in it.
    [[nodiscard]] bool matches(oci::RepositoryName const& repository) const noexcept;
};

/// What is wrong with policies, as a client reads it: `at` is what the path in the error begins with.
[[nodiscard]] Error policy_error(std::string at, Error const& problem);

}  // namespace ocilot::jobs
