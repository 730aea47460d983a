#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// Pulls under one name, as a process has counted them.
struct PullCount {
    std::string repository;   ///< may be an alias
    std::string tag = {};     ///< empty: by digest
    oci::Digest digest;       ///< of the manifest
    std::uint64_t pulls = 0;  ///< 0: clients asked whether what they have is current, and were sent nothing
    std::uint64_t told = 0;   ///< pulls that a change of the batch stands for; 0: there is none
    Time first{};             ///< pull; the epoch: not known, as of `last`
    Time last{};
    bool sampled = false;  ///< whether only some names of a batch have such a change
    friend bool operator==(PullCount const&, PullCount const&) = default;
};

/// What is recorded of a tag or a manifest.
struct PullRecord {
    Time pulled_at{};  ///< when the last batch with a pull of it was recorded
    std::uint64_t pulls = 0;
    friend bool operator==(PullRecord const&, PullRecord const&) = default;
};

/// Pulls of a tag and of the manifest that it points to. A pull by tag counts for both, one by digest for the
/// manifest; a request that sent nothing gives the tag a time and no count.
struct TagPulls {
    std::string tag;
    std::optional<PullRecord> of_tag = {};
    std::optional<PullRecord> of_manifest = {};
    friend bool operator==(TagPulls const&, TagPulls const&) = default;
};

/// A tag in the order of last pulls.
struct PulledTag {
    std::string tag;
    PullRecord record = {};
    friend bool operator==(PulledTag const&, PulledTag const&) = default;
};

/// Times and numbers of pulls, recorded in batches. Mutable (see MetaStore), and as old as the last batch of
/// each process: one that is killed loses what it has counted since. Where several processes write, batches
/// add up and the later time stands, in any order: no process reads what another has recorded to do so. A
/// batch never waits for a push, nor a push for it: their rows are others than those of tags and manifests.
/// They go with the tag or the manifest; what is restored counts as never pulled. Thread-safe; Tasks may come
/// from any I/O context.
class Pulls {
  public:
    virtual ~Pulls() = default;

    /// Notes that pulls are counted from now on, unless they were before. Answers since when.
    virtual Task<Result<Time>> begin(Time now) = 0;
    /// Notes that some were not counted until now: pulls are counted from now on. Nothing if they never were.
    virtual Task<Result<>> begin_again(Time now) = 0;
    /// Since when pulls are counted without a gap; nullopt: never. What was pulled last before that is not
    /// known. A restored backup begins again.
    virtual Task<Result<std::optional<Time>>> counted_since() = 0;
    /// Adds a batch, in one transaction with the changes that tell of it: a `manifest.pull` without an actor,
    /// as many callers have pulled, for each name with `told`. What the repository no longer has is passed
    /// over.
    virtual Task<Result<>> record(std::vector<PullCount> batch, Time now) = 0;

    /// Pulls of these tags, in the same order; without records for a tag that does not exist.
    virtual Task<Result<std::vector<TagPulls>>> of_tags(oci::RepositoryName const& repository,
                                                        std::vector<std::string> tags) = 0;
    /// Tags with a record, the last pulled first; those that come after `after`, if given. Equal times are in
    /// reverse byte order of the names.
    virtual Task<Result<std::vector<PulledTag>>> last_pulled(oci::RepositoryName const& repository,
                                                             std::optional<PulledTag> after,
                                                             std::size_t limit) = 0;
};

}  // namespace ocilot::meta
