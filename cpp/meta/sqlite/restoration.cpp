#include "meta/sqlite/restoration.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/names_json.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <fmt/format.h>
#include <limits>
#include <unordered_set>
#include <utility>

namespace ocilot::meta {

namespace {

Result<std::vector<HistoryEntry>> read_history(SqliteDb& db, std::string const& repository,
                                               std::string const& tag, std::int64_t before,
                                               std::size_t count) {
    TRY(auto rows, db.query("SELECT id, changed_at, ifnull(changed_by, ''), digest FROM tag_history "
                            "WHERE repository = ?1 AND tag = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4",
                            {repository, tag, before, limit(count)}));
    std::vector<HistoryEntry> entries;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return entries;
        HistoryEntry entry{rows.integer(0), stored_time(rows, 1), rows.text(2), {}};
        if (!rows.is_null(3)) {
            TRY(entry.digest, stored_digest(rows, 3));
        }
        entries.push_back(std::move(entry));
    }
}

Error nothing_to_restore(std::string const& what) {
    return {Errc::manifest_unknown,
            fmt::format("cannot restore {}: it was never deleted, or its grace period is over", what)};
}

/// A restoration under way.
struct Restore {
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

Result<std::optional<std::int64_t>> live_manifest(Restore const& restore, std::string_view digest) {
    return first_number(restore.db,
                        "SELECT id FROM manifest WHERE repository = (SELECT id FROM repository "
                        "WHERE name = ?1) AND digest = ?2",
                        {restore.name, digest});
}

/// Where the tag pointed: at that time, or before its last change.
Result<std::string> digest_of_tag(Restore const& restore, oci::Tag const& tag, std::optional<Time> at) {
    auto const what = fmt::format("{}:{}", restore.name, tag.str());
    if (at) {
        TRY(auto rows, restore.db.query("SELECT ifnull(digest, '') FROM tag_history WHERE repository = ?1 "
                                        "AND tag = ?2 AND changed_at <= ?3 ORDER BY id DESC LIMIT 1",
                                        {restore.name, tag.str(), stored(*at)}));
        TRY(bool const row, rows.next());
        if (row && !rows.view(0).empty()) return rows.text(0);
        return Error{Errc::manifest_unknown, fmt::format("{} did not exist at {}", what, rfc3339(*at))};
    }
    TRY(auto rows,
        restore.db.query("SELECT digest FROM tag_history WHERE repository = ?1 AND tag = ?2 "
                         "AND digest IS NOT NULL AND digest <> ifnull((SELECT digest FROM tag "
                         "WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND name = ?2), '') "
                         "ORDER BY id DESC LIMIT 1",
                         {restore.name, tag.str()}));
    TRY(bool const row, rows.next());
    if (!row) return nothing_to_restore(what);
    return rows.text(0);
}

Result<> note(Restore const& restore, ChangeKind kind, std::string const& digest,
              std::vector<ChangedTag> tags = {}) {
    return write_change(restore.db,
                        {.at = restore.now,
                         .kind = kind,
                         .repository = restore.name,
                         .digest = digest,
                         .details = {.tags = std::move(tags)}},
                        restore.by);
}

/// Brings a manifest back, with all that it names and what refers to it; those that are there stay.
Result<> bring_back(Restore const& restore, std::string const& digest, Restored& answer) {
    auto& db = restore.db;
    std::vector<std::string> queue{digest};
    std::unordered_set<std::string> seen{digest};
    while (!queue.empty()) {
        auto const next = std::move(queue.back());
        queue.pop_back();
        TRY(bool const link, put_back_link(db, restore.name, next, WhichRemoved::any));
        TRY(bool const manifest, put_back_manifest(db, restore.name, next, WhichRemoved::any));
        if (link) {
            ++answer.blobs;
            CHECK(note(restore, ChangeKind::blob_restore, next));
        }
        if (manifest) {
            ++answer.manifests;
            CHECK(note(restore, ChangeKind::manifest_restore, next));
        }
        TRY(auto const id, live_manifest(restore, next));
        if (!id) continue;
        TRY(auto children, db.query("SELECT child FROM edge WHERE manifest = ?1", {*id}));
        TRY(auto related, texts_of(std::move(children)));
        TRY(auto referrers, db.query("SELECT digest FROM removed_manifest WHERE repository = ?1 "
                                     "AND subject = ?2 AND subject IS NOT NULL",
                                     {restore.name, next}));
        TRY(auto const more, texts_of(std::move(referrers)));
        related.insert(related.end(), more.begin(), more.end());
        for (auto& other : related) {
            if (seen.insert(other).second) queue.push_back(std::move(other));
        }
    }
    return {};
}

/// The names of the tags that went with a removed manifest.
Result<std::vector<std::string>> tags_that_went(Restore const& restore, std::string const& digest) {
    TRY(auto rows, restore.db.query("SELECT tags FROM removed_manifest WHERE repository = ?1 AND digest = ?2",
                                    {restore.name, digest}));
    TRY(bool const row, rows.next());
    if (!row) return std::vector<std::string>();
    return names_from_json(rows.view(0));
}

Result<> set_tag(Restore const& restore, std::string const& tag, std::string const& digest) {
    auto& db = restore.db;
    TRY(auto const repository, first_number(db, "SELECT id FROM repository WHERE name = ?1", {restore.name}));
    if (!repository) return nothing_to_restore(restore.name);
    std::string previous;
    {
        TRY(auto rows,
            db.query("SELECT digest FROM tag WHERE repository = ?1 AND name = ?2", {*repository, tag}));
        TRY(bool const row, rows.next());
        if (row) previous = rows.text(0);
    }
    if (previous == digest) return {};
    CHECK(
        db.change("INSERT INTO tag (repository, name, digest, moved_at) VALUES (?1, ?2, ?3, ?4) "
                  "ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, "
                  "moved_at = excluded.moved_at",
                  {*repository, tag, digest, stored(restore.now)}));
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, digest, changed_by, changed_at) "
                  "VALUES (?1, ?2, ?3, ?4, ?5)",
                  {restore.name, tag, digest, restore.by.name, stored(restore.now)}));
    return note(restore, ChangeKind::tag_restore, digest, {{tag, previous}});
}

/// Whether the tag points somewhere now: a tag that was set again is not moved back by the way.
Result<bool> is_set(Restore const& restore, std::string const& tag) {
    TRY(auto const found, first_number(restore.db,
                                       "SELECT 1 FROM tag WHERE repository = (SELECT id FROM repository "
                                       "WHERE name = ?1) AND name = ?2",
                                       {restore.name, tag}));
    return found.has_value();
}

Result<Restored> restore_all(SqliteDb& db, RestoreRequest const& request, Actor const& by, Time now) {
    Restore const restore{db, request.repository.str(), by, now};
    std::string text;
    if (request.tag) {
        TRY(text, digest_of_tag(restore, *request.tag, request.at));
    } else if (request.digest) {
        text = request.digest->str();
    }
    TRY(auto const digest, oci::Digest::parse(text));
    Restored answer{.digest = digest};
    TRY(auto tags, tags_that_went(restore, text));
    CHECK(bring_back(restore, text, answer));
    TRY(auto const manifest, live_manifest(restore, text));
    bool const found = manifest && (request.tag || answer.manifests + answer.blobs > 0);
    if (!found && answer.blobs == 0) {
        return nothing_to_restore(fmt::format("{}@{}", restore.name, text));
    }
    if (!manifest) return answer;
    std::vector<std::string> wanted;
    for (auto& tag : tags) {
        TRY(bool const set, is_set(restore, tag));
        if (!set) wanted.push_back(std::move(tag));
    }
    if (request.tag) {
        std::erase(wanted, request.tag->str());
        wanted.push_back(request.tag->str());
    }
    for (auto& tag : wanted) {
        CHECK(set_tag(restore, tag, text));
        answer.tags.push_back(std::move(tag));
    }
    return answer;
}

}  // namespace

Task<Result<std::vector<HistoryEntry>>> SqliteRestoration::history(oci::RepositoryName const& repository,
                                                                   oci::Tag const& tag,
                                                                   std::optional<std::int64_t> before,
                                                                   std::size_t limit) {
    auto const from = before.value_or(std::numeric_limits<std::int64_t>::max());
    co_return readers_.read(
        [&](SqliteDb& db) { return read_history(db, repository.str(), tag.str(), from, limit); });
}

Task<Result<Restored>> SqliteRestoration::restore(RestoreRequest request, Actor by, Time now) {
    auto const scope = ChangeScope::of(request.repository);
    return writer_.run(scope, [what = std::move(request), who = std::move(by), now](SqliteDb& db) {
        return restore_all(db, what, who, now);
    });
}

}  // namespace ocilot::meta
