#include "meta/sqlite/unneeded.h"

#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <vector>

namespace ocilot::meta {

namespace {

/// Where a stage of the walk is: after a row of this number, or number and text.
struct Position {
    std::int64_t number = 0;
    std::string text = {};
};

/// Some rows of a stage.
struct Rows {
    std::vector<Candidate> candidates = {};
    std::size_t count = 0;
    Position last = {};
};

/// Repository, digest, whether it is needed, and the time of a row, whose position the query has in the
/// columns 4 and 5.
Result<Rows> read_rows(SqliteRows rows, bool fresh) {
    Rows read;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return read;
        ++read.count;
        read.last = {rows.integer(4), rows.text(5)};
        if (rows.integer(2) != 0) continue;
        TRY(auto const digest, stored_digest(rows, 1));
        read.candidates.push_back({rows.text(0), digest, stored_time(rows, 3), fresh});
    }
}

/// A tag keeps a manifest; whether something else does is for the review.
Result<Rows> manifests(SqliteDb& db, Position const& after, std::int64_t count, Time now) {
    TRY(auto rows,
        db.query("SELECT r.name, m.digest, EXISTS (SELECT 1 FROM tag t WHERE t.repository = m.repository "
                 "AND t.digest = m.digest), ?3, m.id, '' FROM manifest m CROSS JOIN repository r "
                 "ON r.id = m.repository WHERE m.id > ?1 ORDER BY m.id LIMIT ?2",
                 {after.number, count, stored(now)}));
    return read_rows(std::move(rows), true);
}

Result<Rows> links(SqliteDb& db, Position const& after, std::int64_t count, Time now) {
    TRY(auto rows,
        db.query("SELECT r.name, l.digest, EXISTS (SELECT 1 FROM edge e WHERE e.repository = l.repository "
                 "AND e.child = l.digest), ?4, l.repository, l.digest FROM link l CROSS JOIN repository r "
                 "ON r.id = l.repository WHERE (l.repository, l.digest) > (?1, ?2) "
                 "ORDER BY l.repository, l.digest LIMIT ?3",
                 {after.number, after.text, count, stored(now)}));
    return read_rows(std::move(rows), true);
}

Result<Rows> removed_manifests(SqliteDb& db, Position const& after, std::int64_t count, Time) {
    TRY(auto rows, db.query("SELECT repository, digest, 0, removed_at, id, '' FROM removed_manifest "
                            "WHERE id > ?1 ORDER BY id LIMIT ?2",
                            {after.number, count}));
    return read_rows(std::move(rows), false);
}

Result<Rows> removed_links(SqliteDb& db, Position const& after, std::int64_t count, Time) {
    auto const space = after.text.find(' ');
    auto const repository = std::string_view(after.text).substr(0, space);
    auto const digest =
        space == std::string::npos ? std::string_view() : std::string_view(after.text).substr(space + 1);
    TRY(auto rows,
        db.query("SELECT repository, digest, 0, removed_at, 0, repository || ' ' || digest FROM removed_link "
                 "WHERE (repository, digest) > (?1, ?2) ORDER BY repository, digest LIMIT ?3",
                 {repository, digest, count}));
    return read_rows(std::move(rows), false);
}

using Read = Result<Rows> (*)(SqliteDb&, Position const&, std::int64_t, Time);
constexpr std::array<Read, 4> stages{manifests, links, removed_manifests, removed_links};

/// `STAGE NUMBER TEXT`; empty for the start.
struct Place {
    std::size_t stage = 0;
    Position position = {};
};

std::string to_text(Place const& place) {
    if (place.stage == stages.size()) return {};
    return fmt::format("{} {} {}", place.stage, place.position.number, place.position.text);
}

Result<Place> parse_place(std::string_view text) {
    Place place;
    if (text.empty()) return place;
    auto const* const end = text.data() + text.size();
    auto const stage = std::from_chars(text.data(), end, place.stage);
    if (stage.ec != std::errc() || stage.ptr == end || place.stage >= stages.size())
        return damaged("place of a walk");
    auto const number = std::from_chars(stage.ptr + 1, end, place.position.number);
    if (number.ec != std::errc() || number.ptr == end) return damaged("place of a walk");
    place.position.text = std::string(number.ptr + 1, end);
    return place;
}

}  // namespace

Result<FoundPiece> find_unneeded(SqliteDb& db, std::string const& from, std::size_t rows, Time now) {
    TRY(auto place, parse_place(from));
    TRY(auto const read, stages[place.stage](db, place.position, limit(rows), now));
    for (auto const& candidate : read.candidates) {
        CHECK(add_unless_queued(db, candidate));
    }
    place.position = read.last;
    if (read.count < rows) place = {place.stage + 1, {}};
    return FoundPiece{to_text(place), read.candidates.size()};
}

}  // namespace ocilot::meta
