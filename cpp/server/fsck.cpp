#include "server/fsck.h"

#include "base/random.h"
#include "blob/filesystem.h"
#include "meta/sqlite_audit_file.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <filesystem>
#include <utility>

namespace ocilot::server {

Result<jobs::FsckCounts> check_data_directory(std::string const& root, bool hash,
                                              jobs::FsckWatcher& watcher) {
    BlockingPool pool(1);
    SystemRandom random;
    std::filesystem::path const directory(root);
    TRY(auto const blobs, blob::FilesystemStore::open_for_reading(directory, pool, random));
    TRY(auto const meta, meta::SqliteAuditFile::open((directory / "ocilot" / "meta.sqlite").string()));
    asio::io_context context(1);
    Result<jobs::FsckCounts> answer = jobs::FsckCounts{};
    asio::co_spawn(context.get_executor(), jobs::fsck(*blobs, meta->audit(), hash, watcher),
                   [&](std::exception_ptr problem, Result<jobs::FsckCounts> counts) {
                       if (problem) std::rethrow_exception(problem);
                       answer = std::move(counts);
                   });
    context.run();
    return answer;
}

}  // namespace ocilot::server
