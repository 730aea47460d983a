#include "meta/annotations_json.h"
#include "meta/charged_to.h"
#include "meta/sqlite/catalog.h"
#include "meta/sqlite/image_size.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/needs.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/tag_changes.h"
#include "meta/sqlite/tag_history.h"
#include "meta/sqlite/usage.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"
#include "oci/version.h"

#include <algorithm>
#include <fmt/format.h>
#include <span>
#include <unordered_set>

namespace ocilot::meta {

namespace {

using Repository = std::optional<std::int64_t>;  // Its id, if it exists.

Result<std::optional<std::int64_t>> find_manifest(SqliteDb& db, std::int64_t repository,
                                                  oci::Digest const& digest) {
    return first_number(db, "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2",
                        {repository, digest.str()});
}

/// The same for one that can be pulled, too: its bytes were not found to be wrong.
Result<std::optional<std::int64_t>> find_sound_manifest(SqliteDb& db, std::int64_t repository,
                                                        oci::Digest const& digest) {
    return first_number(db,
                        "SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2 "
                        "AND NOT EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = ?2)",
                        {repository, digest.str()});
}

/// What is required and not there: in the order of asking, each once.
struct Missing {
    std::vector<std::string> digests;
    std::unordered_set<oci::Digest> seen;
};

template <class Find>
Result<> collect_missing(SqliteDb& db, Repository repository, std::vector<oci::Digest> const& required,
                         Find find, Missing& missing) {
    for (auto const& digest : required) {
        if (repository) {
            TRY(auto const found, find(db, *repository, digest));
            if (found) continue;
        }
        if (missing.seen.insert(digest).second) missing.digests.push_back(digest.str());
    }
    return {};
}

Result<Missing> missing_content(SqliteDb& db, NewManifest const& manifest) {
    TRY(auto const repository, find_repository(db, manifest.repository));
    Missing missing;
    CHECK(collect_missing(db, repository, manifest.required_blobs, linked_size, missing));
    CHECK(collect_missing(db, repository, manifest.required_manifests, find_sound_manifest, missing));
    return missing;
}

/// What the garbage collection has condemned is needed again: the client was told before that it is there.
/// Whether there was any.
Result<bool> lift_condemned(SqliteDb& db, oci::RepositoryName const& repository,
                            std::vector<std::string> const& digests) {
    bool lifted = false;
    for (auto const& digest : digests) {
        TRY(bool const manifest, put_back_manifest(db, repository.str(), digest, WhichRemoved::condemned));
        TRY(bool const link, put_back_link(db, repository.str(), digest, WhichRemoved::condemned));
        lifted = lifted || manifest || link;
    }
    return lifted;
}

Result<> require_content(SqliteDb& db, NewManifest const& manifest) {
    TRY(auto missing, missing_content(db, manifest));
    if (missing.digests.empty()) return {};
    TRY(bool const lifted, lift_condemned(db, manifest.repository, missing.digests));
    if (lifted) {
        TRY(missing, missing_content(db, manifest));
    }
    if (!missing.digests.empty()) return content_missing(manifest.repository, std::move(missing.digests));
    return {};
}

Result<> add_edges(SqliteDb& db, std::int64_t repository, std::int64_t manifest,
                   std::vector<oci::Digest> const& children, std::string_view kind) {
    for (auto const& child : children) {
        CHECK(
            db.change("INSERT INTO edge (repository, manifest, child, kind) VALUES (?1, ?2, ?3, ?4) "
                      "ON CONFLICT DO NOTHING",
                      {repository, manifest, child.str(), kind}));
    }
    return {};
}

/// Where a tag points; empty if there is none.
Result<std::string> tagged(SqliteDb& db, std::int64_t repository, oci::Tag const& tag) {
    TRY(auto rows,
        db.query("SELECT digest FROM tag WHERE repository = ?1 AND name = ?2", {repository, tag.str()}));
    TRY(bool const row, rows.next());
    return row ? rows.text(0) : std::string();
}

Result<bool> is_quarantined(SqliteDb& db, std::string const& digest) {
    TRY(auto const wrong, first_number(db, "SELECT 1 FROM quarantined WHERE digest = ?1", {digest}));
    return wrong.has_value();
}

/// The condition, if there is one, on a tag that points to `digest`. What is quarantined cannot be fetched,
/// and counts as none.
Result<> require_tag(SqliteDb& db, std::optional<TagCondition> const& condition, oci::Tag const& tag,
                     std::string digest) {
    if (!condition) return {};
    if (!digest.empty()) {
        TRY(bool const hidden, is_quarantined(db, digest));
        if (hidden) digest.clear();
    }
    return require(condition, fmt::format("tag {}", tag.str()), digest);
}

/// The condition, if there is one, on everything that the push changes.
Result<> require_condition(SqliteDb& db, NewManifest const& manifest) {
    if (!manifest.condition) return {};
    TRY(auto const repository, find_repository(db, manifest.repository));
    for (auto const& tag : manifest.tags) {
        std::string digest;
        if (repository) {
            TRY(digest, tagged(db, *repository, tag));
        }
        CHECK(require_tag(db, manifest.condition, tag, std::move(digest)));
    }
    if (!manifest.tags.empty()) return {};
    Repository found;
    if (repository) {
        TRY(found, find_sound_manifest(db, *repository, manifest.fact.digest));
    }
    auto const digest = manifest.fact.digest.str();
    return require(manifest.condition, "the manifest", found ? digest : std::string());
}

/// A tag that is to be set and where it points before; empty if it is new.
struct Move {
    oci::Tag const& tag;
    std::string from;
};

/// The tag is where it was when others were asked about it. One whose bytes are quarantined counts as none.
Result<> require_expected(SqliteDb& db, NewManifest const& manifest, oci::Tag const& tag,
                          std::string const& from) {
    auto const seen = std::ranges::find(manifest.expected_tags, tag, &ExpectedTag::tag);
    if (seen == manifest.expected_tags.end()) return {};
    if (from == (seen->digest ? seen->digest->str() : std::string())) return {};
    if (!seen->digest) {
        TRY(bool const hidden, is_quarantined(db, from));
        if (hidden) return {};
    }
    return tag_moved(tag.str());
}

/// The tags that will change; denied if one exists that may not move.
Result<std::vector<Move>> moves_of(SqliteDb& db, NewManifest const& manifest) {
    std::vector<Move> moves;
    if (manifest.tags.empty()) return moves;
    auto const digest = manifest.fact.digest.str();
    TRY(auto const repository, find_repository(db, manifest.repository));
    for (auto const& tag : manifest.tags) {
        if (std::ranges::any_of(moves, [&](Move const& move) { return move.tag == tag; })) continue;
        std::string from;
        if (repository) {
            TRY(from, tagged(db, *repository, tag));
        }
        if (from == digest) continue;
        if (!from.empty() && !manifest.may_move_tags) return tag_taken(tag);
        CHECK(require_expected(db, manifest, tag, from));
        moves.push_back({tag, std::move(from)});
    }
    return moves;
}

std::string charged_for(NewManifest const& manifest) {
    return charged_to(manifest.pushed_by.kind, manifest.pushed_by.name);
}

enum class Added { nothing, manifest, first_manifest };

/// Records the manifest if it is new; the first push of the same bytes stands.
Result<Added> add_manifest(SqliteDb& db, std::int64_t repository, NewManifest const& manifest,
                           std::string const& annotations, std::int64_t image_size) {
    auto const subject = manifest.subject ? manifest.subject->str() : std::string();
    TRY(auto const id, next_manifest_id(db));
    TRY(auto const added,
        db.change("INSERT INTO manifest (repository, digest, media_type, size, subject, artifact_type, "
                  "annotations, pushed_by, pushed_at, image_size, charged_to, id) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
                  "ON CONFLICT (repository, digest) DO NOTHING",
                  {repository, manifest.fact.digest.str(), manifest.fact.media_type,
                   static_cast<std::int64_t>(manifest.fact.size),
                   manifest.subject ? SqliteValue(subject) : SqliteValue(nullptr), manifest.artifact_type,
                   annotations, manifest.pushed_by.name, stored(manifest.young_at()), image_size,
                   charged_for(manifest), id}));
    if (added == 0) return Added::nothing;
    TRY(bool const is_first, list_repository(db, repository));
    CHECK(add_edges(db, repository, id, manifest.blobs, "blob"));
    CHECK(add_edges(db, repository, id, manifest.manifests, "manifest"));
    return is_first ? Added::first_manifest : Added::manifest;
}

Change change_of(NewManifest const& manifest, ChangeKind kind) {
    return {.at = manifest.pushed_at,
            .kind = kind,
            .repository = manifest.repository.str(),
            .digest = manifest.fact.digest.str()};
}

Result<> move_tag(SqliteDb& db, std::int64_t repository, Move const& move, NewManifest const& manifest,
                  std::int64_t image_size) {
    auto const digest = manifest.fact.digest.str();
    auto const version = oci::version_key(move.tag.str());
    CHECK(db.change(
        "INSERT INTO tag (repository, name, digest, moved_at, image_size, pushed_by, charged_to, version) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (repository, name) DO UPDATE SET "
        "digest = excluded.digest, moved_at = excluded.moved_at, "
        "image_size = excluded.image_size, pushed_by = excluded.pushed_by",
        {repository, move.tag.str(), digest, stored(manifest.young_at()), image_size, manifest.pushed_by.name,
         charged_for(manifest), bytes_or_null(version)}));
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, digest, changed_by, changed_at) "
                  "VALUES (?1, ?2, ?3, ?4, ?5)",
                  {manifest.repository.str(), move.tag.str(), digest, manifest.pushed_by.name,
                   stored(manifest.pushed_at)}));
    if (move.from.empty()) return {};
    auto moved = change_of(manifest, ChangeKind::tag_move);
    moved.details.tags = {{move.tag.str(), move.from}};
    return write_change(db, moved, manifest.pushed_by);
}

/// A tag that was pushed again as it was is as young as one that moved: retention counts from the last push.
Result<> touch_tags(SqliteDb& db, std::int64_t repository, NewManifest const& manifest,
                    std::vector<Move> const& moves) {
    for (auto const& tag : manifest.tags) {
        if (std::ranges::any_of(moves, [&](Move const& move) { return move.tag == tag; })) continue;
        CHECK(db.change("UPDATE tag SET moved_at = ?3, pushed_by = ?4 WHERE repository = ?1 AND name = ?2",
                        {repository, tag.str(), stored(manifest.young_at()), manifest.pushed_by.name}));
    }
    return {};
}

/// One change for the push with the tags it set, whether they were new or moved.
Result<> note_push(SqliteDb& db, NewManifest const& manifest, std::vector<Move> const& moves, Added added,
                   std::string annotations) {
    auto pushed = change_of(manifest, ChangeKind::manifest_push);
    pushed.media_type = manifest.fact.media_type;
    pushed.size = manifest.fact.size;
    pushed.details.artifact_type = manifest.artifact_type;
    pushed.details.first = added == Added::first_manifest;
    if (manifest.subject) pushed.details.subject = manifest.subject->str();
    if (!manifest.annotations.empty()) {
        auto some = annotations_within(max_changed_annotations, manifest.annotations, std::move(annotations));
        pushed.details.annotations = std::move(some.json);
        pushed.details.more_annotations = some.left_out;
    }
    auto const named = std::min(moves.size(), max_changed_tags);
    pushed.details.tags.reserve(named);
    for (auto const& move : std::span(moves).first(named)) {
        pushed.details.tags.push_back({move.tag.str(), move.from});
    }
    pushed.details.more_tags = moves.size() - named;
    return write_change(db, pushed, manifest.pushed_by);
}

/// What is there already adds nothing.
Result<> require_quota(SqliteDb& db, NewManifest const& manifest, std::vector<Move> const& moves) {
    if (!manifest.limits.any()) return {};
    auto const name = manifest.repository.str();
    TRY(auto const known,
        first_number(db,
                     "SELECT 1 FROM manifest WHERE repository = (SELECT id FROM repository WHERE name = ?1) "
                     "AND digest = ?2",
                     {name, manifest.fact.digest.str()}));
    Addition addition{.bytes = known ? 0 : manifest.fact.size};
    for (auto const& move : moves) {
        if (move.from.empty()) ++addition.tags;
    }
    return require_limits(db, {name, charged_for(manifest)}, manifest.limits, addition);
}

Result<> put(SqliteDb& db, NewManifest const& manifest) {
    CHECK(require_condition(db, manifest));
    TRY(auto const moves, moves_of(db, manifest));
    CHECK(require_content(db, manifest));
    CHECK(require_quota(db, manifest, moves));
    TRY(auto const repository, find_or_make_repository(db, manifest.repository));
    TRY(auto const image_size, image_size_of(db, repository, manifest));
    TRY(auto annotations, annotations_to_json(manifest.annotations));
    TRY(auto const added, add_manifest(db, repository, manifest, annotations, image_size));
    CHECK(end_quarantine(db, manifest.fact.digest));
    if (added != Added::nothing || !moves.empty()) {
        CHECK(note_push(db, manifest, moves, added, std::move(annotations)));
    }
    for (auto const& move : moves) {
        CHECK(move_tag(db, repository, move, manifest, image_size));
    }
    return touch_tags(db, repository, manifest, moves);
}

Result<> remove_tag(SqliteDb& db, oci::RepositoryName const& repository, oci::Tag const& tag, Actor const& by,
                    Time now, std::optional<TagCondition> const& condition) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return tag_unknown(repository, tag);
    TRY(auto const digest, tagged(db, *id, tag));
    if (digest.empty()) return tag_unknown(repository, tag);
    CHECK(require_tag(db, condition, tag, digest));
    CHECK(require_set_at(db, *id, tag.str(), condition ? condition->set_at : std::nullopt));
    return take_out_tag(db, *id,
                        {.at = now,
                         .kind = ChangeKind::tag_delete,
                         .by = by,
                         .repository = repository.str(),
                         .details = {.tags = {{tag.str(), digest}}}});
}

/// The names of all its tags, as a removed manifest keeps them: no tag has a character that JSON would
/// escape.
Result<std::string> tag_names(SqliteDb& db, std::int64_t repository, std::string_view digest) {
    TRY(auto rows, db.query("SELECT ifnull('[\"' || group_concat(name, '\",\"') || '\"]', '[]') FROM tag "
                            "INDEXED BY tag_digest WHERE repository = ?1 AND digest = ?2",
                            {repository, digest}));
    CHECK(rows.next());
    return rows.text(0);
}

Result<> remove_manifest(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest,
                         Actor const& by, Time now) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return manifest_unknown(repository, digest);
    TRY(auto const manifest, find_manifest(db, *id, digest));
    if (!manifest) return manifest_unknown(repository, digest);
    Change change{.at = now,
                  .kind = ChangeKind::manifest_delete,
                  .by = by,
                  .repository = repository.str(),
                  .digest = digest.str()};
    TagsThatGo const its_tags{*id, change.digest};
    TRY(change.details.tags, tags_to_name(db, its_tags));
    CHECK(write_unnamed_tags(db, its_tags, change));
    TRY(change.details.parents, indexes_of(db, *id, change.digest));
    TRY(auto const names, tag_names(db, *id, change.digest));
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, changed_by, changed_at) "
                  "SELECT ?3, name, ?4, ?5 FROM tag WHERE repository = ?1 AND digest = ?2",
                  {*id, change.digest, change.repository, by.name, stored(now)}));
    TRY(auto const tags,
        db.change("DELETE FROM tag WHERE repository = ?1 AND digest = ?2", {*id, change.digest}));
    change.details.more_tags = static_cast<std::size_t>(tags) - change.details.tags.size();
    CHECK(take_out_manifest(db, {*id, change.repository, now}, *manifest, change.digest, names));
    CHECK(write_change(db, change));
    return drop_repository_if_empty(db, *id);
}

}  // namespace

Task<Result<>> SqliteCatalog::put_manifest(NewManifest manifest) {
    auto const scope = ChangeScope::of(manifest.repository);
    return writer_.run(scope, [m = std::move(manifest)](SqliteDb& db) { return put(db, m); });
}

Task<Result<>> SqliteCatalog::delete_tag(oci::RepositoryName const& repository, oci::Tag const& tag, Actor by,
                                         Time now, std::optional<TagCondition> condition) {
    return writer_.run(ChangeScope::of(repository),
                       [=](SqliteDb& db) { return remove_tag(db, repository, tag, by, now, condition); });
}

Task<Result<>> SqliteCatalog::delete_manifest(oci::RepositoryName const& repository,
                                              oci::Digest const& digest,
                                              std::optional<std::vector<std::string>> expected_tags, Actor by,
                                              Time now) {
    return writer_.run(ChangeScope::of(repository), [=](SqliteDb& db) -> Result<> {
        if (expected_tags) {
            CHECK(require_no_other_tag(db, repository, digest, *expected_tags));
        }
        return remove_manifest(db, repository, digest, by, now);
    });
}

Task<Result<PruneResult>> SqliteCatalog::prune_history(HistoryRules rules, std::int64_t after,
                                                       std::size_t rows) {
    return writer_.run(ChangeScope::nothing(),
                       [=](SqliteDb& db) { return meta::prune_history(db, rules, after, rows); });
}

}  // namespace ocilot::meta
