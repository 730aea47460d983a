#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"
#include "meta/history_rules.h"
#include "meta/repository_admin.h"
#include "meta/restoration.h"

#include <cstddef>
#include <cstdint>

namespace ocilot::meta {

/// Repositories with their tags and manifests. Every write is one durable transaction: when it returns, the
/// facts survive a power cut. A repository exists while it holds a manifest or a blob link; lists show it
/// while it holds a manifest. What is quarantined (see ScrubFacts) can be removed, and is unknown to every
/// other question until it is pushed again. The journal and the histories of the tags keep who wrote.
/// Thread-safe; Tasks may come from any I/O context.
///
/// MetaStore says what the classes of facts below mean for a caller.
class Catalog {
  public:
    virtual ~Catalog() = default;

    // Mutable: which repositories and tags there are, where a tag points, which manifests need a digest.

    /// Names of repositories that hold at least one manifest.
    virtual Task<Result<Slice<std::string>>> repositories(Page page) = 0;
    /// Tags of a repository; name_unknown if it does not exist.
    virtual Task<Result<Slice<std::string>>> tags(oci::RepositoryName const& repository, Page page) = 0;
    /// Tags that need a manifest or a blob: they point to it, or to what names it as content. None, not an
    /// error, for what is unknown.
    virtual Task<Result<Slice<std::string>>> tags_on(oci::RepositoryName const& repository,
                                                     oci::Digest const& digest, Page page) = 0;
    /// The manifest a tag points to; manifest_unknown if there is none.
    virtual Task<Result<ManifestFact>> resolve(oci::RepositoryName const& repository,
                                               oci::Tag const& tag) = 0;
    // Mutable: whether the repository holds the manifest, and which refer to it. The fact itself is
    // immutable or fixed: see ManifestFact and ReferrerRow.

    /// manifest_unknown if the repository does not hold it.
    virtual Task<Result<ManifestFact>> manifest(oci::RepositoryName const& repository,
                                                oci::Digest const& digest) = 0;
    /// Hands `visit` the manifests whose subject is `subject`, by digest; of one artifact type if `type` is
    /// given. Nothing, not an error, for what is unknown. Answers whether more follow.
    virtual Task<Result<bool>> referrers(oci::RepositoryName const& repository, oci::Digest const& subject,
                                         std::optional<std::string> type, Page page,
                                         ReferrerVisitor const& visit) = 0;

    // Writes. Each finds in its own transaction what it requires, whatever was read before.

    /// Records a manifest and moves its tags, or fails with manifest_blob_unknown naming every missing
    /// required digest as a subject of the error. Recording the same manifest again is no error. denied, and
    /// nothing recorded, if a tag would move that may not; conflict if one is not where it was seen;
    /// precondition_failed if the condition does not hold. What is new is charged to `pushed_by`, see
    /// charged_to; a tag that moves stays with whom it is charged to.
    virtual Task<Result<>> put_manifest(NewManifest manifest) = 0;
    /// Removes a tag and nothing else; manifest_unknown if there is none, precondition_failed.
    virtual Task<Result<>> delete_tag(oci::RepositoryName const& repository, oci::Tag const& tag, Actor by,
                                      Time now, std::optional<TagCondition> condition = {}) = 0;
    /// Removes a manifest from the repository with every tag on it; manifest_unknown if there is none,
    /// conflict if another tag than `expected_tags`, if given, needs it: see tags_on.
    virtual Task<Result<>> delete_manifest(oci::RepositoryName const& repository, oci::Digest const& digest,
                                           std::optional<std::vector<std::string>> expected_tags, Actor by,
                                           Time now) = 0;

    /// The history of a tag, youngest entry first; entries before the one with the id `before`, if given.
    virtual Task<Result<std::vector<HistoryEntry>>> history(oci::RepositoryName const& repository,
                                                            oci::Tag const& tag,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit) = 0;
    /// Removes what `rules` do not keep among the `rows` entries of tag histories that follow `after`, in the
    /// order in which they were written: a piece of a walk. Several walks at once, of any replicas, remove
    /// the same entries.
    virtual Task<Result<PruneResult>> prune_history(HistoryRules rules, std::int64_t after,
                                                    std::size_t rows) = 0;

    /// Whole repositories.
    [[nodiscard]] virtual RepositoryAdmin& admin() noexcept = 0;
};

}  // namespace ocilot::meta
