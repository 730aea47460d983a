#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "meta/caller_counting.h"
#include "meta/store.h"

#include <memory>
#include <string>

namespace ocilot::meta {

/// The metadata in one SQLite database (write-ahead log, fsync at every commit): one writing thread with
/// group commit, readers on the threads that ask. Other programs may read the file while the registry runs,
/// if its owner lets them: it holds secrets, so it is made for its owner alone and never left open to
/// everybody.
class SqliteStore final : public MetaStore {
  public:
    /// Opens or creates the database file `path` in an existing directory, or with ":memory:" one that is
    /// gone at the end. `config` with what to do if that is impossible. `log` and `metrics` must outlive the
    /// store.
    static Result<std::unique_ptr<SqliteStore>> open(std::string path, Log const& log, Metrics& metrics,
                                                     CallerCounting counting = CallerCounting::as_it_was);
    /// Whether the process that used the database before did not close it: it was killed, or is still there.
    /// To be asked before `open`.
    [[nodiscard]] static bool was_left_open(std::string const& path);
    /// Commits what is queued. No Task of the store may be running any more.
    ~SqliteStore() override;

    [[nodiscard]] Catalog& catalog() noexcept override;
    [[nodiscard]] Links& links() noexcept override;
    [[nodiscard]] Uploads& uploads() noexcept override;
    [[nodiscard]] Audit& audit() noexcept override;
    [[nodiscard]] ScrubFacts& scrub() noexcept override;
    [[nodiscard]] Accounts& accounts() noexcept override;
    [[nodiscard]] Tokens& tokens() noexcept override;
    [[nodiscard]] Keys& keys() noexcept override;
    [[nodiscard]] Journal& journal() noexcept override;
    [[nodiscard]] Leases& leases() noexcept override;
    [[nodiscard]] JobPlaces& places() noexcept override;
    [[nodiscard]] Collection& collection() noexcept override;
    [[nodiscard]] Retention& retention() noexcept override;
    [[nodiscard]] RetentionPolicies& retention_policies() noexcept override;
    [[nodiscard]] Pulls& pulls() noexcept override;
    [[nodiscard]] Consumers& consumers() noexcept override;
    Task<Result<>> check() override;

  private:
    struct Parts;
    explicit SqliteStore(std::unique_ptr<Parts> parts) noexcept;

    std::unique_ptr<Parts> parts_;
};

}  // namespace ocilot::meta
