#pragma once

#include "base/clock.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// A repository and how much it holds.
struct RepositorySummary {
    std::string name;
    std::uint64_t tags = 0;
    std::uint64_t manifests = 0;
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;             ///< of the blobs; other repositories may have them, too
    std::optional<Time> pushed_at = {};  ///< when the youngest of its tags was set; none without a tag
};

/// What a list of repositories is sorted by; equal ones in the order in which they came to be.
enum class RepositoryOrder : std::uint8_t {
    bytes,
    pushed,  ///< those without a tag are last in both directions
};

/// A place in such a list; as TagPlace.
struct RepositoryPlace {
    std::int64_t key = 0;  ///< bytes, or microseconds since 1970; 0 without a tag
    std::int64_t id = 0;   ///< of the repository
    friend bool operator==(RepositoryPlace const&, RepositoryPlace const&) = default;
};

/// Which repositories, in which order.
struct RepositoryQuery {
    RepositoryOrder order = RepositoryOrder::bytes;
    bool descending = false;
    std::optional<RepositoryPlace> after = {};
    std::string prefix = {};  ///< what the names begin with
    std::size_t limit = 100;
};

/// A page of repositories.
struct RepositoryRows {
    std::vector<RepositorySummary> items = {};
    std::optional<RepositoryPlace> next = {};  ///< where the next page starts; none if this is the last
};

}  // namespace ocilot::meta
