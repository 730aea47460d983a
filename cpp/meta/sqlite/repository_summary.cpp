#include "meta/sqlite/repository_summary.h"

#include "meta/sqlite/values.h"

#include <algorithm>

namespace ocilot::meta {

namespace {

/// Rows after which a page ends: the thread that counts serves clients, too.
constexpr std::uint64_t most_counted = 100'000;

/// No name has a character that sorts after this one, or before the other.
constexpr char last_character = '\x7f';
constexpr char first_character = '\x01';

/// The least name that a page may hold.
std::string first_name(std::string_view prefix, Page const& page) {
    std::string first(prefix);
    if (page.after) first = std::max(first, *page.after + first_character);
    return first;
}

}  // namespace

Result<RepositorySummary> summarize(SqliteDb& db, std::int64_t repository, std::string_view name) {
    TRY(auto rows, db.query("SELECT (SELECT count(*) FROM tag WHERE repository = ?1), "
                            "(SELECT count(*) FROM manifest WHERE repository = ?1), "
                            "(SELECT count(*) FROM link WHERE repository = ?1), "
                            "(SELECT ifnull(sum(size), 0) FROM link WHERE repository = ?1)",
                            {repository}));
    CHECK(rows.next());
    auto const number = [&](int column) { return static_cast<std::uint64_t>(rows.integer(column)); };
    return RepositorySummary{std::string(name), number(0), number(1), number(2), number(3)};
}

Result<Slice<RepositorySummary>> read_summaries(SqliteDb& db, std::string_view prefix, Page const& page) {
    auto const from = first_name(prefix, page);
    auto const to = std::string(prefix) + last_character;
    TRY(auto rows, db.query("SELECT id, name FROM repository WHERE name >= ?1 AND name < ?2 "
                            "ORDER BY name LIMIT ?3",
                            {from, to, one_more(page)}));
    Slice<RepositorySummary> found;
    for (std::uint64_t counted = 0;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit || counted > most_counted) {
            found.more = true;
            return found;
        }
        TRY(auto summary, summarize(db, rows.integer(0), rows.view(1)));
        counted += summary.tags + summary.manifests + summary.blobs;
        found.items.push_back(std::move(summary));
    }
}

std::vector<std::pair<std::string, std::uint64_t>> counts_of(RepositorySummary const& summary) {
    return {{"tags", summary.tags}, {"manifests", summary.manifests}, {"blobs", summary.blobs}};
}

}  // namespace ocilot::meta
