#include "meta/sqlite/repository_rename.h"

#include "meta/sqlite/aliases.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/repository_summary.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

namespace ocilot::meta {

namespace {

/// The new name belongs to no repository, and to no alias of another one.
Result<> free_name(SqliteDb& db, RepositoryRename const& what, Actor const& by, Time now) {
    TRY(auto const taken, find_repository(db, what.to));
    if (taken) return repository_exists(what.to);
    TRY(auto const target, find_alias(db, what.to.str()));
    if (!target) return {};
    if (*target != what.from.str()) return alias_exists(what.to);
    return forget_alias(db, {what.to.str(), *target}, by, now);
}

/// The histories of tags. A deleted repository may have left some under the new name, of other tags: what
/// these became by the rename is on top, with the whole history of each below, and that of the deleted one
/// below that, whatever the times. So what a tag was is looked for in its own history first.
Result<> move_histories(SqliteDb& db, std::int64_t repository, RepositoryRename const& what, Actor const& by,
                        Time now) {
    auto const& from = what.from.str();
    auto const& to = what.to.str();
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, digest, changed_by, changed_at) "
                  "SELECT ?2, h.tag, h.digest, h.changed_by, h.changed_at FROM tag_history h "
                  "WHERE h.repository = ?1 AND EXISTS (SELECT 1 FROM tag_history o "
                  "WHERE o.repository = ?2 AND o.tag = h.tag) ORDER BY h.tag, h.id",
                  {from, to}));
    CHECK(
        db.change("DELETE FROM tag_history WHERE repository = ?1 AND EXISTS (SELECT 1 FROM tag_history o "
                  "WHERE o.repository = ?2 AND o.tag = tag_history.tag)",
                  {from, to}));
    CHECK(
        db.change("INSERT INTO tag_history (repository, tag, digest, changed_by, changed_at) "
                  "SELECT ?2, t.name, t.digest, ?3, ?4 FROM tag t WHERE t.repository = ?1 AND EXISTS "
                  "(SELECT 1 FROM tag_history h WHERE h.repository = ?2 AND h.tag = t.name)",
                  {repository, to, by.name, stored(now)}));
    CHECK(db.change("UPDATE tag_history SET repository = ?2 WHERE repository = ?1", {from, to}));
    return {};
}

/// What was deleted. A deleted repository may have left the same under the new name: it is one from now on.
Result<> move_removed(SqliteDb& db, std::string_view from, std::string_view to) {
    CHECK(
        db.change("DELETE FROM removed_edge WHERE manifest IN (SELECT r.id FROM removed_manifest moved "
                  "CROSS JOIN removed_manifest r ON r.repository = ?2 AND r.digest = moved.digest "
                  "WHERE moved.repository = ?1)",
                  {from, to}));
    CHECK(
        db.change("DELETE FROM removed_manifest WHERE id IN (SELECT r.id FROM removed_manifest moved "
                  "CROSS JOIN removed_manifest r ON r.repository = ?2 AND r.digest = moved.digest "
                  "WHERE moved.repository = ?1)",
                  {from, to}));
    CHECK(db.change("UPDATE removed_edge SET repository = ?2 WHERE repository = ?1", {from, to}));
    CHECK(db.change("UPDATE removed_manifest SET repository = ?2 WHERE repository = ?1", {from, to}));
    CHECK(db.change("UPDATE OR REPLACE removed_link SET repository = ?2 WHERE repository = ?1", {from, to}));
    return {};
}

/// What is to be collected. The collector may not have read the latest changes yet, and the log has them
/// under the old name: what they may have released is added here. Nothing of it is fresh: a push under the
/// old name does not continue here.
Result<> move_candidates(SqliteDb& db, std::int64_t repository, std::string_view from, std::string_view to,
                         Time now) {
    CHECK(db.change("UPDATE OR REPLACE review SET repository = ?2 WHERE repository = ?1", {from, to}));
    CHECK(db.change("UPDATE OR REPLACE review_now SET repository = ?2 WHERE repository = ?1", {from, to}));
    CHECK(db.change("UPDATE OR REPLACE pin SET repository = ?2 WHERE repository = ?1", {from, to}));
    CHECK(db.change("UPDATE OR REPLACE released_subject SET repository = ?2 WHERE repository = ?1",
                    {from, to}));
    CHECK(add_removed_candidates(db, to));
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) SELECT ?2, m.digest, ?3, 0 "
                  "FROM manifest m WHERE m.repository = ?1 AND NOT EXISTS (SELECT 1 FROM tag t "
                  "WHERE t.repository = ?1 AND t.digest = m.digest) ON CONFLICT (repository, digest) "
                  "DO UPDATE SET released_at = excluded.released_at, fresh = excluded.fresh "
                  "WHERE excluded.released_at >= released_at",
                  {repository, to, stored(now)}));
    CHECK(
        db.change("INSERT INTO review (repository, digest, released_at, fresh) SELECT ?2, l.digest, ?3, 0 "
                  "FROM link l WHERE l.repository = ?1 AND NOT EXISTS (SELECT 1 FROM edge e "
                  "WHERE e.repository = ?1 AND e.child = l.digest) ON CONFLICT (repository, digest) "
                  "DO UPDATE SET released_at = excluded.released_at, fresh = excluded.fresh "
                  "WHERE excluded.released_at >= released_at",
                  {repository, to, stored(now)}));
    return keep_one_row_each(db, to);
}

}  // namespace

Result<RepositorySummary> rename_repository(SqliteDb& db, RepositoryRename const& what, Actor const& by,
                                            Time now) {
    auto const& from = what.from.str();
    auto const& to = what.to.str();
    TRY(auto const id, find_repository(db, what.from));
    if (!id) return name_unknown(what.from);
    CHECK(free_name(db, what, by, now));
    TRY(auto summary, summarize(db, *id, to));
    CHECK(db.change("UPDATE repository SET name = ?2 WHERE id = ?1", {*id, to}));
    CHECK(move_histories(db, *id, what, by, now));
    CHECK(move_removed(db, from, to));
    CHECK(move_candidates(db, *id, from, to, now));
    CHECK(db.change("UPDATE retention_piece SET repository = ?2 WHERE repository = ?1", {from, to}));
    CHECK(db.change("UPDATE repository_alias SET target = ?2 WHERE target = ?1", {from, to}));
    CHECK(write_change(db, {.at = now,
                            .kind = ChangeKind::repository_rename,
                            .by = by,
                            .repository = from,
                            .name = to,
                            .details = {.counts = counts_of(summary)}}));
    if (what.keep_alias) {
        CHECK(write_alias(db, {from, to, now}, by));
    }
    return summary;
}

}  // namespace ocilot::meta
