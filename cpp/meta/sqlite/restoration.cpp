#include "meta/sqlite/restoration.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/names_json.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"
#include "oci/version.h"

#include <fmt/format.h>
#include <unordered_set>
#include <utility>

namespace ocilot::meta {

namespace {

Error nothing_to_restore(std::string const& what) {
    return {Errc::manifest_unknown,
            fmt::format("cannot restore {}: it was never deleted, or its grace period is over", what)};
}

/// A restoration under way.
struct Undo {
    SqliteDb& db;
    std::string const& name;
    Actor const& by;
    Time now;
};

Result<std::vector<std::string>> texts_of(SqliteRows rows) {
    std::vector<std::string> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        found.push_back(rows.text(0));
    }
}

Result<std::optional<std::int64_t>> live_manifest(Undo const& undo, std::string_view digest) {
    return first_number(undo.db,
                        "SELECT id FROM manifest WHERE repository = (SELECT id FROM repository "
                        "WHERE name = ?1) AND digest = ?2",
                        {undo.name, digest});
}

/// Where the tag pointed: at that time, or before its last change.
Result<std::string> digest_of_tag(Undo const& undo, oci::Tag const& tag, std::optional<Time> at) {
    auto const what = fmt::format("{}:{}", undo.name, tag.str());
    if (at) {
        TRY(auto rows, undo.db.query("SELECT ifnull(digest, '') FROM tag_history WHERE repository = ?1 "
                                     "AND tag = ?2 AND changed_at <= ?3 ORDER BY id DESC LIMIT 1",
                                     {undo.name, tag.str(), stored(*at)}));
        TRY(bool const row, rows.next());
        if (row && !rows.view(0).empty()) return rows.text(0);
        return Error{Errc::manifest_unknown, fmt::format("{} did not exist at {}", what, rfc3339(*at))};
    }
    TRY(auto rows,
        undo.db.query("SELECT digest FROM tag_history WHERE repository = ?1 AND tag = ?2 "
                      "AND digest IS NOT NULL AND digest <> ifnull((SELECT digest FROM tag "
                      "WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND name = ?2), '') "
                      "ORDER BY id DESC LIMIT 1",
                      {undo.name, tag.str()}));
    TRY(bool const row, rows.next());
    if (!row) return nothing_to_restore(what);
    return rows.text(0);
}

Result<> note(Undo const& undo, ChangeKind kind, std::string const& digest,
              std::vector<ChangedTag> tags = {}) {
    return write_change(undo.db,
                        {.at = undo.now,
                         .kind = kind,
                         .repository = undo.name,
                         .digest = digest,
                         .details = {.tags = std::move(tags)}},
                        undo.by);
}

/// Brings a manifest back, with all that it names and what refers to it; those that are there stay.
Result<> bring_back(Undo const& undo, std::string const& digest, Restored& answer) {
    auto& db = undo.db;
    std::vector<std::string> queue{digest};
    std::unordered_set<std::string> seen{digest};
    while (!queue.empty()) {
        auto const next = std::move(queue.back());
        queue.pop_back();
        TRY(bool const link, put_back_link(db, undo.name, next, WhichRemoved::any));
        TRY(bool const manifest, put_back_manifest(db, undo.name, next, WhichRemoved::any));
        if (link) {
            ++answer.blobs;
            CHECK(note(undo, ChangeKind::blob_restore, next));
        }
        if (manifest) {
            ++answer.manifests;
            CHECK(note(undo, ChangeKind::manifest_restore, next));
        }
        // A round that is about to review it would take it for released long ago. The collection reads the
        // change later, and enqueues it again.
        if (link || manifest) {
            CHECK(drop_candidate(db, undo.name, next));
        }
        TRY(auto const id, live_manifest(undo, next));
        if (!id) continue;
        TRY(auto children, db.query("SELECT child FROM edge WHERE manifest = ?1", {*id}));
        TRY(auto related, texts_of(std::move(children)));
        TRY(auto referrers, db.query("SELECT digest FROM removed_manifest WHERE repository = ?1 "
                                     "AND subject = ?2 AND subject IS NOT NULL",
                                     {undo.name, next}));
        TRY(auto const more, texts_of(std::move(referrers)));
        related.insert(related.end(), more.begin(), more.end());
        for (auto& other : related) {
            if (seen.insert(other).second) queue.push_back(std::move(other));
        }
    }
    return {};
}

/// The names of the tags that went with a removed manifest.
Result<std::vector<std::string>> tags_that_went(Undo const& undo, std::string const& digest) {
    TRY(auto rows, undo.db.query("SELECT tags FROM removed_manifest WHERE repository = ?1 AND digest = ?2",
                                 {undo.name, digest}));
    TRY(bool const row, rows.next());
    if (!row) return std::vector<std::string>();
    return names_from_json(rows.view(0));
}

/// A tag that comes back is charged to whom its manifest is.
Result<> set_tag(Undo const& undo, std::string const& tag, std::string const& digest) {
    auto& db = undo.db;
    TRY(auto const repository, first_number(db, "SELECT id FROM repository WHERE name = ?1", {undo.name}));
    if (!repository) return nothing_to_restore(undo.name);
    std::string previous;
    {
        TRY(auto rows,
            db.query("SELECT digest FROM tag WHERE repository = ?1 AND name = ?2", {*repository, tag}));
        TRY(bool const row, rows.next());
        if (row) previous = rows.text(0);
    }
    if (previous == digest) return {};
    auto const version = oci::version_key(tag);
    CHECK(db.change(
        "INSERT INTO tag (repository, name, digest, moved_at, image_size, pushed_by, charged_to, version) "
        "VALUES (?1, ?2, ?3, ?4, "
        "(SELECT image_size FROM manifest WHERE repository = ?1 AND digest = ?3), ?5, "
        "(SELECT charged_to FROM manifest WHERE repository = ?1 AND digest = ?3), ?6) "
        "ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, "
        "moved_at = excluded.moved_at, image_size = excluded.image_size, "
        "pushed_by = excluded.pushed_by",
        {*repository, tag, digest, stored(undo.now), undo.by.name, bytes_or_null(version)}));
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, digest, changed_by, changed_at) "
                  "VALUES (?1, ?2, ?3, ?4, ?5)",
                  {undo.name, tag, digest, undo.by.name, stored(undo.now)}));
    return note(undo, ChangeKind::tag_restore, digest, {{tag, previous}});
}

/// Whether the tag points somewhere now: a tag that was set again is not moved back by the way.
Result<bool> is_set(Undo const& undo, std::string const& tag) {
    TRY(auto const found, first_number(undo.db,
                                       "SELECT 1 FROM tag WHERE repository = (SELECT id FROM repository "
                                       "WHERE name = ?1) AND name = ?2",
                                       {undo.name, tag}));
    return found.has_value();
}

}  // namespace

Result<Restored> restore(SqliteDb& db, RestoreRequest const& request, Actor const& by, Time now) {
    Undo const undo{db, request.repository.str(), by, now};
    std::string text;
    if (request.tag) {
        TRY(text, digest_of_tag(undo, *request.tag, request.at));
    } else if (request.digest) {
        text = request.digest->str();
    }
    TRY(auto const digest, oci::Digest::parse(text));
    Restored answer{.digest = digest};
    TRY(auto tags, tags_that_went(undo, text));
    CHECK(bring_back(undo, text, answer));
    TRY(auto const manifest, live_manifest(undo, text));
    bool const found = manifest && (request.tag || answer.manifests + answer.blobs > 0);
    if (!found && answer.blobs == 0) {
        return nothing_to_restore(fmt::format("{}@{}", undo.name, text));
    }
    if (!manifest) return answer;
    std::vector<std::string> wanted;
    for (auto& tag : tags) {
        TRY(bool const set, is_set(undo, tag));
        if (!set) wanted.push_back(std::move(tag));
    }
    if (request.tag) {
        std::erase(wanted, request.tag->str());
        wanted.push_back(request.tag->str());
    }
    for (auto& tag : wanted) {
        CHECK(set_tag(undo, tag, text));
        answer.tags.push_back(std::move(tag));
    }
    return answer;
}

}  // namespace ocilot::meta
