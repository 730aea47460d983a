#pragma once

#include "base/uuid.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace ocilot::registry {

/// The last sessions that ended here, so that their URLs, which prove that they were opened, do not open them
/// again. Remembers the last 8192 at least, twice as many at most. An orderly end leaves them to the next
/// process; of processes that were killed nobody knows which of their sessions ended. Not thread-safe.
class EndedUploads {
  public:
    void add(Uuid id);
    [[nodiscard]] bool contains(Uuid id) const { return young_.contains(id) || old_.contains(id); }
    /// Whether all sessions of an earlier process that ended are known here.
    [[nodiscard]] bool knows_of(std::string const& process) const { return processes_.contains(process); }

    /// For the next process; `process` is this one.
    [[nodiscard]] std::string serialize(std::string_view process) const;
    /// What the one before left.
    void restore(std::string_view note);

  private:
    static constexpr std::size_t max_young = 8192;

    std::unordered_set<Uuid> young_;
    std::unordered_set<Uuid> old_;
    std::unordered_set<std::string> processes_;
};

}  // namespace ocilot::registry
