#include "meta/sqlite/purge.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

/// One repository and what is due in it.
struct Purge {
    SqliteDb& db;
    oci::RepositoryName const& repository;
    ReviewCutoffs const& cutoffs;
    Time now;
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

/// What the manifest named and what refers to it was kept by it: now it is to be reviewed.
Result<> release_what_it_kept(Purge const& purge, std::int64_t removed, std::string_view digest, Time since) {
    auto& db = purge.db;
    auto const& name = purge.repository.str();
    TRY(auto children, db.query("SELECT child FROM removed_edge WHERE manifest = ?1", {removed}));
    TRY(auto found, digests_of(std::move(children)));
    TRY(auto const live, find_repository(db, purge.repository));
    if (live) {
        TRY(auto referrers,
            db.query("SELECT digest FROM manifest WHERE repository = ?1 AND subject = ?2", {*live, digest}));
        TRY(auto const more, digests_of(std::move(referrers)));
        found.insert(found.end(), more.begin(), more.end());
    }
    for (auto const& released : found) {
        CHECK(add_candidate(db, {name, released, since}));
    }
    return {};
}

/// The tags by which clients find what refers to a manifest: `sha256-HEX`, the referrers tag schema of the
/// specification, and with an ending, as cosign sets them (`sha256-HEX.sig`).
Result<std::vector<ChangedTag>> referrer_tags(SqliteDb& db, std::int64_t repository, std::string digest) {
    digest[digest.find(':')] = '-';
    TRY(auto rows, db.query("SELECT name, digest FROM tag WHERE repository = ?1 AND (name = ?2 "
                            "OR (name > ?2 || '.' AND name < ?2 || '/'))",
                            {repository, digest}));
    std::vector<ChangedTag> tags;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return tags;
        tags.push_back({rows.text(0), rows.text(1)});
    }
}

/// What such tags point to goes with the manifest, unless that was pushed again.
Result<> release_referrer_tags(Purge const& purge, std::string const& digest, Time since) {
    auto& db = purge.db;
    TRY(auto const live, find_repository(db, purge.repository));
    if (!live) return {};
    TRY(auto const again,
        first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2", {*live, digest}));
    if (again) return {};
    TRY(auto const tags, referrer_tags(db, *live, digest));
    for (auto const& tag : tags) {
        CHECK(take_out_tag(db, *live,
                           {.at = purge.now,
                            .kind = ChangeKind::tag_delete,
                            .by = {.kind = "system"},
                            .repository = purge.repository.str(),
                            .details = {.tags = {tag}}}));
        TRY(auto const released, oci::Digest::parse(tag.previous));
        CHECK(add_candidate(db, {purge.repository.str(), released, since}));
    }
    return {};
}

Result<bool> purge_manifest(Purge const& purge, std::string const& digest, Time since) {
    auto& db = purge.db;
    TRY(auto rows,
        db.query("SELECT id, condemned FROM removed_manifest WHERE repository = ?1 AND digest = ?2 "
                 "AND (condemned = 1 OR removed_at <= ?3)",
                 {purge.repository.str(), digest, stored(purge.cutoffs.released_before)}));
    TRY(bool const row, rows.next());
    if (!row) return false;
    auto const id = rows.integer(0);
    bool const condemned = rows.integer(1) != 0;
    CHECK(release_what_it_kept(purge, id, digest, since));
    CHECK(forget_removed_manifest(db, id));
    CHECK(release_referrer_tags(purge, digest, since));
    if (condemned) {
        CHECK(write_change(db, {.at = purge.now,
                                .kind = ChangeKind::manifest_collect,
                                .by = {.kind = "system"},
                                .repository = purge.repository.str(),
                                .digest = digest}));
    }
    return true;
}

Result<bool> purge_link(Purge const& purge, std::string_view digest) {
    TRY(auto const removed,
        purge.db.change("DELETE FROM removed_link WHERE repository = ?1 AND digest = ?2 "
                        "AND (condemned = 1 OR removed_at <= ?3)",
                        {purge.repository.str(), digest, stored(purge.cutoffs.released_before)}));
    return removed > 0;
}

Result<> purge_one(Purge const& purge, oci::Digest const& digest, Purged& answer) {
    auto const text = digest.str();
    auto const& name = purge.repository.str();
    TRY(auto const released_at, due_since(purge.db, name, text, purge.cutoffs));
    // Brought back meanwhile, and no longer due.
    if (!released_at) return {};
    Time const since{Time::duration(*released_at)};
    CHECK(drop_candidate(purge.db, name, text));
    TRY(bool const manifest, purge_manifest(purge, text, since));
    TRY(bool const link, purge_link(purge, text));
    answer.manifests += manifest ? 1 : 0;
    answer.links += link ? 1 : 0;
    if (!manifest && !link) return {};
    return add_candidate(purge.db, {"", digest, since});
}

}  // namespace

Result<Purged> purge_all(SqliteDb& db, oci::RepositoryName const& repository,
                         std::vector<oci::Digest> const& digests, ReviewCutoffs const& cutoffs, Time now) {
    Purged answer;
    Purge const purge{db, repository, cutoffs, now};
    for (auto const& digest : digests) {
        CHECK(purge_one(purge, digest, answer));
    }
    return answer;
}

}  // namespace ocilot::meta
