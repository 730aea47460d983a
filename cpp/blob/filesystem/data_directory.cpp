#include "blob/filesystem/data_directory.h"

#include "oci/digest.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace ocilot::blob {

namespace {

constexpr mode_t directory_mode = 0755;
constexpr mode_t file_mode = 0644;

Error unusable(std::filesystem::path const& root, int errno_value) {
    auto reason = std::generic_category().message(errno_value);
    if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
    auto const* advice = "";
    switch (errno_value) {
        case EACCES:
        case EPERM:
        case EROFS:
            advice = "give the user running ocilot write access or ";
            break;
        case ENOSPC:
        case EDQUOT:
            advice = "free some space or ";
            break;
        default:
            break;
    }
    return {Errc::config, fmt::format("cannot write to data directory {}: {}; {}choose another with --root",
                                      root.string(), reason, advice)};
}

Error unreadable(std::filesystem::path const& root, int errno_value) {
    if (errno_value == ENOENT || errno_value == ENOTDIR) {
        return {Errc::config, fmt::format("{} is not a data directory of ocilot: name the one that "
                                          "`ocilot serve` was started with",
                                          root.string())};
    }
    return {Errc::config,
            fmt::format("cannot read data directory {}: {}; run this as the user that runs ocilot",
                        root.string(), std::generic_category().message(errno_value))};
}

/// 0 or -errno; a missing parent is made first, each new entry synced.
int make_path(Files& files, std::filesystem::path const& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return 0;
    auto const parent = path.parent_path();
    if (parent != path) {
        if (int const problem = make_path(files, parent); problem < 0) return problem;
    }
    int const made = files.mkdir(AT_FDCWD, path.c_str(), directory_mode);
    if (made == -EEXIST) return std::filesystem::is_directory(path, ignored) ? 0 : -ENOTDIR;
    if (made < 0) return made;
    int const opened = files.open(AT_FDCWD, parent.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (opened < 0) return opened;
    Fd const directory(opened);
    return files.sync(directory.get(), Sync::entries);
}

/// Opens the directory `name` in `parent`, making it if need be. A directory that is there is synced as well:
/// who made it may have died before it was.
Result<Fd> enter(Files& files, std::filesystem::path const& root, int parent, char const* name) {
    int const made = files.mkdir(parent, name, directory_mode);
    if (made < 0 && made != -EEXIST) return unusable(root, -made);
    if (int const synced = files.sync(parent, Sync::entries); synced < 0) return unusable(root, -synced);
    int const opened = files.open(parent, name, O_RDONLY | O_DIRECTORY, 0);
    if (opened < 0) return unusable(root, -opened);
    return Fd(opened);
}

/// The process that wrote the lock file, as " (process N)"; empty if it has not written yet.
std::string holder(Files& files, int fd) {
    std::array<std::byte, 32> bytes{};
    auto const n = read_fully(files, fd, bytes, 0);
    std::string digits;
    for (std::int64_t i = 0; i < n; ++i) {
        auto const c = static_cast<char>(bytes[static_cast<std::size_t>(i)]);
        if (c < '0' || c > '9') break;
        digits.push_back(c);
    }
    return digits.empty() ? std::string() : fmt::format(" (process {})", digits);
}

Result<Fd> take_lock(Files& files, std::filesystem::path const& root, int home) {
    int const opened = files.open(home, "lock", O_RDWR | O_CREAT, file_mode);
    if (opened < 0) return unusable(root, -opened);
    Fd file(opened);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return unusable(root, errno);
        return Error{Errc::config,
                     fmt::format("data directory {} is in use by another ocilot{}; stop it or choose "
                                 "another with --root",
                                 root.string(), holder(files, file.get()))};
    }
    auto const text = fmt::format("{}\n", ::getpid());
    // Only for the sentence above: a full disk does not spoil the lock.
    static_cast<void>(write_fully(files, file.get(), std::as_bytes(std::span(text)), 0));
    return file;
}

Result<> check_same_file_system(std::filesystem::path const& root, int blobs, int uploads) {
    struct stat left{};
    struct stat right{};
    if (::fstat(blobs, &left) != 0 || ::fstat(uploads, &right) != 0) return unusable(root, errno);
    if (left.st_dev == right.st_dev) return {};
    return Error{Errc::config,
                 fmt::format("{0}/docker/registry/v2/blobs and {0}/ocilot/uploads are on different "
                             "file systems and a file cannot move between them; mount one file "
                             "system at {0} or choose another data directory with --root",
                             root.string())};
}

}  // namespace

Result<DataDirectory> DataDirectory::open(std::filesystem::path const& root, Files& files) {
    std::error_code problem;
    DataDirectory made;
    made.root = std::filesystem::absolute(root, problem).lexically_normal();
    if (problem) return unusable(root, problem.value());
    if (int const error = make_path(files, made.root); error < 0) return unusable(made.root, -error);
    int const opened = files.open(AT_FDCWD, made.root.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (opened < 0) return unusable(made.root, -opened);
    Fd const top(opened);

    TRY(Fd const home, enter(files, made.root, top.get(), "ocilot"));
    TRY(made.lock, take_lock(files, made.root, home.get()));
    TRY(made.uploads, enter(files, made.root, home.get(), "uploads"));
    TRY(made.quarantine, enter(files, made.root, home.get(), "quarantine"));
    TRY(Fd const docker, enter(files, made.root, top.get(), "docker"));
    TRY(Fd const registry, enter(files, made.root, docker.get(), "registry"));
    TRY(Fd const version, enter(files, made.root, registry.get(), "v2"));
    TRY(made.blobs, enter(files, made.root, version.get(), "blobs"));
    for (auto const algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
        std::string const name(to_string(algorithm));
        TRY(Fd const directory, enter(files, made.root, made.blobs.get(), name.c_str()));
        // Another user's blobs can be listed and not written: say so now, not at the first push.
        if (::faccessat(made.blobs.get(), name.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
            return unusable(made.root, errno);
        }
    }
    CHECK(check_same_file_system(made.root, made.blobs.get(), made.uploads.get()));
    return made;
}

Result<DataDirectory> DataDirectory::open_for_reading(std::filesystem::path const& root, Files& files) {
    std::error_code problem;
    DataDirectory found;
    found.root = std::filesystem::absolute(root, problem).lexically_normal();
    if (problem) return unreadable(root, problem.value());
    auto const open = [&](char const* name) {
        return files.open(AT_FDCWD, (found.root / name).c_str(), O_RDONLY | O_DIRECTORY, 0);
    };
    int const blobs = open("docker/registry/v2/blobs");
    if (blobs < 0) return unreadable(found.root, -blobs);
    found.blobs = Fd(blobs);
    int const uploads = open("ocilot/uploads");
    if (uploads < 0) return unreadable(found.root, -uploads);
    found.uploads = Fd(uploads);
    return found;
}

}  // namespace ocilot::blob
