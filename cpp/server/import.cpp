#include "server/import.h"

#include "base/random.h"
#include "blob/filesystem/store.h"
#include "meta/sqlite/store.h"
#include "server/sync_wait.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace ocilot::server {

namespace {

/// Says that an import has come to its end, and when.
std::filesystem::path imported(std::filesystem::path const& root) {
    return root / "ocilot" / "imported";
}

}  // namespace

bool has_distribution_tree(std::string const& root) {
    return jobs::DistributionTree(root, {}).exists();
}

bool awaits_import(std::string const& root) {
    std::error_code failure;
    return has_distribution_tree(root) && !std::filesystem::exists(imported(root), failure);
}

Result<jobs::ImportCounts> import_data_directory(std::string const& root, jobs::ImportWatcher& watcher) {
    std::filesystem::path const directory(root);
    // Before anything is made in a directory that was given by mistake.
    if (!jobs::DistributionTree(directory, {}).exists()) return jobs::nothing_to_import(directory);
    BlockingPool pool(1);
    SystemRandom random;
    SystemClock const clock;
    FdSink sink(STDERR_FILENO);
    Log const log(sink, clock, LogFormat::text, LogLevel::warn);
    Metrics metrics;
    TRY(auto const blobs, blob::FilesystemStore::open(directory, pool, random));
    TRY(auto const meta,
        meta::SqliteStore::open((directory / "ocilot" / "meta.sqlite").string(), log, metrics));
    TRY(auto const counts,
        sync_wait(jobs::import_distribution(directory, *blobs, *meta, clock, {}, watcher)));
    std::ofstream(imported(directory)) << rfc3339(clock.now()) << '\n';
    std::error_code ignored;  // It says when, and no secret.
    std::filesystem::permissions(imported(directory), std::filesystem::perms::others_all,
                                 std::filesystem::perm_options::remove, ignored);
    return counts;
}

}  // namespace ocilot::server
