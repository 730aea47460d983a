#include "meta/sqlite/usage.h"

#include "meta/quota_exceeded.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

namespace ocilot::meta {

namespace {

std::uint64_t count(SqliteRows const& rows, int column) {
    return static_cast<std::uint64_t>(rows.integer(column));
}

Usage usage_of(SqliteRows const& rows, int first) {
    return {count(rows, first), count(rows, first + 1), count(rows, first + 2), count(rows, first + 3)};
}

/// Bytes that only this repository holds. What another has as a manifest and this one as a blob is of both.
constexpr std::string_view exclusive_bytes =
    "SELECT (SELECT coalesce(sum(l.size), 0) FROM link l WHERE l.repository = ?1 "
    "AND NOT EXISTS (SELECT 1 FROM link o WHERE o.digest = l.digest AND o.repository <> ?1) "
    "AND NOT EXISTS (SELECT 1 FROM manifest o WHERE o.digest = l.digest AND o.repository <> ?1)) "
    "+ (SELECT coalesce(sum(m.size), 0) FROM manifest m WHERE m.repository = ?1 "
    "AND NOT EXISTS (SELECT 1 FROM manifest o WHERE o.digest = m.digest AND o.repository <> ?1) "
    "AND NOT EXISTS (SELECT 1 FROM link o WHERE o.digest = m.digest AND o.repository <> ?1))";

constexpr std::string_view restorable_bytes =
    "SELECT (SELECT coalesce(sum(size), 0) FROM removed_link WHERE repository = ?1) "
    "+ (SELECT coalesce(sum(size), 0) FROM removed_manifest WHERE repository = ?1)";

bool concerns(QuotaLimits const& limits, Addition const& addition) {
    return (limits.bytes && addition.bytes > 0) || (limits.tags && addition.tags > 0);
}

Result<> require_within(QuotaLimits const& limits, Usage const& usage, Addition const& addition,
                        QuotaHolder const& holder) {
    if (limits.bytes && addition.bytes > 0 && usage.bytes + addition.bytes > *limits.bytes) {
        return bytes_exceeded(holder, *limits.bytes, usage.bytes, addition.bytes);
    }
    if (limits.tags && addition.tags > 0 && usage.tags + addition.tags > *limits.tags) {
        return tags_exceeded(holder, *limits.tags, usage.tags);
    }
    return {};
}

/// A page of holders by name, of rows that have one more than it.
template <class Holder>
Result<Slice<Holder>> usages_in(SqliteRows& rows, Page const& page) {
    Slice<Holder> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit) {
            found.more = true;
            return found;
        }
        found.items.push_back({rows.text(0), usage_of(rows, 1)});
    }
}

}  // namespace

Result<Usage> read_usage(SqliteDb& db, std::int64_t repository) {
    TRY(auto rows, db.query("SELECT coalesce(sum(bytes), 0), coalesce(sum(blobs), 0), "
                            "coalesce(sum(manifests), 0), coalesce(sum(tags), 0) FROM usage "
                            "WHERE id BETWEEN ?1 * 16 AND ?1 * 16 + 15",
                            {repository}));
    CHECK(rows.next());
    return usage_of(rows, 0);
}

Result<Slice<RepositoryUsage>> read_usages(SqliteDb& db, Page const& page) {
    TRY(auto rows,
        db.query("SELECT r.name, sum(u.bytes), sum(u.blobs), sum(u.manifests), sum(u.tags) "
                 "FROM repository r CROSS JOIN usage u ON u.id BETWEEN r.id * 16 AND r.id * 16 + 15 "
                 "WHERE r.name > ?1 "
                 "GROUP BY r.name ORDER BY r.name LIMIT ?2",
                 {after(page), one_more(page)}));
    return usages_in<RepositoryUsage>(rows, page);
}

Result<UsageDetails> read_usage_details(SqliteDb& db, oci::RepositoryName const& repository) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return name_unknown(repository);
    UsageDetails details;
    TRY(details.usage, read_usage(db, *id));
    TRY(auto const exclusive, first_number(db, exclusive_bytes, {*id}));
    TRY(auto const restorable, first_number(db, restorable_bytes, {repository.str()}));
    details.exclusive = static_cast<std::uint64_t>(exclusive.value_or(0));
    details.restorable = static_cast<std::uint64_t>(restorable.value_or(0));
    return details;
}

Result<Usage> usage_of(SqliteDb& db, std::string_view repository) {
    TRY(auto const id, first_number(db, "SELECT id FROM repository WHERE name = ?1", {repository}));
    return id ? read_usage(db, *id) : Result<Usage>(Usage());
}

Result<Usage> read_caller_usage(SqliteDb& db, std::string_view caller) {
    TRY(auto rows, db.query("SELECT coalesce(sum(bytes), 0), coalesce(sum(blobs), 0), "
                            "coalesce(sum(manifests), 0), coalesce(sum(tags), 0) FROM caller_usage "
                            "WHERE caller = ?1",
                            {caller}));
    CHECK(rows.next());
    return usage_of(rows, 0);
}

Result<Slice<CallerUsage>> read_caller_usages(SqliteDb& db, Page const& page) {
    TRY(auto rows,
        db.query("SELECT caller, sum(bytes), sum(blobs), sum(manifests), sum(tags) FROM caller_usage "
                 "WHERE caller > ?1 GROUP BY caller ORDER BY caller LIMIT ?2",
                 {after(page), one_more(page)}));
    return usages_in<CallerUsage>(rows, page);
}

Result<> require_limits(SqliteDb& db, Charge const& charge, PushLimits const& limits,
                        Addition const& addition) {
    if (concerns(limits.repository, addition)) {
        TRY(auto const usage, usage_of(db, charge.repository));
        CHECK(require_within(limits.repository, usage, addition, QuotaHolder::repository(charge.repository)));
    }
    // Nobody has no quota.
    if (concerns(limits.caller, addition) && !charge.caller.empty()) {
        TRY(auto const usage, read_caller_usage(db, charge.caller));
        CHECK(require_within(limits.caller, usage, addition, QuotaHolder::caller(charge.caller)));
    }
    return {};
}

}  // namespace ocilot::meta
