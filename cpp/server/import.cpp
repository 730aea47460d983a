#include "server/import.h"

#include "base/random.h"
#include "blob/filesystem.h"
#include "meta/sqlite_store.h"
#include "server/run_now.h"

#include <filesystem>
#include <unistd.h>

namespace ocilot::server {

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
    return run_now(jobs::import_distribution(directory, *blobs, *meta, {}, watcher));
}

}  // namespace ocilot::server
