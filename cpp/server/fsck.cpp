#include "server/fsck.h"

#include "base/random.h"
#include "blob/filesystem/store.h"
#include "meta/sqlite/audit_file.h"
#include "server/sync_wait.h"

#include <filesystem>

namespace ocilot::server {

Result<jobs::FsckCounts> check_data_directory(std::string const& root, bool hash,
                                              jobs::FsckWatcher& watcher) {
    BlockingPool pool(1);
    SystemRandom random;
    std::filesystem::path const directory(root);
    TRY(auto const blobs, blob::FilesystemStore::open_for_reading(directory, pool, random));
    TRY(auto const meta, meta::SqliteAuditFile::open((directory / "ocilot" / "meta.sqlite").string()));
    return sync_wait(jobs::fsck(*blobs, meta->audit(), hash, watcher));
}

}  // namespace ocilot::server
