#include "meta/sqlite/purge.h"

#include "meta/sqlite/holdings.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/needed.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace ocilot::meta {

namespace {

/// Of a tag that goes: itself, its usage and its pulls, its history, the change, and what it released.
constexpr std::int64_t rows_of_a_tag = 6;

/// One repository, in which something is purged.
struct Purge {
    SqliteDb& db;
    oci::RepositoryName const& repository;
    std::optional<std::int64_t> live;  ///< its row, unless it is gone
    Time now;
    std::int64_t rows_before = db.rows_changed();

    /// How many rows this transaction may change still.
    [[nodiscard]] std::int64_t room() const {
        return std::max<std::int64_t>(most_rows - (db.rows_changed() - rows_before), 0);
    }
};

/// Digests of rows; all of them are read before anything is written.
Result<std::vector<oci::Digest>> digests_of(SqliteRows rows) {
    std::vector<oci::Digest> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        TRY(auto const digest, stored_digest(rows, 0));
        found.push_back(digest);
    }
}

/// Makes another digest a candidate, since the one that held it was: due at once, as that was due.
Result<> release(Purge const& purge, Candidate const& holder, oci::Digest const& digest) {
    auto const& name = purge.repository.str();
    // If a client deleted it, it can be restored for its own time.
    TRY(bool const deleted, is_removed(purge.db, name, digest.str()));
    if (deleted) return {};
    return add_candidate(purge.db, {name, digest, holder.released_at, false, true});
}

/// What refers to a manifest that is gone is to be reviewed, of which there may be more than a transaction
/// has room for: those after `last`, which becomes the last one. Whether these are all.
Result<bool> release_referrers(Purge const& purge, Candidate const& manifest, std::string& last) {
    if (!purge.live) return true;
    auto const room = purge.room();
    TRY(auto rows, purge.db.query("SELECT digest FROM manifest WHERE repository = ?1 AND subject = ?2 "
                                  "AND digest > ?3 ORDER BY digest LIMIT ?4",
                                  {*purge.live, manifest.digest.str(), last, room + 1}));
    TRY(auto found, digests_of(std::move(rows)));
    bool const all = std::ssize(found) <= room;
    if (!all) found.pop_back();
    for (auto const& referrer : found) {
        CHECK(release(purge, manifest, referrer));
        last = referrer.str();
    }
    return all;
}

/// The tags by which clients find what refers to a manifest: `sha256-HEX`, the referrers tag schema of the
/// specification, and with an ending, as cosign sets them (`sha256-HEX.sig`).
Result<std::vector<ChangedTag>> referrer_tags(SqliteDb& db, std::int64_t repository, std::string digest,
                                              std::int64_t most) {
    digest[digest.find(':')] = '-';
    TRY(auto rows, db.query("SELECT name, digest FROM tag WHERE repository = ?1 AND (name = ?2 "
                            "OR (name > ?2 || '.' AND name < ?2 || '/')) LIMIT ?3",
                            {repository, digest, most}));
    std::vector<ChangedTag> tags;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return tags;
        tags.push_back({rows.text(0), rows.text(1)});
    }
}

/// What such tags point to goes with the manifest, unless that was pushed again. Whether these were all.
Result<bool> release_referrer_tags(Purge const& purge, Candidate const& manifest) {
    auto& db = purge.db;
    auto const digest = manifest.digest.str();
    if (!purge.live) return true;
    TRY(auto const again, first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2",
                                       {*purge.live, digest}));
    if (again) return true;
    auto const room = purge.room() / rows_of_a_tag;
    TRY(auto tags, referrer_tags(db, *purge.live, digest, room + 1));
    bool const all = std::ssize(tags) <= room;
    if (!all) tags.pop_back();
    for (auto const& tag : tags) {
        CHECK(take_out_tag(db, *purge.live,
                           {.at = purge.now,
                            .kind = ChangeKind::tag_delete,
                            .by = {.kind = "system"},
                            .repository = purge.repository.str(),
                            .details = {.tags = {tag}}}));
        TRY(auto const released, oci::Digest::parse(tag.previous));
        CHECK(release(purge, manifest, released));
    }
    return all;
}

/// Releases what refers to a manifest that is gone, which nothing brings back: it is the same whether that
/// is done at once or in pieces. Whether all of it is released.
Result<bool> release_what_refers(Purge const& purge, Candidate const& manifest, std::string last) {
    auto& db = purge.db;
    auto const& name = purge.repository.str();
    auto const digest = manifest.digest.str();
    TRY(bool all, release_referrer_tags(purge, manifest));
    if (all) {
        TRY(all, release_referrers(purge, manifest, last));
    }
    if (all) {
        CHECK(
            db.change("DELETE FROM released_subject WHERE repository = ?1 AND digest = ?2", {name, digest}));
    } else {
        CHECK(
            db.change("INSERT INTO released_subject (repository, digest, last_referrer) VALUES (?1, ?2, ?3) "
                      "ON CONFLICT (repository, digest) DO UPDATE SET last_referrer = excluded.last_referrer",
                      {name, digest, last}));
    }
    return all;
}

/// Goes on with one of which some was left: whether all of it is released. nullopt if nothing was.
Result<std::optional<bool>> release_more(Purge const& purge, Candidate const& manifest) {
    std::string last;
    {
        TRY(auto rows, purge.db.query("SELECT last_referrer FROM released_subject WHERE repository = ?1 "
                                      "AND digest = ?2",
                                      {purge.repository.str(), manifest.digest.str()}));
        TRY(bool const row, rows.next());
        if (!row) return std::optional<bool>();
        last = rows.text(0);
    }
    TRY(bool const all, release_what_refers(purge, manifest, std::move(last)));
    return std::optional(all);
}

/// Forgets a removed manifest, and releases what it held: whether all of it.
Result<bool> forget(Purge const& purge, std::int64_t removed, Candidate const& manifest) {
    CHECK(add_named_candidates(purge.db, removed, manifest.released_at));
    CHECK(forget_removed_manifest(purge.db, removed));
    return release_what_refers(purge, manifest, {});
}

/// Whether all that it held is released; nullopt if there is none.
Result<std::optional<bool>> purge_manifest(Purge const& purge, Candidate const& candidate,
                                           ReviewCutoffs const& cutoffs) {
    auto& db = purge.db;
    auto const digest = candidate.digest.str();
    TRY(auto rows,
        db.query("SELECT id, condemned FROM removed_manifest WHERE repository = ?1 AND digest = ?2 "
                 "AND (condemned = 1 OR removed_at <= ?3)",
                 {purge.repository.str(), digest, stored(cutoffs.released_before)}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<bool>();
    auto const id = rows.integer(0);
    bool const condemned = rows.integer(1) != 0;
    TRY(bool const all, forget(purge, id, candidate));
    if (condemned) {
        CHECK(write_change(db, {.at = purge.now,
                                .kind = ChangeKind::manifest_collect,
                                .by = {.kind = "system"},
                                .repository = purge.repository.str(),
                                .digest = digest}));
    }
    return std::optional(all);
}

Result<bool> purge_link(Purge const& purge, std::string_view digest, ReviewCutoffs const& cutoffs) {
    TRY(auto const removed,
        purge.db.change("DELETE FROM removed_link WHERE repository = ?1 AND digest = ?2 "
                        "AND (condemned = 1 OR removed_at <= ?3)",
                        {purge.repository.str(), digest, stored(cutoffs.released_before)}));
    return removed > 0;
}

/// What nearly all are: a link, and nothing else under its digest, not pushed again either. Whether it was
/// such a one.
Result<bool> purge_plain_link(Purge const& purge, std::string_view digest, ReviewCutoffs const& cutoffs) {
    TRY(auto const removed,
        purge.db.change(
            "DELETE FROM removed_link WHERE repository = ?1 AND digest = ?2 "
            "AND (condemned = 1 OR removed_at <= ?3) "
            "AND NOT EXISTS (SELECT 1 FROM removed_manifest WHERE repository = ?1 AND digest = ?2) "
            "AND NOT EXISTS (SELECT 1 FROM link WHERE repository = ?4 AND digest = ?2) "
            "AND NOT EXISTS (SELECT 1 FROM manifest WHERE repository = ?4 AND digest = ?2)",
            {purge.repository.str(), digest, stored(cutoffs.released_before), purge.live.value_or(0)}));
    return removed > 0;
}

Result<> purge_one(Purge const& purge, Candidate const& candidate, ReviewCutoffs const& cutoffs,
                   Purged& answer) {
    auto const digest = candidate.digest.str();
    TRY(bool const plain, purge_plain_link(purge, digest, cutoffs));
    if (plain) {
        ++answer.links;
        answer.bytes.push_back(candidate);
        return {};
    }
    TRY(auto released, purge_manifest(purge, candidate, cutoffs));
    TRY(bool const link, purge_link(purge, digest, cutoffs));
    answer.manifests += released ? 1 : 0;
    answer.links += link ? 1 : 0;
    if (!released) {
        TRY(released, release_more(purge, candidate));
    }
    if (!released && !link) return settle_candidate(purge.db, candidate);
    // It stays a candidate, with its bytes, until all that refers to it is released.
    if (released && !*released) return {};
    TRY(bool const again, is_there(purge.db, purge.live, digest));
    // What was pushed again keeps its bytes, and stays to be reviewed.
    if (!again) answer.bytes.push_back(candidate);
    return {};
}

std::string reason_of(Holding const& holding) {
    switch (holding.held_by) {
        case HeldBy::tag:
            return fmt::format("tag {} points to it; delete that first", holding.holder);
        case HeldBy::list:
            return "a list of images in use names it; remove it there first";
        case HeldBy::manifest:
            return fmt::format("manifest {} lists it; delete that first", holding.holder);
        case HeldBy::subject:
            return fmt::format("its subject {} exists; delete the manifest first", holding.holder);
        case HeldBy::removed_manifest:
            return fmt::format("manifest {}, which lists it, can be restored; purge that first",
                               holding.holder);
        case HeldBy::removed_subject:
            return fmt::format("its subject {} can be restored; purge that first", holding.holder);
        case HeldBy::nothing:
            break;
    }
    return {};
}

Result<> require_nothing_holds(Purge const& purge, Holding const& holding, oci::Digest const& digest) {
    if (holding.held_by == HeldBy::nothing) return {};
    return Error{Errc::conflict, fmt::format("cannot purge {}@{}: {}", purge.repository.str(), digest.str(),
                                             reason_of(holding))};
}

/// The row of a manifest that was deleted; one that nothing needs is deleted now. 0 if there is none.
Result<std::int64_t> take_out_image(Purge const& purge, oci::Digest const& digest) {
    auto& db = purge.db;
    auto const& name = purge.repository.str();
    auto const text = digest.str();
    auto const there = purge.live.value_or(0);
    TRY(auto const live,
        first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2", {there, text}));
    if (live) {
        TRY(auto const holding, holding_of_manifest(db, there, purge.repository, digest));
        CHECK(require_nothing_holds(purge, holding, digest));
        CHECK(take_out_manifest(db, {there, name, purge.now}, *live, text, "[]"));
    } else {
        TRY(auto const holding, holding_of_removed(db, there, purge.repository, digest));
        CHECK(require_nothing_holds(purge, holding, digest));
    }
    TRY(auto const removed,
        first_number(db, "SELECT id FROM removed_manifest WHERE repository = ?1 AND digest = ?2",
                     {name, text}));
    return removed.value_or(0);
}

}  // namespace

Result<Purged> purge_all(SqliteDb& db, oci::RepositoryName const& repository,
                         std::vector<oci::Digest> const& digests, ReviewCutoffs const& cutoffs, Time now) {
    Purged answer;
    TRY(auto const live, find_repository(db, repository));
    Purge const purge{db, repository, live, now};
    // All of them before any releases another: one that was deleted and pushed again may be both.
    TRY(auto const due, find_due(db, repository.str(), digests, cutoffs));
    for (auto const& candidate : due) {
        // If not: brought back meanwhile.
        if (candidate) {
            CHECK(purge_one(purge, *candidate, cutoffs, answer));
        }
    }
    // The review has left it if a condemned manifest had edges.
    if (live) {
        CHECK(drop_repository_if_empty(db, *live));
    }
    return answer;
}

Result<> purge_image(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest,
                     Actor const& by, Time now) {
    TRY(auto const live, find_repository(db, repository));
    Purge const purge{db, repository, live, now};
    TRY(auto const removed, take_out_image(purge, digest));
    if (removed == 0) {
        return Error{Errc::manifest_unknown,
                     fmt::format("cannot purge {}@{}: no such manifest was deleted or untagged, or its grace "
                                 "period is over",
                                 repository.str(), digest.str())};
    }
    Candidate const image{repository.str(), digest, now, false, true};
    TRY(bool const all, forget(purge, removed, image));
    CHECK(add_candidate(db, all ? Candidate{"", digest, now, false, true} : image));
    CHECK(write_change(db,
                       {.at = now,
                        .kind = ChangeKind::manifest_purge,
                        .repository = repository.str(),
                        .digest = digest.str()},
                       by));
    TRY(auto const there, find_repository(db, repository));
    if (!there) return {};
    return drop_repository_if_empty(db, *there);
}

}  // namespace ocilot::meta
