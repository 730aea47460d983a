#include "meta/sqlite/unneeded.h"

#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

#include <charconv>
#include <fmt/format.h>
#include <vector>

namespace ocilot::meta {

namespace {

// A place is `m ID` among the manifests, or `l REPOSITORY DIGEST` among the links.
constexpr std::string_view manifests = "m ";
constexpr std::string_view links = "l ";

Result<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    auto const [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || rest != text.data() + text.size()) return damaged("place of a walk");
    return number;
}

struct Rows {
    std::vector<Candidate> candidates;
    std::string next;
    std::size_t rows = 0;
};

Result<> read_row(SqliteRows const& rows, Time now, Rows& page) {
    ++page.rows;
    if (rows.integer(2) != 0) return {};
    TRY(auto const digest, stored_digest(rows, 1));
    page.candidates.push_back({rows.text(0), digest, now, true});
    return {};
}

/// Nothing names a candidate; whether something keeps it is for the review.
Result<Rows> read_manifests(SqliteDb& db, std::int64_t after, std::size_t count, Time now) {
    TRY(auto rows,
        db.query("SELECT r.name, m.digest, EXISTS (SELECT 1 FROM tag t WHERE t.repository = m.repository "
                 "AND t.digest = m.digest), m.id FROM manifest m CROSS JOIN repository r "
                 "ON r.id = m.repository WHERE m.id > ?1 ORDER BY m.id LIMIT ?2",
                 {after, limit(count)}));
    Rows page;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return page;
        CHECK(read_row(rows, now, page));
        page.next = fmt::format("{}{}", manifests, rows.integer(3));
    }
}

Result<Rows> read_links(SqliteDb& db, std::int64_t repository, std::string_view digest, std::size_t count,
                        Time now) {
    TRY(auto rows,
        db.query("SELECT r.name, l.digest, EXISTS (SELECT 1 FROM edge e WHERE e.repository = l.repository "
                 "AND e.child = l.digest), l.repository FROM link l CROSS JOIN repository r "
                 "ON r.id = l.repository WHERE (l.repository, l.digest) > (?1, ?2) "
                 "ORDER BY l.repository, l.digest LIMIT ?3",
                 {repository, digest, limit(count)}));
    Rows page;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return page;
        CHECK(read_row(rows, now, page));
        page.next = fmt::format("{}{} {}", links, rows.integer(3), rows.view(1));
    }
}

Result<Rows> read_page(SqliteDb& db, std::string_view from, std::size_t rows, Time now) {
    if (!from.starts_with(links)) {
        std::int64_t after = 0;
        if (!from.empty()) {
            TRY(after, number_of(from.substr(manifests.size())));
        }
        TRY(auto page, read_manifests(db, after, rows, now));
        if (page.rows < rows) page.next = fmt::format("{}0 ", links);
        return page;
    }
    auto const place = from.substr(links.size());
    auto const space = place.find(' ');
    if (space == std::string_view::npos) return damaged("place of a walk");
    TRY(auto const repository, number_of(place.substr(0, space)));
    TRY(auto page, read_links(db, repository, place.substr(space + 1), rows, now));
    if (page.rows < rows) page.next.clear();
    return page;
}

}  // namespace

Result<FoundPiece> find_unneeded(SqliteDb& db, std::string const& from, std::size_t rows, Time now) {
    TRY(auto page, read_page(db, from, rows, now));
    for (auto const& candidate : page.candidates) {
        CHECK(
            db.change("INSERT INTO review (repository, digest, released_at, fresh) VALUES (?1, ?2, ?3, 1) "
                      "ON CONFLICT DO NOTHING",
                      {candidate.repository, candidate.digest.str(), stored(now)}));
    }
    return FoundPiece{std::move(page.next), page.candidates.size()};
}

}  // namespace ocilot::meta
