#include "meta/sqlite/repository_summary.h"

#include "meta/sqlite/usage.h"
#include "meta/sqlite/values.h"

#include <algorithm>

namespace ocilot::meta {

namespace {

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
    TRY(auto const usage, read_usage(db, repository));
    RepositorySummary summary{std::string(name), usage.tags, usage.manifests, usage.blobs, usage.bytes};
    TRY(auto rows, db.query("SELECT moved_at FROM tag WHERE repository = ?1 "
                            "ORDER BY moved_at DESC, name DESC LIMIT 1",
                            {repository}));
    TRY(bool const has_tag, rows.next());
    if (has_tag) summary.pushed_at = stored_time(rows, 0);
    return summary;
}

Result<Slice<RepositorySummary>> read_summaries(SqliteDb& db, std::string_view prefix, Page const& page) {
    auto const from = first_name(prefix, page);
    auto const to = std::string(prefix) + last_character;
    TRY(auto rows, db.query("SELECT id, name FROM repository WHERE name >= ?1 AND name < ?2 "
                            "ORDER BY name LIMIT ?3",
                            {from, to, one_more(page)}));
    Slice<RepositorySummary> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit) {
            found.more = true;
            return found;
        }
        TRY(auto summary, summarize(db, rows.integer(0), rows.view(1)));
        found.items.push_back(std::move(summary));
    }
}

std::vector<std::pair<std::string, std::uint64_t>> counts_of(RepositorySummary const& summary) {
    return {{"tags", summary.tags}, {"manifests", summary.manifests}, {"blobs", summary.blobs}};
}

}  // namespace ocilot::meta
