#include "meta/sqlite/retention.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"

#include <limits>

namespace ocilot::meta {

namespace {

constexpr std::int64_t pieces_removed_at_once = 4;  ///< each has some hundred kilobytes of pages

/// Reads a page that was asked for with one row more than its limit.
template <class T, class Read>
Result<Slice<T>> slice_of(SqliteRows rows, Page const& page, Read read) {
    Slice<T> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit) {
            found.more = true;
            return found;
        }
        TRY(auto item, read(rows));
        found.items.push_back(std::move(item));
    }
}

Result<RetentionTag> tag_of(SqliteRows const& rows) {
    TRY(auto const digest, stored_digest(rows, 1));
    RetentionTag tag{rows.text(0), digest, stored_time(rows, 2), rows.integer(3) != 0};
    if (!rows.is_null(4)) tag.pulled_at = stored_time(rows, 4);
    tag.pulls = static_cast<std::uint64_t>(rows.integer(5));
    return tag;
}

Result<Slice<RetentionTag>> read_tags(SqliteDb& db, std::string const& repository, Page const& page) {
    TRY(auto rows,
        db.query("SELECT t.name, t.digest, t.moved_at, t.name > 'sha256-' AND t.name < 'sha256.' "
                 "AND EXISTS (SELECT 1 FROM removed_manifest d WHERE d.repository = ?1 "
                 "AND d.digest = 'sha256:' || substr(t.name, 8, 64)), p.pulled_at, p.pulls FROM tag t "
                 "LEFT JOIN tag_pull p ON p.repository = t.repository AND p.name = t.name "
                 "WHERE t.repository = (SELECT id FROM repository WHERE name = ?1) AND t.name > ?2 "
                 "ORDER BY t.name LIMIT ?3",
                 {repository, after(page), one_more(page)}));
    return slice_of<RetentionTag>(std::move(rows), page, tag_of);
}

Result<RetentionManifest> manifest_of(SqliteRows const& rows) {
    TRY(auto const digest, stored_digest(rows, 1));
    RetentionManifest manifest{.id = rows.integer(0),
                               .digest = digest,
                               .size = static_cast<std::uint64_t>(rows.integer(2)),
                               .pushed_at = stored_time(rows, 3),
                               .artifact_type = rows.text(5),
                               .annotations_json = rows.text(6)};
    if (!rows.is_null(4)) {
        TRY(manifest.subject, stored_digest(rows, 4));
    }
    if (!rows.is_null(7)) manifest.released_at = stored_time(rows, 7);
    manifest.subject_restorable = rows.integer(8) != 0;
    if (!rows.is_null(9)) manifest.pulled_at = stored_time(rows, 9);
    manifest.media_type = rows.text(10);
    return manifest;
}

Result<Slice<RetentionManifest>> read_manifests(SqliteDb& db, std::string const& repository,
                                                Page const& page) {
    TRY(auto rows,
        db.query("SELECT m.id, m.digest, m.size, m.pushed_at, m.subject, m.artifact_type, m.annotations, "
                 "(SELECT r.released_at FROM review r WHERE r.repository = ?1 AND r.digest = m.digest "
                 "AND r.fresh = 0), EXISTS (SELECT 1 FROM removed_manifest d WHERE d.repository = ?1 "
                 "AND d.digest = m.subject), p.pulled_at, m.media_type FROM manifest m "
                 "LEFT JOIN manifest_pull p ON p.repository = m.repository AND p.digest = m.digest "
                 "WHERE m.repository = (SELECT id FROM repository WHERE name = ?1) AND m.digest > ?2 "
                 "ORDER BY m.digest LIMIT ?3",
                 {repository, after(page), one_more(page)}));
    return slice_of<RetentionManifest>(std::move(rows), page, manifest_of);
}

Result<std::vector<RetentionEdge>> read_edges(SqliteDb& db, std::string const& repository,
                                              EdgePlace const& place, std::size_t count) {
    TRY(auto rows,
        db.query("SELECT child, manifest, kind FROM edge "
                 "WHERE repository = (SELECT id FROM repository WHERE name = ?1) "
                 "AND (child, manifest, kind) > (?2, ?3, ?4) ORDER BY child, manifest, kind LIMIT ?5",
                 {repository, place.child, place.manifest, place.kind, limit(count)}));
    std::vector<RetentionEdge> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        TRY(auto const child, stored_digest(rows, 0));
        found.push_back({child, rows.integer(1), rows.view(2) == "manifest"});
    }
}

Result<BlobFact> link_of(SqliteRows const& rows) {
    TRY(auto const digest, stored_digest(rows, 0));
    return BlobFact{digest, static_cast<std::uint64_t>(rows.integer(1))};
}

Result<Slice<BlobFact>> read_links(SqliteDb& db, std::string const& repository, Page const& page) {
    TRY(auto rows, db.query("SELECT digest, size FROM link "
                            "WHERE repository = (SELECT id FROM repository WHERE name = ?1) AND digest > ?2 "
                            "ORDER BY digest LIMIT ?3",
                            {repository, after(page), one_more(page)}));
    return slice_of<BlobFact>(std::move(rows), page, link_of);
}

Result<bool> is_held_elsewhere(SqliteDb& db, std::string const& repository, std::string const& digest) {
    TRY(auto rows, db.query("SELECT EXISTS (SELECT 1 FROM link WHERE digest = ?2 AND repository <> r.id) "
                            "OR EXISTS (SELECT 1 FROM manifest WHERE digest = ?2 AND repository <> r.id) "
                            "FROM repository r WHERE r.name = ?1",
                            {repository, digest}));
    TRY(bool const row, rows.next());
    return row && rows.integer(0) != 0;
}

Result<std::int64_t> insert_plan(SqliteDb& db, RetentionPlan const& plan) {
    CHECK(db.change("INSERT INTO retention_plan (made_at, state, content) VALUES (?1, ?2, ?3)",
                    {stored(plan.made_at), plan.state, plan.content}));
    TRY(auto rows, db.query("SELECT last_insert_rowid()"));
    CHECK(rows.next());
    return rows.integer(0);
}

/// Without the plan nothing would ever remove them.
Result<> insert_pieces(SqliteDb& db, std::int64_t plan, std::vector<PlanPiece> const& pieces) {
    TRY(auto const found, first_number(db, "SELECT 1 FROM retention_plan WHERE id = ?1", {plan}));
    if (!found) {
        return Error{Errc::conflict, "the retention plan " + std::to_string(plan) +
                                         " was removed while it was made: newer plans took its place; make "
                                         "another"};
    }
    for (auto const& piece : pieces) {
        CHECK(
            db.change("INSERT INTO retention_piece (plan, number, verdict, repository, rows) "
                      "VALUES (?1, ?2, ?3, ?4, ?5)",
                      {plan, piece.number, piece.verdict, piece.repository, piece.rows}));
    }
    return {};
}

Error unknown_plan(std::int64_t id) {
    return {Errc::not_found, "unknown retention plan " + std::to_string(id)};
}

Result<> update_plan(SqliteDb& db, RetentionPlan const& plan, std::string const& expected) {
    TRY(auto const changed, db.change("UPDATE retention_plan SET state = ?2, content = ?3 WHERE id = ?1 "
                                      "AND (?4 = '' OR state = ?4)",
                                      {plan.id, plan.state, plan.content, expected}));
    if (changed > 0) return {};
    return Error{Errc::conflict, "the retention plan " + std::to_string(plan.id) + " is not " + expected};
}

RetentionPlan plan_of(SqliteRows const& rows) {
    return {rows.integer(0), stored_time(rows, 1), rows.text(2), rows.text(3)};
}

Result<RetentionPlan> read_plan(SqliteDb& db, std::int64_t id) {
    TRY(auto rows, db.query("SELECT id, made_at, state, content FROM retention_plan WHERE id = ?1", {id}));
    TRY(bool const row, rows.next());
    if (!row) return unknown_plan(id);
    return plan_of(rows);
}

Result<std::vector<RetentionPlan>> read_plans(SqliteDb& db, std::int64_t before, std::size_t count) {
    TRY(auto rows, db.query("SELECT id, made_at, state, content FROM retention_plan WHERE id < ?1 "
                            "ORDER BY id DESC LIMIT ?2",
                            {before, limit(count)}));
    std::vector<RetentionPlan> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        found.push_back(plan_of(rows));
    }
}

Result<std::vector<PlanPiece>> pieces_of(SqliteRows rows) {
    std::vector<PlanPiece> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        found.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3)});
    }
}

Result<std::vector<PlanPiece>> read_pieces(SqliteDb& db, PieceQuery const& query) {
    if (query.verdict.empty()) {
        TRY(auto rows, db.query("SELECT number, verdict, repository, rows FROM retention_piece "
                                "WHERE plan = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
                                {query.plan, query.after, limit(query.limit)}));
        return pieces_of(std::move(rows));
    }
    TRY(auto rows, db.query("SELECT number, verdict, repository, rows FROM retention_piece "
                            "WHERE plan = ?1 AND verdict = ?2 AND number > ?3 ORDER BY number LIMIT ?4",
                            {query.plan, query.verdict, query.after, limit(query.limit)}));
    return pieces_of(std::move(rows));
}

/// A plan of which there are pieces, and no row any more: it was removed.
Result<std::optional<std::int64_t>> find_removed_plan(SqliteDb& db) {
    std::optional<std::int64_t> plan = 0;
    for (;;) {
        TRY(plan, first_number(db, "SELECT plan FROM retention_piece WHERE plan > ?1 ORDER BY plan LIMIT 1",
                               {*plan}));
        if (!plan) return plan;
        TRY(auto const known, first_number(db, "SELECT id FROM retention_plan WHERE id = ?1", {*plan}));
        if (!known) return plan;
    }
}

/// Removes some pieces of removed plans; whether there were any.
Result<bool> remove_some_pieces(SqliteDb& db) {
    TRY(auto const plan, find_removed_plan(db));
    if (!plan) return false;
    CHECK(
        db.change("DELETE FROM retention_piece WHERE plan = ?1 AND number IN "
                  "(SELECT number FROM retention_piece WHERE plan = ?1 ORDER BY number LIMIT ?2)",
                  {*plan, pieces_removed_at_once}));
    return true;
}

}  // namespace

Task<Result<Slice<RetentionTag>>> SqliteRetention::tags(oci::RepositoryName const& repository, Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_tags(db, repository.str(), page); });
}

Task<Result<Slice<RetentionManifest>>> SqliteRetention::manifests(oci::RepositoryName const& repository,
                                                                  Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_manifests(db, repository.str(), page); });
}

Task<Result<std::vector<RetentionEdge>>> SqliteRetention::edges(oci::RepositoryName const& repository,
                                                                EdgePlace after, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_edges(db, repository.str(), after, limit); });
}

Task<Result<Slice<BlobFact>>> SqliteRetention::links(oci::RepositoryName const& repository, Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_links(db, repository.str(), page); });
}

Task<Result<std::vector<oci::Digest>>> SqliteRetention::held_elsewhere(oci::RepositoryName const& repository,
                                                                       std::vector<oci::Digest> digests) {
    co_return readers_.read([&](SqliteDb& db) -> Result<std::vector<oci::Digest>> {
        std::vector<oci::Digest> found;
        for (auto const& digest : digests) {
            TRY(bool const held, is_held_elsewhere(db, repository.str(), digest.str()));
            if (held) found.push_back(digest);
        }
        return found;
    });
}

Task<Result<std::int64_t>> SqliteRetention::add_plan(RetentionPlan plan) {
    return writer_.run(ChangeScope::nothing(),
                       [made = std::move(plan)](SqliteDb& db) { return insert_plan(db, made); });
}

Task<Result<>> SqliteRetention::add_pieces(std::int64_t plan, std::vector<PlanPiece> pieces) {
    return writer_.run(ChangeScope::nothing(), [plan, all = std::move(pieces)](SqliteDb& db) {
        return insert_pieces(db, plan, all);
    });
}

Task<Result<>> SqliteRetention::change_plan(RetentionPlan plan, std::string expected) {
    return writer_.run(ChangeScope::nothing(), [changed = std::move(plan), state = std::move(expected)](
                                                   SqliteDb& db) { return update_plan(db, changed, state); });
}

Task<Result<RetentionPlan>> SqliteRetention::plan(std::int64_t id) {
    co_return readers_.read([&](SqliteDb& db) { return read_plan(db, id); });
}

Task<Result<std::vector<RetentionPlan>>> SqliteRetention::plans(std::optional<std::int64_t> before,
                                                                std::size_t limit) {
    auto const from = before.value_or(std::numeric_limits<std::int64_t>::max());
    co_return readers_.read([&](SqliteDb& db) { return read_plans(db, from, limit); });
}

Task<Result<std::vector<PlanPiece>>> SqliteRetention::pieces(PieceQuery query) {
    co_return readers_.read([&](SqliteDb& db) { return read_pieces(db, query); });
}

Task<Result<>> SqliteRetention::remove_plans(std::vector<std::int64_t> ids) {
    CO_CHECK(co_await writer_.run(ChangeScope::nothing(), [&ids](SqliteDb& db) -> Result<> {
        for (auto const id : ids) {
            CHECK(db.change("DELETE FROM retention_plan WHERE id = ?1", {id}));
        }
        return {};
    }));
    for (bool more = true; more;) {
        CO_TRY(more, co_await writer_.run(ChangeScope::nothing(), remove_some_pieces));
    }
    co_return Result<>();
}

}  // namespace ocilot::meta
