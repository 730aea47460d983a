#include "meta/sqlite/pulls.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

Result<std::optional<Time>> read_counted_since(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT noted_at FROM job_place WHERE job = 'record-pulls'"));
    TRY(bool const row, rows.next());
    return row ? std::optional(stored_time(rows, 0)) : std::optional<Time>();
}

Result<Time> begin_counting(SqliteDb& db, Time now) {
    CHECK(
        db.change("INSERT INTO job_place (job, place, noted_at) VALUES ('record-pulls', '', ?1) "
                  "ON CONFLICT (job) DO NOTHING",
                  {stored(now)}));
    TRY(auto const since, read_counted_since(db));
    return since.value_or(now);
}

struct PulledRepository {
    std::int64_t id;
    std::string name;
};

/// A name that became an alias since the pull leads to what was pulled.
Result<std::optional<PulledRepository>> pulled_repository(SqliteDb& db, std::string const& name) {
    TRY(auto rows, db.query("SELECT id, name FROM repository WHERE name = "
                            "ifnull((SELECT target FROM repository_alias WHERE name = ?1), ?1)",
                            {name}));
    TRY(bool const row, rows.next());
    return row ? std::optional(PulledRepository{rows.integer(0), rows.text(1)})
               : std::optional<PulledRepository>();
}

Result<> record_tag(SqliteDb& db, std::int64_t repository, PullCount const& count, Time now) {
    CHECK(
        db.change("INSERT INTO tag_pull (repository, name, pulled_at, pulls) "
                  "SELECT repository, name, ?3, ?4 FROM tag WHERE repository = ?1 AND name = ?2 "
                  "ON CONFLICT (repository, name) DO UPDATE SET "
                  "pulled_at = max(pulled_at, excluded.pulled_at), pulls = pulls + excluded.pulls",
                  {repository, count.tag, stored(now), static_cast<std::int64_t>(count.pulls)}));
    return {};
}

Result<> record_manifest(SqliteDb& db, std::int64_t repository, PullCount const& count, Time now) {
    CHECK(
        db.change("INSERT INTO manifest_pull (repository, digest, pulled_at, pulls) "
                  "SELECT repository, digest, ?3, ?4 FROM manifest WHERE repository = ?1 AND digest = ?2 "
                  "ON CONFLICT (repository, digest) DO UPDATE SET "
                  "pulled_at = max(pulled_at, excluded.pulled_at), pulls = pulls + excluded.pulls",
                  {repository, count.digest.str(), stored(now), static_cast<std::int64_t>(count.pulls)}));
    return {};
}

/// One look-up for a name of a batch, however often it was pulled.
Result<std::optional<Change>> told_pulls(SqliteDb& db, PulledRepository const& repository,
                                         PullCount const& count, Time now) {
    TRY(auto rows, db.query("SELECT media_type, size, ifnull(artifact_type, '') FROM manifest "
                            "WHERE repository = ?1 AND digest = ?2",
                            {repository.id, count.digest.str()}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<Change>();
    Change change{
        .at = now,
        .kind = ChangeKind::manifest_pull,
        .repository = repository.name,
        .digest = count.digest.str(),
        .media_type = rows.text(0),
        .size = static_cast<std::uint64_t>(rows.integer(1)),
        .times = count.told,
        .details = {.artifact_type = rows.text(2), .pulls = {count.first, count.last, count.sampled}}};
    if (!count.tag.empty()) change.details.tags = {{count.tag}};
    return std::optional(std::move(change));
}

Result<> tell_pulls(SqliteDb& db, PulledRepository const& repository, PullCount const& count, Time now) {
    TRY(auto const change, told_pulls(db, repository, count, now));
    if (!change) return {};
    return write_change(db, *change);
}

Result<> record_batch(SqliteDb& db, std::vector<PullCount> const& batch, Time now) {
    std::string const* name = nullptr;  // Neighbours are mostly of one repository.
    std::optional<PulledRepository> repository;
    for (auto const& count : batch) {
        if (name == nullptr || *name != count.repository) {
            name = &count.repository;
            TRY(repository, pulled_repository(db, *name));
        }
        if (!repository) continue;
        if (!count.tag.empty()) {
            CHECK(record_tag(db, repository->id, count, now));
        }
        // Who asks what a tag is may be told of an image that he does not have.
        if (count.tag.empty() || count.pulls > 0) {
            CHECK(record_manifest(db, repository->id, count, now));
        }
        if (count.told > 0) {
            CHECK(tell_pulls(db, *repository, count, now));
        }
    }
    return {};
}

std::optional<PullRecord> record_of(SqliteRows const& rows, int column) {
    if (rows.is_null(column)) return std::nullopt;
    return PullRecord{stored_time(rows, column), static_cast<std::uint64_t>(rows.integer(column + 1))};
}

Result<TagPulls> pulls_of_tag(SqliteDb& db, std::string const& repository, std::string const& tag) {
    TRY(auto rows,
        db.query("SELECT p.pulled_at, p.pulls, m.pulled_at, m.pulls FROM tag t "
                 "LEFT JOIN tag_pull p ON p.repository = t.repository AND p.name = t.name "
                 "LEFT JOIN manifest_pull m ON m.repository = t.repository AND m.digest = t.digest "
                 "WHERE t.repository = (SELECT id FROM repository WHERE name = ?1) AND t.name = ?2",
                 {repository, tag}));
    TRY(bool const row, rows.next());
    if (!row) return TagPulls{tag};
    return TagPulls{tag, record_of(rows, 0), record_of(rows, 2)};
}

Result<std::vector<PulledTag>> read_last_pulled(SqliteDb& db, std::string const& repository,
                                                PulledTag const& after, std::size_t count) {
    TRY(auto rows, db.query("SELECT name, pulled_at, pulls FROM tag_pull "
                            "WHERE repository = (SELECT id FROM repository WHERE name = ?1) "
                            "AND (pulled_at, name) < (?2, ?3) ORDER BY pulled_at DESC, name DESC LIMIT ?4",
                            {repository, stored(after.record.pulled_at), after.tag, limit(count)}));
    std::vector<PulledTag> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        found.push_back({rows.text(0), {stored_time(rows, 1), static_cast<std::uint64_t>(rows.integer(2))}});
    }
}

}  // namespace

Task<Result<Time>> SqlitePulls::begin(Time now) {
    return writer_.run(ChangeScope::nothing(), [now](SqliteDb& db) { return begin_counting(db, now); });
}

Task<Result<>> SqlitePulls::begin_again(Time now) {
    return writer_.run(ChangeScope::nothing(), [now](SqliteDb& db) -> Result<> {
        CHECK(db.change("UPDATE job_place SET noted_at = max(noted_at, ?1) WHERE job = 'record-pulls'",
                        {stored(now)}));
        return {};
    });
}

Task<Result<std::optional<Time>>> SqlitePulls::counted_since() {
    co_return readers_.read(read_counted_since);
}

Task<Result<>> SqlitePulls::record(std::vector<PullCount> batch, Time now) {
    return writer_.run(ChangeScope::nothing(),
                       [now, all = std::move(batch)](SqliteDb& db) { return record_batch(db, all, now); });
}

Task<Result<std::vector<TagPulls>>> SqlitePulls::of_tags(oci::RepositoryName const& repository,
                                                         std::vector<std::string> tags) {
    co_return readers_.read([&](SqliteDb& db) -> Result<std::vector<TagPulls>> {
        std::vector<TagPulls> found;
        found.reserve(tags.size());
        for (auto const& tag : tags) {
            TRY(auto pulls, pulls_of_tag(db, repository.str(), tag));
            found.push_back(std::move(pulls));
        }
        return found;
    });
}

Task<Result<std::vector<PulledTag>>> SqlitePulls::last_pulled(oci::RepositoryName const& repository,
                                                              std::optional<PulledTag> after,
                                                              std::size_t limit) {
    auto const place = after.value_or(PulledTag{{}, {Time::max(), 0}});
    co_return readers_.read(
        [&](SqliteDb& db) { return read_last_pulled(db, repository.str(), place, limit); });
}

}  // namespace ocilot::meta
