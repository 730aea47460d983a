#include "meta/sqlite/audit.h"

#include "meta/sqlite/values.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

namespace ocilot::meta {

namespace {

/// Where a page starts, from two columns: "number text".
struct Place {
    std::int64_t number = 0;
    std::string text;
};

Place place_of(std::string const& from) {
    Place place;
    auto const* const end = from.data() + from.size();
    auto const read = std::from_chars(from.data(), end, place.number);
    if (read.ptr != end) place.text.assign(read.ptr + 1, end);
    return place;
}

/// Reads the rows of a page; `read` makes an item of one and answers where the walk goes on after it.
template <class T, class Read>
Result<AuditPage<T>> walk(SqliteRows rows, std::size_t limit, Read read) {
    AuditPage<T> page;
    std::string last;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) break;
        page.items.emplace_back();
        last = read(rows, page.items.back());
    }
    if (page.items.size() >= limit) page.next = std::move(last);
    return page;
}

Result<AuditPage<LinkRecord>> read_links(SqliteDb& db, std::string const& from, std::size_t count) {
    auto const place = place_of(from);
    TRY(auto rows,
        db.query("SELECT l.repository, r.name, l.digest, l.size, "
                 "EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = l.digest) "
                 "FROM link l INDEXED BY link_digest LEFT JOIN repository r ON r.id = l.repository "
                 "WHERE (l.digest, l.repository) > (?1, ?2) ORDER BY l.digest, l.repository LIMIT ?3",
                 {place.text, place.number, limit(count)}));
    return walk<LinkRecord>(std::move(rows), count, [](SqliteRows const& row, LinkRecord& link) {
        link = {row.text(1), row.text(2), static_cast<std::uint64_t>(row.integer(3)), row.integer(4) != 0};
        return fmt::format("{} {}", row.integer(0), link.digest);
    });
}

std::vector<EdgeRecord> edges_of(std::string_view lines) {
    std::vector<EdgeRecord> edges;
    while (!lines.empty()) {
        auto const line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        auto const space = std::min(line.size(), line.find(' '));
        edges.push_back(
            {std::string(line.substr(0, space)), std::string(line.substr(std::min(line.size(), space + 1)))});
    }
    return edges;
}

// With its edges in one statement: a manifest that goes between two would seem to have lost them.
Result<AuditPage<ManifestRecord>> read_manifests(SqliteDb& db, std::string const& from, std::size_t count) {
    TRY(auto rows,
        db.query(
            "SELECT m.id, r.name, m.digest, m.media_type, m.size, m.subject, "
            "(SELECT group_concat(e.kind || ' ' || e.child, char(10)) FROM edge e WHERE e.manifest = m.id), "
            "EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = m.digest) "
            "FROM manifest m LEFT JOIN repository r ON r.id = m.repository "
            "WHERE m.id > ?1 ORDER BY m.id LIMIT ?2",
            {place_of(from).number, limit(count)}));
    return walk<ManifestRecord>(std::move(rows), count, [](SqliteRows const& row, ManifestRecord& manifest) {
        manifest.repository = row.text(1);
        manifest.digest = row.text(2);
        manifest.media_type = row.text(3);
        manifest.size = static_cast<std::uint64_t>(row.integer(4));
        manifest.subject = row.text(5);
        manifest.edges = edges_of(row.text(6));
        manifest.quarantined = row.integer(7) != 0;
        return fmt::format("{}", row.integer(0));
    });
}

Result<AuditPage<TagRecord>> read_tags(SqliteDb& db, std::string const& from, std::size_t count) {
    auto const place = place_of(from);
    TRY(auto rows, db.query("SELECT t.repository, r.name, t.name, t.digest, EXISTS (SELECT 1 FROM manifest m "
                            "WHERE m.repository = t.repository AND m.digest = t.digest) "
                            "FROM tag t LEFT JOIN repository r ON r.id = t.repository "
                            "WHERE (t.repository, t.name) > (?1, ?2) ORDER BY t.repository, t.name LIMIT ?3",
                            {place.number, place.text, limit(count)}));
    return walk<TagRecord>(std::move(rows), count, [](SqliteRows const& row, TagRecord& tag) {
        tag = {row.text(1), row.text(2), row.text(3), row.integer(4) != 0};
        return fmt::format("{} {}", row.integer(0), tag.name);
    });
}

Result<AuditPage<SessionRecord>> read_sessions(SqliteDb& db, std::string const& from, std::size_t count) {
    TRY(auto rows, db.query("SELECT id, repository FROM upload WHERE id > ?1 ORDER BY id LIMIT ?2",
                            {from, limit(count)}));
    return walk<SessionRecord>(std::move(rows), count, [](SqliteRows const& row, SessionRecord& session) {
        session = {row.text(0), row.text(1)};
        return session.id;
    });
}

Result<> count_in(SqliteDb& db, std::string_view sql, oci::Digest const& digest, DigestUsage& usage) {
    TRY(auto rows, db.query(sql, {digest.str()}));
    CHECK(rows.next());
    auto const times = static_cast<std::uint64_t>(rows.integer(0));
    if (times == 0) return {};
    auto const least = static_cast<std::uint64_t>(rows.integer(1));
    auto const greatest = static_cast<std::uint64_t>(rows.integer(2));
    usage.min_size = usage.times == 0 ? least : std::min(usage.min_size, least);
    usage.max_size = std::max(usage.max_size, greatest);
    usage.times += times;
    return {};
}

Result<DigestUsage> read_usage(SqliteDb& db, oci::Digest const& digest) {
    DigestUsage usage;
    CHECK(count_in(db, "SELECT count(*), min(size), max(size) FROM link WHERE digest = ?1", digest, usage));
    CHECK(
        count_in(db, "SELECT count(*), min(size), max(size) FROM manifest WHERE digest = ?1", digest, usage));
    // What was deleted and can be restored needs its bytes.
    CHECK(count_in(db, "SELECT count(*), min(size), max(size) FROM removed_link WHERE digest = ?1", digest,
                   usage));
    CHECK(count_in(db, "SELECT count(*), min(size), max(size) FROM removed_manifest WHERE digest = ?1",
                   digest, usage));
    return usage;
}

}  // namespace

Result<std::vector<std::string>> damage_of(SqliteDb& db) {
    TRY(auto rows, db.query("PRAGMA integrity_check(100)"));
    std::vector<std::string> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (auto text = rows.text(0); text != "ok") found.push_back(std::move(text));
    }
}

Task<Result<AuditPage<LinkRecord>>> SqliteAudit::links(std::string from, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_links(db, from, limit); });
}

Task<Result<AuditPage<ManifestRecord>>> SqliteAudit::manifests(std::string from, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_manifests(db, from, limit); });
}

Task<Result<AuditPage<TagRecord>>> SqliteAudit::tags(std::string from, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_tags(db, from, limit); });
}

Task<Result<AuditPage<SessionRecord>>> SqliteAudit::sessions(std::string from, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_sessions(db, from, limit); });
}

Task<Result<DigestUsage>> SqliteAudit::usage(oci::Digest const& digest) {
    co_return readers_.read([&](SqliteDb& db) { return read_usage(db, digest); });
}

Task<Result<std::vector<std::string>>> SqliteAudit::damage() {
    co_return readers_.read(damage_of);
}

}  // namespace ocilot::meta
