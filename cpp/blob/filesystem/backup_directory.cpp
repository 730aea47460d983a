#include "blob/filesystem/backup_directory.h"

#include "blob/filesystem/modes.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>

namespace ocilot::blob {

namespace {

namespace fs = std::filesystem;

constexpr auto const* home_name = "ocilot";
constexpr auto const* mark_name = "backup";
/// Beside blobs, the metadata is there, with password hashes and keys.
constexpr mode_t private_directory_mode = 0700;

Error cannot_use(fs::path const& directory, int errno_value) {
    auto failure = system_error(errno_value, fmt::format("cannot use directory {}", directory.string()));
    failure.code = Errc::config;
    return failure;
}

Result<fs::path> normalized(fs::path const& directory) {
    std::error_code problem;
    auto path = fs::absolute(directory, problem).lexically_normal();
    if (problem) return cannot_use(directory, problem.value());
    return path;
}

/// Whether there is nothing in it but what a new file system has, or it is not there.
Result<bool> is_unused(fs::path const& directory, Files& files) {
    std::vector<std::string> names;
    int const listed = files.list(AT_FDCWD, directory.c_str(), names);
    if (listed == -ENOENT) return true;
    if (listed < 0) return cannot_use(directory, -listed);
    std::erase(names, "lost+found");
    return names.empty();
}

Result<Fd> open_home(fs::path const& directory, Files& files) {
    auto const home = directory / home_name;
    int const opened = files.open(AT_FDCWD, home.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (opened < 0) return cannot_use(home, -opened);
    return Fd(opened);
}

/// Makes the directory with its mark, before anything else is in it.
Result<> make_marked(fs::path const& directory, Files& files, mode_t mode) {
    std::error_code problem;
    fs::create_directories(directory.parent_path(), problem);
    if (problem) return cannot_use(directory.parent_path(), problem.value());
    for (auto const& [path, permissions] :
         {std::pair(directory, mode), std::pair(directory / home_name, directory_mode)}) {
        int const made = files.mkdir(AT_FDCWD, path.c_str(), permissions);
        if (made < 0 && made != -EEXIST) return cannot_use(path, -made);
    }
    TRY(auto const home, open_home(directory, files));
    int const opened = files.open(home.get(), mark_name, O_WRONLY | O_CREAT | O_EXCL, file_mode);
    if (opened < 0) return cannot_use(directory, -opened);
    Fd const mark(opened);
    int synced = files.sync(mark.get(), Sync::data);
    if (synced == 0) synced = files.sync(home.get(), Sync::entries);
    if (synced < 0) return cannot_use(directory, -synced);
    return {};
}

/// `cp -al` makes a second name of the lock, so that a backup would lock its copies, too.
Result<> separate_lock(fs::path const& directory, Files& files) {
    auto const lock = directory / home_name / "lock";
    struct stat found{};
    if (::stat(lock.c_str(), &found) != 0 || found.st_nlink == 1) return {};
    int const removed = files.unlink(AT_FDCWD, lock.c_str(), 0);
    if (removed < 0 && removed != -ENOENT) return cannot_use(lock, -removed);
    return {};
}

Error no_backup(fs::path const& directory) {
    return {Errc::config, fmt::format("{} is not a backup: use a directory that `ocilot backup` has written",
                                      directory.string())};
}

}  // namespace

bool is_backup(fs::path const& directory) {
    std::error_code ignored;
    return fs::exists(directory / home_name / mark_name, ignored);
}

Error cannot_serve_backup(fs::path const& directory) {
    return {
        Errc::config,
        fmt::format("{} is a backup, or a restore that did not finish, and is not served: restore a backup "
                    "into a new directory with `ocilot restore-backup`",
                    directory.string())};
}

Result<DataDirectory> open_backup(fs::path const& directory, Files& files) {
    TRY(auto const path, normalized(directory));
    if (!is_backup(path)) {
        TRY(bool const unused, is_unused(path, files));
        if (!unused) {
            return Error{Errc::config, fmt::format("{} is not empty and not a backup: choose a new or empty "
                                                   "directory",
                                                   path.string())};
        }
        CHECK(make_marked(path, files, private_directory_mode));
    }
    CHECK(separate_lock(path, files));
    return DataDirectory::open(path, files);
}

Result<DataDirectory> open_backup_for_reading(fs::path const& directory, Files& files) {
    TRY(auto const path, normalized(directory));
    if (!is_backup(path)) return no_backup(path);
    TRY(auto found, DataDirectory::open_for_reading(path, files));
    int const opened = files.open(AT_FDCWD, (path / home_name / "lock").c_str(), O_RDONLY, 0);
    if (opened == -ENOENT) return found;  // A copy of a backup: nothing can be adding to it.
    if (opened < 0) return cannot_use(path, -opened);
    found.lock = Fd(opened);
    if (::flock(found.lock.get(), LOCK_SH | LOCK_NB) == 0) return found;
    if (errno != EWOULDBLOCK) return cannot_use(path, errno);
    return Error{Errc::config,
                 fmt::format("`ocilot backup` is writing to {}: wait for its end", path.string())};
}

Result<DataDirectory> open_for_restore(fs::path const& root, Files& files) {
    TRY(auto const path, normalized(root));
    TRY(bool const unused, is_unused(path, files));
    if (!unused) {
        return Error{Errc::config, fmt::format("{} is not empty: restore into a new or empty directory, or "
                                               "move this one away first",
                                               path.string())};
    }
    CHECK(make_marked(path, files, directory_mode));
    return DataDirectory::open(path, files);
}

Result<> end_restore(DataDirectory const& directory, Files& files) {
    TRY(auto const home, open_home(directory.root, files));
    int problem = files.unlink(home.get(), mark_name, 0);
    if (problem == 0) problem = files.sync(home.get(), Sync::entries);
    if (problem < 0) return cannot_use(directory.root, -problem);
    return {};
}

Result<> replace_file(DataDirectory const& directory, Files& files, char const* from, char const* to) {
    TRY(auto const home, open_home(directory.root, files));
    int problem = files.rename(home.get(), from, home.get(), to);
    if (problem == 0) problem = files.sync(home.get(), Sync::entries);
    if (problem < 0) {
        return system_error(-problem,
                            fmt::format("cannot write {}", (directory.root / home_name / to).string()));
    }
    return {};
}

}  // namespace ocilot::blob
