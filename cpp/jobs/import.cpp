#include "jobs/import.h"

#include "base/task_group.h"
#include "jobs/import_repository.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace ocilot::jobs {

namespace {

/// Repositories at work at once: what they write waits together for one fsync.
constexpr std::size_t at_once = 32;

/// The repositories that are left, and how it went.
struct Work {
    std::vector<oci::RepositoryName> names;
    std::size_t next = 0;
    Result<> outcome = {};
};

/// Until no repository is left, or one has failed.
Task<> take_over(ImportContext& all, Work& work) {
    while (work.next < work.names.size() && work.outcome.has_value()) {
        RepositoryImport one(all, work.names[work.next++]);
        auto done = co_await one.run();
        if (done.has_error() && work.outcome.has_value()) work.outcome = std::move(done);
    }
}

/// One entry of today: those of the pushes have the times of the pushes.
Task<Result<>> note(ImportContext& all, Time now) {
    std::vector<meta::Change> changes{{.at = now, .kind = meta::ChangeKind::registry_import, .by = all.by}};
    changes[0].details.counts = {{"repositories", all.counts.repositories},
                                 {"manifests", all.counts.manifests},
                                 {"tags", all.counts.tags},
                                 {"left behind", all.counts.skipped}};
    co_return co_await all.meta.journal().append(std::move(changes));
}

}  // namespace

Error nothing_to_import(std::filesystem::path const& root) {
    return {
        Errc::config,
        fmt::format("no repositories of distribution found in {}; use the rootdirectory of its configuration",
                    root.string())};
}

Task<Result<ImportCounts>> import_distribution(std::filesystem::path const& root, blob::BlobStore& blobs,
                                               meta::MetaStore& meta, Clock const& clock, ImportLimits limits,
                                               ImportWatcher& watcher) {
    ImportContext* told = nullptr;
    DistributionTree const tree(root, [&](auto const& repository, auto const& subject, auto const& why) {
        told->skip(repository, subject, why);
    });
    if (!tree.exists()) co_return nothing_to_import(root);
    ImportContext all{tree, blobs, meta, limits, watcher, {.name = "adopt", .kind = "local", .address = {}}};
    told = &all;
    Work work;
    CO_TRY(work.names, tree.repositories());
    TaskGroup workers(co_await asio::this_coro::executor);
    for (std::size_t i = 0; i < std::min(at_once, work.names.size()); ++i)
        workers.spawn(take_over(all, work));
    co_await workers.join();
    CO_CHECK(std::move(work.outcome));
    CO_CHECK(co_await note(all, clock.now()));
    co_return all.counts;
}

}  // namespace ocilot::jobs
