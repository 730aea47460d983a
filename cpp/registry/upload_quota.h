#pragma once

#include "registry/registry.h"

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ocilot::registry {

struct UploadSession;

/// Upper bounds of how many uploads are unfinished, each for a repository or a caller: uploads that began
/// since they were counted are added, those that ended are not taken away. So they have to be counted again
/// only when the bound says that there may be no room. Thread-safe.
class UploadQuota {
  public:
    /// Takes one place if there is surely one below `limit`; else they have to be counted.
    [[nodiscard]] bool take(std::string const& whose, std::size_t limit);
    /// Tells how many there are.
    void counted(std::string const& whose, std::size_t open);

  private:
    static constexpr std::size_t max_bounds = 10'000;  // Bounds kept; forgetting all costs a count each.

    std::mutex mutex_;
    std::unordered_map<std::string, std::size_t> bounds_;
};

/// Makes sure that one more session may hold bytes in its repository and of its caller: over a limit the one
/// that has been idle for longest ends. too_many_requests if all of them are being written to. Callers
/// without a name share their addresses with others: only the repository counts theirs. Requests at the same
/// moment may begin a few more.
Task<Result<>> reserve_upload(Registry& registry, UploadSession& session);

}  // namespace ocilot::registry
