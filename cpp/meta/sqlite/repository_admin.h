#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "meta/repository_admin.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

#include <atomic>

namespace ocilot::meta {

/// The administration of repositories in SQLite.
class SqliteRepositoryAdmin final : public RepositoryAdmin {
  public:
    SqliteRepositoryAdmin(SqliteReaders& readers, SqliteWriter& writer, Log const& log, Metrics& metrics);

    Task<Result<Slice<RepositorySummary>>> list(std::string prefix, Page page) override;
    Task<Result<RepositoryRows>> sorted(RepositoryQuery query) override;
    Task<Result<std::size_t>> rank(std::vector<std::string> names) override;
    Task<Result<RepositorySummary>> find(oci::RepositoryName const& repository) override;
    Task<Result<TagRows>> tags(oci::RepositoryName const& repository, TagQuery query) override;
    Task<Result<RepositorySummary>> remove(oci::RepositoryName const& repository, Actor by,
                                           Time now) override;
    Task<Result<RepositorySummary>> rename(RepositoryRename what, Actor by, Time now) override;
    [[nodiscard]] bool has_aliases() const noexcept override {
        return has_aliases_.load(std::memory_order_acquire);
    }
    Task<Result<std::optional<oci::RepositoryName>>> alias(oci::RepositoryName const& name) override;
    Task<Result<Slice<RepositoryAlias>>> aliases(Page page) override;
    Task<Result<>> set_alias(oci::RepositoryName const& name, oci::RepositoryName const& target, Actor by,
                             Time now) override;
    Task<Result<>> remove_alias(oci::RepositoryName const& name, Actor by, Time now) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
    Log const& log_;
    Counter& removed_;
    Counter& renamed_;
    Counter& alias_requests_;
    std::atomic<bool> has_aliases_;  // One process writes. Stays once it is set, until the next start.
};

}  // namespace ocilot::meta
