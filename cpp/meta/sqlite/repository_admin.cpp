#include "meta/sqlite/repository_admin.h"

#include "meta/sqlite/aliases.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/repository_list.h"
#include "meta/sqlite/repository_removal.h"
#include "meta/sqlite/repository_rename.h"
#include "meta/sqlite/repository_summary.h"
#include "meta/sqlite/tag_list.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <utility>

namespace ocilot::meta {

namespace {

Counter& changes(Metrics& metrics, std::string_view kind) {
    return metrics.counter("ocilot_repository_changes_total",
                           "Repositories deleted and renamed by administrators.",
                           {{"change", std::string(kind)}});
}

/// Where that cannot be read, each name that is not found is asked for.
bool may_have_aliases(SqliteReaders& readers) {
    auto const found = readers.read([](SqliteDb& db) { return has_aliases(db); });
    return found.has_error() || *found;
}

Result<RepositorySummary> read_summary(SqliteDb& db, oci::RepositoryName const& repository) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return name_unknown(repository);
    return summarize(db, *id, repository.str());
}

Result<std::optional<oci::RepositoryName>> read_alias(SqliteDb& db, oci::RepositoryName const& name) {
    TRY(auto const target, find_alias(db, name.str()));
    if (!target) return std::optional<oci::RepositoryName>();
    auto parsed = oci::RepositoryName::parse(*target);
    if (parsed.has_error()) return damaged("alias");
    return std::optional(*std::move(parsed));
}

}  // namespace

SqliteRepositoryAdmin::SqliteRepositoryAdmin(SqliteReaders& readers, SqliteWriter& writer, Log const& log,
                                             Metrics& metrics)
    : readers_(readers),
      writer_(writer),
      log_(log),
      removed_(changes(metrics, "delete")),
      renamed_(changes(metrics, "rename")),
      alias_requests_(metrics.counter("ocilot_alias_requests_total",
                                      "Requests for a repository under one of its aliases.")),
      has_aliases_(may_have_aliases(readers)) {}

Task<Result<Slice<RepositorySummary>>> SqliteRepositoryAdmin::list(std::string prefix, Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_summaries(db, prefix, page); });
}

Task<Result<RepositoryRows>> SqliteRepositoryAdmin::sorted(RepositoryQuery query) {
    co_return readers_.read([&](SqliteDb& db) { return read_sorted(db, query); });
}

Task<Result<std::size_t>> SqliteRepositoryAdmin::rank(std::vector<std::string> names) {
    return writer_.run(ChangeScope::nothing(),
                       [all = std::move(names)](SqliteDb& db) { return rank_repositories(db, all); });
}

Task<Result<RepositorySummary>> SqliteRepositoryAdmin::find(oci::RepositoryName const& repository) {
    co_return readers_.read([&](SqliteDb& db) { return read_summary(db, repository); });
}

Task<Result<TagRows>> SqliteRepositoryAdmin::tags(oci::RepositoryName const& repository, TagQuery query) {
    co_return readers_.read([&](SqliteDb& db) { return read_tag_rows(db, repository, query); });
}

Task<Result<RepositorySummary>> SqliteRepositoryAdmin::remove(oci::RepositoryName const& repository, Actor by,
                                                              Time now) {
    auto removal = writer_.run(ChangeScope::of(repository), [repository, by, now](SqliteDb& db) {
        return remove_repository(db, repository, by, now);
    });
    CO_TRY(auto done, co_await std::move(removal));
    removed_.add();
    log_.info("repository deleted", {{"repository", std::string_view(done.name)},
                                     {"user", std::string_view(by.name)},
                                     {"request", std::string_view(by.request)},
                                     {"tags", done.tags},
                                     {"manifests", done.manifests},
                                     {"blobs", done.blobs}});
    co_return done;
}

Task<Result<RepositorySummary>> SqliteRepositoryAdmin::rename(RepositoryRename what, Actor by, Time now) {
    auto renaming = writer_.run([this, what, by, now](SqliteDb& db) {
        if (what.keep_alias) has_aliases_.store(true, std::memory_order_release);
        return rename_repository(db, what, by, now);
    });
    CO_TRY(auto done, co_await std::move(renaming));
    renamed_.add();
    log_.info("repository renamed", {{"repository", std::string_view(what.from.str())},
                                     {"to", std::string_view(done.name)},
                                     {"user", std::string_view(by.name)},
                                     {"request", std::string_view(by.request)}});
    co_return done;
}

Task<Result<std::optional<oci::RepositoryName>>> SqliteRepositoryAdmin::alias(
    oci::RepositoryName const& name) {
    if (!has_aliases()) co_return std::optional<oci::RepositoryName>();
    auto found = readers_.read([&](SqliteDb& db) { return read_alias(db, name); });
    if (found.has_value() && *found) alias_requests_.add();
    co_return found;
}

Task<Result<Slice<RepositoryAlias>>> SqliteRepositoryAdmin::aliases(Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_aliases(db, page); });
}

Task<Result<>> SqliteRepositoryAdmin::set_alias(oci::RepositoryName const& name,
                                                oci::RepositoryName const& target, Actor by, Time now) {
    // Nothing that is kept in memory is known under a name that is no repository.
    return writer_.run(ChangeScope::nothing(), [this, name, target, who = std::move(by), now](SqliteDb& db) {
        has_aliases_.store(true, std::memory_order_release);
        return meta::set_alias(db, name, target, who, now);
    });
}

Task<Result<>> SqliteRepositoryAdmin::remove_alias(oci::RepositoryName const& name, Actor by, Time now) {
    return writer_.run(ChangeScope::nothing(), [name, who = std::move(by), now](SqliteDb& db) {
        return meta::remove_alias(db, name, who, now);
    });
}

}  // namespace ocilot::meta
