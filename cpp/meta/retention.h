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

/// A tag as retention reads it.
struct RetentionTag {
    std::string name;
    oci::Digest digest;
    Time pushed_at;  ///< when it was last set
    /// It stands for referrers (`sha256-HEX`, `sha256-HEX.sig`) of a manifest that was deleted and can be
    /// restored.
    bool subject_restorable = false;
    std::optional<Time> pulled_at = {};  ///< last, by this tag
    std::uint64_t pulls = 0;             ///< by this tag
};

struct RetentionManifest {
    std::int64_t id = 0;  ///< as edges name it
    oci::Digest digest;
    std::uint64_t size = 0;  ///< bytes
    Time pushed_at{};
    std::optional<oci::Digest> subject = {};
    bool subject_restorable = false;  ///< it was deleted and can be restored
    std::string artifact_type = {};
    std::string annotations_json = {};  ///< an object of strings
    std::optional<Time> released_at =
        {};                              ///< since when nothing holds it, as the garbage collection has seen
    std::optional<Time> pulled_at = {};  ///< last, by its digest or by a tag
    std::string media_type = {};
};

/// That a manifest names some content.
struct RetentionEdge {
    oci::Digest child;
    std::int64_t manifest = 0;
    bool to_manifest = false;  ///< else to a blob
};

/// Edges after this one, by child, manifest and kind.
struct EdgePlace {
    std::string child = {};
    std::int64_t manifest = 0;
    std::string kind = {};
};

/// A stored plan. What it says is in the words of the job that makes it.
struct RetentionPlan {
    std::int64_t id = 0;
    Time made_at{};
    std::string state = {};
    std::string content = {};
};

/// Rows of a plan about one repository that have the same verdict, as one JSON list: a plan of 100 000 tags
/// is written in hundreds of pieces, between which other writes pass. They follow a repository that is
/// renamed, and go with one that is deleted.
struct PlanPiece {
    std::int64_t number = 0;  ///< from 1, in the order of the plan
    std::string verdict = {};
    std::string repository = {};
    std::string rows = {};
};

/// Which pieces of a plan.
struct PieceQuery {
    std::int64_t plan = 0;
    std::int64_t after = 0;    ///< number of a piece
    std::string verdict = {};  ///< empty: any
    std::size_t limit = 1;
};

/// What retention reads of a repository, page by page, and the plans that it made. Reads never wait for
/// writes. What is quarantined is listed, too. Thread-safe; Tasks may come from any I/O context.
class Retention {
  public:
    virtual ~Retention() = default;

    /// By name.
    virtual Task<Result<Slice<RetentionTag>>> tags(oci::RepositoryName const& repository, Page page) = 0;
    /// By digest.
    virtual Task<Result<Slice<RetentionManifest>>> manifests(oci::RepositoryName const& repository,
                                                             Page page) = 0;
    /// By child, manifest and kind.
    virtual Task<Result<std::vector<RetentionEdge>>> edges(oci::RepositoryName const& repository,
                                                           EdgePlace after, std::size_t limit) = 0;
    /// Blobs that the repository holds, by digest.
    virtual Task<Result<Slice<BlobFact>>> links(oci::RepositoryName const& repository, Page page) = 0;
    /// Those of the digests that another repository holds as a blob or a manifest.
    virtual Task<Result<std::vector<oci::Digest>>> held_elsewhere(oci::RepositoryName const& repository,
                                                                  std::vector<oci::Digest> digests) = 0;

    /// Stores a new plan; answers its id.
    virtual Task<Result<std::int64_t>> add_plan(RetentionPlan plan) = 0;
    /// conflict if the plan was removed meanwhile.
    virtual Task<Result<>> add_pieces(std::int64_t plan, std::vector<PlanPiece> pieces) = 0;
    /// Replaces its state and its content; with `expected`, only if that is its state: conflict.
    virtual Task<Result<>> change_plan(RetentionPlan plan, std::string expected) = 0;
    /// not_found.
    virtual Task<Result<RetentionPlan>> plan(std::int64_t id) = 0;
    /// Newest first, those before `before` if given.
    virtual Task<Result<std::vector<RetentionPlan>>> plans(std::optional<std::int64_t> before,
                                                           std::size_t limit) = 0;
    virtual Task<Result<std::vector<PlanPiece>>> pieces(PieceQuery query) = 0;
    /// Removes plans, and then their pieces, a few in a transaction: those that a failure leaves go with the
    /// next removal. Plans that are not there are passed over.
    virtual Task<Result<>> remove_plans(std::vector<std::int64_t> ids) = 0;
};

}  // namespace ocilot::meta
