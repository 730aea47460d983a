#pragma once

#include "base/clock.h"
#include "oci/digest.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// What a list of tags is sorted by; equal ones by name.
enum class TagOrder : std::uint8_t {
    name,
    pushed,
    size,
    pulled,   ///< the last pull by the tag; those without one are last in both directions, by name
    version,  ///< as oci::Version compares them; those that are none are last in both directions, by name
};

/// A place in a list of tags. It stays where it is while tags move: what is before and after it is each
/// listed once, but for tags that move from one side to the other.
struct TagPlace {
    /// Microseconds since 1970, or bytes; nothing in the orders of names and of versions; `never` for tags
    /// that are last in both directions.
    std::int64_t key = 0;
    std::string name = {};
    friend bool operator==(TagPlace const&, TagPlace const&) = default;

    static constexpr std::int64_t never = -1;
};

/// Which tags of a repository, in which order.
struct TagQuery {
    TagOrder order = TagOrder::name;
    bool descending = false;
    std::optional<TagPlace> after = {};
    std::string prefix = {};  ///< what the names begin with; saves looking at others in the order of names
    std::function<bool(std::string_view)> matches = {};  ///< of a name; empty: all
    std::size_t limit = 100;
    std::size_t most_looked_at = 20'000;  ///< names for a page, however few of them match
};

/// A tag with the image that it points to.
struct TagRow {
    std::string name;
    oci::Digest digest;
    std::string media_type;
    std::uint64_t size = 0;  ///< bytes of the image: see NewManifest::blobs_size
    Time pushed_at{};        ///< when it was last set, also to the same manifest
    std::string pushed_by;   ///< who did that; empty for an anonymous caller
};

/// A page of tags.
struct TagRows {
    std::vector<TagRow> items = {};
    std::optional<TagPlace> next = {};  ///< where the next page starts; none if this is the last
    std::size_t looked_at = 0;          ///< names, for the page
};

}  // namespace ocilot::meta
