#include "meta/sqlite/collection_plan.h"

#include "meta/sqlite/due_candidates.h"
#include "meta/sqlite/needed.h"
#include "meta/sqlite/purge.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review.h"
#include "meta/sqlite/review_queue.h"

#include <algorithm>
#include <map>
#include <string>

namespace ocilot::meta {

namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t looks_per_removal = 10;  ///< most candidates that are looked at

/// A plan that is being made.
struct Planning {
    SqliteDb& db;
    PlanRequest const& request;
    CollectionPlan plan = {};
    std::map<std::string, std::uint64_t> sizes = {};  ///< of what is removed, by digest
};

Result<> plan_bytes(Planning& planning, std::string_view repository, oci::Digest const& digest) {
    auto const text = digest.str();
    CHECK(drop_candidate(planning.db, repository, text));
    TRY(bool const held, is_held(planning.db, text));
    if (held) return {};
    std::optional<std::uint64_t> size;
    if (auto const known = planning.sizes.find(text); known != planning.sizes.end()) size = known->second;
    planning.plan.removals.push_back({"", digest, ContentKind::bytes, size});
    return {};
}

Result<> plan_removal(Planning& planning, oci::RepositoryName const& repository, oci::Digest const& digest) {
    auto& db = planning.db;
    auto const text = digest.str();
    auto const& name = repository.str();
    TRY(auto const manifest,
        first_number(db, "SELECT size FROM removed_manifest WHERE repository = ?1 AND digest = ?2",
                     {name, text}));
    TRY(auto const link,
        first_number(db, "SELECT size FROM removed_link WHERE repository = ?1 AND digest = ?2",
                     {name, text}));
    TRY(auto const purged,
        purge_all(db, repository, {digest}, planning.request.cutoffs, planning.request.now));
    auto const size = static_cast<std::uint64_t>(manifest ? *manifest : link.value_or(0));
    auto& removals = planning.plan.removals;
    if (purged.manifests > 0) removals.push_back({name, digest, ContentKind::manifest, size});
    if (purged.links > 0) removals.push_back({name, digest, ContentKind::blob, size});
    if (manifest || link) planning.sizes.insert_or_assign(text, size);
    for (auto const& candidate : purged.bytes) {
        CHECK(plan_bytes(planning, name, candidate.digest));
    }
    return {};
}

Result<> plan_repository(Planning& planning, std::string const& name,
                         std::vector<oci::Digest> const& candidates) {
    auto& db = planning.db;
    auto const& request = planning.request;
    TRY(auto const repository, oci::RepositoryName::parse(name));
    TRY(auto const reviewed, review_all(db, repository, candidates, request.cutoffs));
    for (auto const& digest : reviewed.condemned) {
        if (request.is_probed && request.is_probed(digest)) {
            CHECK(lift_all(db, name, {digest}, request.now));
            CHECK(drop_candidate(db, name, digest.str()));
        } else {
            CHECK(plan_removal(planning, repository, digest));
        }
    }
    for (auto const& digest : reviewed.expired) {
        CHECK(plan_removal(planning, repository, digest));
    }
    for (auto const& candidate : reviewed.left) {
        CHECK(plan_bytes(planning, name, candidate.digest));
    }
    return {};
}

Result<> plan_due(Planning& planning, std::vector<Candidate> const& due) {
    std::map<std::string, std::vector<oci::Digest>> by_repository;
    for (auto const& candidate : due) by_repository[candidate.repository].push_back(candidate.digest);
    for (auto const& [name, digests] : by_repository) {
        if (!name.empty()) {
            CHECK(plan_repository(planning, name, digests));
            continue;
        }
        for (auto const& digest : digests) {
            CHECK(plan_bytes(planning, name, digest));
        }
    }
    return {};
}

}  // namespace

Result<CollectionPlan> plan_round(SqliteDb& db, PlanRequest const& request) {
    CHECK(add_unneeded_candidates(db, request.unread));
    Planning planning{db, request};
    auto& removals = planning.plan.removals;
    std::size_t looked_at = 0;
    for (;;) {
        TRY(auto const due, read_due(db, request.cutoffs, std::min(batch, request.limit)));
        if (due.empty()) break;
        planning.plan.more =
            removals.size() >= request.limit || looked_at >= looks_per_removal * request.limit;
        if (planning.plan.more) break;
        looked_at += due.size();
        CHECK(plan_due(planning, due));
    }
    if (removals.size() > request.limit) {
        planning.plan.more = true;
        removals.erase(removals.begin() + static_cast<std::ptrdiff_t>(request.limit), removals.end());
    }
    return std::move(planning.plan);
}

}  // namespace ocilot::meta
