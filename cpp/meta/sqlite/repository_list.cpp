#include "meta/sqlite/repository_list.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/repository_summary.h"
#include "meta/sqlite/values.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace ocilot::meta {

namespace {

/// Names that are looked at for a page, however few of them begin as they have to.
constexpr std::size_t most_looked_at = 5'000;

constexpr std::string_view smallest_first =
    "SELECT k.repository, k.bytes, r.name FROM repository_rank k CROSS JOIN repository r "
    "ON r.id = k.repository WHERE (k.bytes, k.repository) > (?1, ?2) ORDER BY k.bytes, k.repository LIMIT ?3";
constexpr std::string_view largest_first =
    "SELECT k.repository, k.bytes, r.name FROM repository_rank k CROSS JOIN repository r "
    "ON r.id = k.repository WHERE (k.bytes, k.repository) < (?1, ?2) "
    "ORDER BY k.bytes DESC, k.repository DESC LIMIT ?3";
constexpr std::string_view first_pushed_first =
    "SELECT k.repository, k.pushed_at, r.name FROM repository_rank k CROSS JOIN repository r "
    "ON r.id = k.repository WHERE (k.pushed_at, k.repository) > (?1, ?2) "
    "ORDER BY k.pushed_at, k.repository LIMIT ?3";
constexpr std::string_view last_pushed_first =
    "SELECT k.repository, k.pushed_at, r.name FROM repository_rank k CROSS JOIN repository r "
    "ON r.id = k.repository WHERE (k.pushed_at, k.repository) < (?1, ?2) "
    "ORDER BY k.pushed_at DESC, k.repository DESC LIMIT ?3";
constexpr std::string_view without_tag =
    "SELECT k.repository, k.pushed_at, r.name FROM repository_rank k CROSS JOIN repository r "
    "ON r.id = k.repository WHERE k.pushed_at = 0 AND k.repository > ?1 ORDER BY k.repository LIMIT ?2";

constexpr auto greatest = std::numeric_limits<std::int64_t>::max();

/// A repository in the order of an index.
struct Ranked {
    RepositoryPlace place;
    std::string name;
};

/// The repositories in an order, from where a page starts.
class RankWalk {
  public:
    RankWalk(SqliteDb& db, RepositoryQuery const& query, std::int64_t count)
        : db_(db), query_(query), count_(count), last_part_(has_last_part() && starts_without_tag()) {}

    /// nullopt at the end.
    Result<std::optional<Ranked>> next() {
        for (;;) {
            if (!rows_) {
                TRY(auto rows, start());
                rows_.emplace(std::move(rows));
            }
            TRY(bool const more, rows_->next());
            if (more) return std::optional(Ranked{{rows_->integer(1), rows_->integer(0)}, rows_->text(2)});
            if (!has_last_part() || std::exchange(last_part_, true)) return std::optional<Ranked>();
            rows_.reset();
            last_after_ = 0;
        }
    }

  private:
    /// Those without a tag have the least key, and come last all the same.
    [[nodiscard]] bool has_last_part() const {
        return query_.order == RepositoryOrder::pushed && !query_.descending;
    }
    [[nodiscard]] bool starts_without_tag() const { return query_.after && query_.after->key == 0; }

    Result<SqliteRows> start() {
        if (last_part_) return db_.query(without_tag, {last_after_, count_});
        bool const by_bytes = query_.order == RepositoryOrder::bytes;
        if (query_.descending) {
            auto const place = query_.after.value_or(RepositoryPlace{greatest, greatest});
            return db_.query(by_bytes ? largest_first : last_pushed_first, {place.key, place.id, count_});
        }
        auto const first = by_bytes ? RepositoryPlace{-1, 0} : RepositoryPlace{0, greatest};
        auto const place = query_.after.value_or(first);
        return db_.query(by_bytes ? smallest_first : first_pushed_first, {place.key, place.id, count_});
    }

    SqliteDb& db_;
    RepositoryQuery const& query_;
    std::int64_t count_;
    bool last_part_;
    std::int64_t last_after_ = last_part_ ? query_.after->id : 0;
    std::optional<SqliteRows> rows_{};
};

}  // namespace

Result<RepositoryRows> read_sorted(SqliteDb& db, RepositoryQuery const& query) {
    auto const most = query.prefix.empty() ? query.limit : std::max(most_looked_at, query.limit);
    RankWalk walk(db, query, limit(most + 1));  // One more shows whether there is another page.
    RepositoryRows page;
    RepositoryPlace place;
    for (std::size_t looked_at = 0;; ++looked_at) {
        TRY(auto const found, walk.next());
        if (!found) return page;
        if (looked_at == most || page.items.size() == query.limit) {
            page.next = place;
            return page;
        }
        place = found->place;
        if (!found->name.starts_with(query.prefix)) continue;
        TRY(auto summary, summarize(db, place.id, found->name));
        page.items.push_back(std::move(summary));
    }
}

Result<std::size_t> rank_repositories(SqliteDb& db, std::vector<std::string> const& names) {
    std::size_t changed = 0;
    for (auto const& name : names) {
        TRY(auto const id, first_number(db, "SELECT id FROM repository WHERE name = ?1", {name}));
        if (!id) continue;
        TRY(auto const summary, summarize(db, *id, name));
        auto const pushed_at = summary.pushed_at ? stored(*summary.pushed_at) : std::int64_t{0};
        TRY(auto const rows, db.change("UPDATE repository_rank SET bytes = ?2, pushed_at = ?3 "
                                       "WHERE repository = ?1 AND (bytes <> ?2 OR pushed_at <> ?3)",
                                       {*id, static_cast<std::int64_t>(summary.bytes), pushed_at}));
        changed += static_cast<std::size_t>(rows);
    }
    return changed;
}

}  // namespace ocilot::meta
