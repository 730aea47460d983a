#include "meta/sqlite/collection.h"

#include "meta/sqlite/due_candidates.h"
#include "meta/sqlite/needed.h"
#include "meta/sqlite/purge.h"
#include "meta/sqlite/restoration.h"
#include "meta/sqlite/review.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/unneeded.h"
#include "meta/sqlite/values.h"

#include <charconv>
#include <fmt/format.h>

namespace ocilot::meta {

namespace {

constexpr std::string_view job_name = "collect-garbage";

Result<> write_place(SqliteDb& db, CollectionPlace const& place) {
    CHECK(
        db.change("INSERT INTO job_place (job, place, noted_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (job) DO UPDATE SET place = excluded.place, noted_at = excluded.noted_at",
                  {job_name, fmt::format("{} {}", place.change, place.walk), stored(place.noted_at)}));
    return {};
}

/// Where the writes are, and not on the thread of an I/O context: what reads as much would hold it. The pages
/// are in that cache already, as the collection writes what it reads.
template <class Read>
auto read_aside(SqliteWriter& writer, Read read) {
    return writer.run(ChangeScope::nothing(), std::move(read));
}

Result<std::optional<CollectionPlace>> read_place(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT place, noted_at FROM job_place WHERE job = ?1", {job_name}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<CollectionPlace>();
    auto const text = rows.view(0);
    CollectionPlace place{.noted_at = stored_time(rows, 1)};
    auto const* const end = text.data() + text.size();
    auto const [rest, failure] = std::from_chars(text.data(), end, place.change);
    if (failure != std::errc() || rest == end) return damaged("place of a job");
    place.walk = std::string(rest + 1, end);
    return std::optional(std::move(place));
}

}  // namespace

Task<Result<>> SqliteCollection::enqueue(std::vector<Candidate> candidates, CollectionPlace place) {
    return writer_.run(ChangeScope::nothing(),
                       [all = std::move(candidates), to = std::move(place)](SqliteDb& db) -> Result<> {
                           CHECK(add_unneeded_candidates(db, all));
                           return write_place(db, to);
                       });
}

Task<Result<std::optional<CollectionPlace>>> SqliteCollection::place() {
    co_return readers_.read(read_place);
}

Task<Result<std::vector<Candidate>>> SqliteCollection::due(ReviewCutoffs cutoffs, std::size_t limit) {
    return read_aside(writer_, [=](SqliteDb& db) { return read_due(db, cutoffs, limit); });
}

Task<Result<Reviewed>> SqliteCollection::review(oci::RepositoryName const& repository,
                                                std::vector<oci::Digest> candidates, ReviewCutoffs cutoffs) {
    return writer_.run(ChangeScope::of(repository), [=, all = std::move(candidates)](SqliteDb& db) {
        return review_all(db, repository, all, cutoffs);
    });
}

Task<Result<>> SqliteCollection::lift(oci::RepositoryName const& repository,
                                      std::vector<oci::Digest> condemned, Time now) {
    return writer_.run(ChangeScope::of(repository), [=, all = std::move(condemned)](SqliteDb& db) {
        return lift_all(db, repository.str(), all, now);
    });
}

Task<Result<Purged>> SqliteCollection::purge(oci::RepositoryName const& repository,
                                             std::vector<oci::Digest> digests, ReviewCutoffs cutoffs,
                                             Time now) {
    // A purge takes the tags of signatures along.
    return writer_.run(ChangeScope::of(repository), [=, all = std::move(digests)](SqliteDb& db) {
        return purge_all(db, repository, all, cutoffs, now);
    });
}

Task<Result<std::vector<oci::Digest>>> SqliteCollection::unheld(std::vector<oci::Digest> digests) {
    return read_aside(writer_, [all = std::move(digests)](SqliteDb& db) -> Result<std::vector<oci::Digest>> {
        std::vector<oci::Digest> found;
        for (auto const& digest : all) {
            TRY(bool const held, is_held(db, digest.str()));
            if (!held) found.push_back(digest);
        }
        return found;
    });
}

Task<Result<>> SqliteCollection::settle(std::vector<Candidate> bytes, std::vector<Candidate> again) {
    return writer_.run(ChangeScope::nothing(),
                       [all = std::move(bytes), later = std::move(again)](SqliteDb& db) -> Result<> {
                           for (auto const& candidate : all) {
                               CHECK(settle_candidate(db, candidate));
                           }
                           return add_unneeded_candidates(db, later);
                       });
}

Task<Result<Restored>> SqliteCollection::restore(RestoreRequest request, Actor by, Time now) {
    auto const scope = ChangeScope::of(request.repository);
    return writer_.run(scope, [what = std::move(request), who = std::move(by), now](SqliteDb& db) {
        return meta::restore(db, what, who, now);
    });
}

Task<Result<FoundPiece>> SqliteCollection::find(std::string from, std::size_t rows, Time now) {
    return writer_.run(ChangeScope::nothing(), [=, place = std::move(from)](SqliteDb& db) {
        return find_unneeded(db, place, rows, now);
    });
}

}  // namespace ocilot::meta
