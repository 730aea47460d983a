#include "server/unknown_blobs.h"

#include "base/fd.h"
#include "blob/filesystem/files.h"
#include "server/import.h"
#include "server/sync_wait.h"

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <span>
#include <string_view>
#include <system_error>

namespace ocilot::server {

namespace {

constexpr std::string_view mark =
    "The metadata were made when these blobs were there already: they are kept.\n";

/// 0 once it is on disk, or -errno.
int write_through(std::filesystem::path const& file) {
    blob::SystemFiles files;
    int const created = files.open(AT_FDCWD, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0640);
    if (created < 0) return created;
    Fd const made(created);
    auto const written = files.write(made.get(), std::as_bytes(std::span(mark)), 0);
    if (written < 0) return static_cast<int>(written);
    if (int const synced = files.sync(made.get(), blob::Sync::data); synced < 0) return synced;
    for (auto const& directory : {file.parent_path(), file.parent_path().parent_path()}) {
        int const opened = files.open(AT_FDCWD, directory.c_str(), O_RDONLY | O_DIRECTORY, 0);
        if (opened < 0) return opened;
        Fd const entries(opened);
        if (int const synced = files.sync(entries.get(), blob::Sync::entries); synced < 0) return synced;
    }
    return 0;
}

/// Makes it where there are blobs, on disk before the metadata are: without it, they make garbage of them.
Result<> remember(std::filesystem::path const& file, blob::BlobUpkeep& blobs) {
    TRY(auto const first, sync_wait(blobs.list({}, 1)));
    if (first.digests.empty()) return {};
    std::error_code failure;
    std::filesystem::create_directories(file.parent_path(), failure);
    int const problem = write_through(file);
    if (problem == 0) return {};
    return Error{Errc::config,
                 fmt::format("cannot write {}: {}; the data directory has blobs and no metadata",
                             file.string(), std::generic_category().message(-problem))};
}

}  // namespace

Result<bool> owns_blobs(std::string const& root, std::string const& database, blob::BlobUpkeep& blobs,
                        Log const& log) {
    if (has_distribution_tree(root)) return false;
    auto const file = std::filesystem::path(root) / "ocilot" / "unknown-blobs";
    std::error_code failure;
    if (!std::filesystem::exists(database, failure)) {
        CHECK(remember(file, blobs));
    }
    if (!std::filesystem::exists(file, failure)) return true;
    log.warn(
        "the data directory has blobs that its metadata do not know; they are kept: restore the metadata "
        "from a backup, or remove the file to have these blobs collected",
        {{"file", std::string_view(file.native())}});
    return false;
}

}  // namespace ocilot::server
