#include "blob/filesystem/data_directory.h"

#include "base/errno_advice.h"
#include "blob/filesystem/modes.h"
#include "blob/filesystem/mounted_at.h"
#include "oci/digest.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ocilot::blob {

namespace {

/// What failed while the directory was opened.
enum class Step : std::uint8_t { write, sync, lock };

/// File systems that do not have a call answer one of these.
bool is_unsupported(int errno_value) noexcept {
    return errno_value == EINVAL || errno_value == EOPNOTSUPP || errno_value == ENOSYS ||
           errno_value == ENOTTY;
}

/// The file system lacks what the registry needs to keep its promises.
Error unsuitable(std::filesystem::path const& root, std::string_view lack, std::string_view advice) {
    return {Errc::config,
            fmt::format("data directory {} is on a {} that {}; {} or choose a directory on a local "
                        "file system, such as ext4 or xfs, with --root",
                        root.string(), mounted_at(root), lack, advice)};
}

Error unusable(std::filesystem::path const& root, int errno_value, Step step = Step::write) {
    if (step == Step::sync && is_unsupported(errno_value)) {
        return unsuitable(root, "cannot sync directories, so that a power cut could lose acknowledged pushes",
                          "mount it with support for that,");
    }
    if (step == Step::lock && (is_unsupported(errno_value) || errno_value == ENOLCK)) {
        return unsuitable(root, "grants no file locks, so that two registries could write to it",
                          "start the lock service of its server, mount it without nolock,");
    }
    auto reason = std::generic_category().message(errno_value);
    if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
    bool const forbidden = errno_value == EACCES || errno_value == EPERM;
    std::string advice(forbidden ? "give the user running ocilot write access" : errno_advice(errno_value));
    if (!advice.empty()) advice += " or ";
    return {Errc::config, fmt::format("cannot write to data directory {}: {}; {}choose another with --root",
                                      root.string(), reason, advice)};
}

Error unreadable(std::filesystem::path const& root, int errno_value) {
    if (errno_value == ENOENT || errno_value == ENOTDIR) {
        return {Errc::config,
                fmt::format(
                    "{} is not a data directory of ocilot: use the one that `ocilot serve` was started with",
                    root.string())};
    }
    return {Errc::config,
            fmt::format("cannot read data directory {}: {}; run this as the user running ocilot",
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

/// config if another user than root and the one that runs this can change what is in it, or replace it.
Result<> check_owner(struct stat const& found, std::string const& path) {
    if (found.st_uid != ::geteuid() && found.st_uid != 0) {
        return Error{Errc::config,
                     fmt::format("{0} belongs to another user (uid {1}), who could change what the registry "
                                 "stores: run `chown -R {2} {0}`, or run ocilot as that user",
                                 path, found.st_uid, ::geteuid())};
    }
    if (!S_ISLNK(found.st_mode) && (found.st_mode & S_IWOTH) != 0) {
        return Error{Errc::config,
                     fmt::format("{0} is writable by every user, who could change what the registry "
                                 "stores: run `chmod o-w {0}`",
                                 path)};
    }
    return {};
}

/// Opens a directory that is there. A symbolic link is followed if it and its target pass check_owner.
Result<Fd> open_checked(Files& files, std::filesystem::path const& root, int parent, char const* name,
                        std::string const& path) {
    constexpr int flags = O_RDONLY | O_DIRECTORY;
    struct stat found{};
    int opened = files.open(parent, name, flags | O_NOFOLLOW, 0);
    if (opened == -ENOTDIR || opened == -ELOOP) {
        if (::fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return unusable(root, errno);
        if (!S_ISLNK(found.st_mode)) return unusable(root, -opened);
        CHECK(check_owner(found, path));
        opened = files.open(parent, name, flags, 0);
    }
    if (opened < 0) return unusable(root, -opened);
    Fd directory(opened);
    if (::fstat(directory.get(), &found) != 0) return unusable(root, errno);
    CHECK(check_owner(found, path));
    return directory;
}

/// A directory of the tree, and its path for messages.
struct Level {
    Fd fd;
    std::string path;
};

/// Opens the directory `name` in `parent`, making it if need be. A directory that is there is synced as well:
/// who made it may have died before it was.
Result<Level> enter(Files& files, std::filesystem::path const& root, Level const& parent, char const* name) {
    int const made = files.mkdir(parent.fd.get(), name, directory_mode);
    if (made < 0 && made != -EEXIST) return unusable(root, -made);
    if (int const synced = files.sync(parent.fd.get(), Sync::entries); synced < 0) {
        return unusable(root, -synced, Step::sync);
    }
    auto path = parent.path + "/" + name;
    TRY(Fd opened, open_checked(files, root, parent.fd.get(), name, path));
    return Level{std::move(opened), std::move(path)};
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
    int const opened = files.open(home, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, file_mode);
    if (opened < 0) return unusable(root, -opened);
    Fd file(opened);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return unusable(root, errno, Step::lock);
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
    if (int const error = make_path(files, made.root); error < 0) {
        return unusable(made.root, -error, is_unsupported(-error) ? Step::sync : Step::write);
    }
    TRY(Fd opened, open_checked(files, made.root, AT_FDCWD, made.root.c_str(), made.root.string()));
    Level const top{std::move(opened), made.root == "/" ? std::string() : made.root.string()};
    auto const step_into = [&](Level const& parent, char const* name) {
        return enter(files, made.root, parent, name);
    };

    TRY(Level const home, step_into(top, "ocilot"));
    TRY(made.lock, take_lock(files, made.root, home.fd.get()));
    TRY(Level uploads, step_into(home, "uploads"));
    TRY(Level quarantine, step_into(home, "quarantine"));
    TRY(Level const docker, step_into(top, "docker"));
    TRY(Level const registry, step_into(docker, "registry"));
    TRY(Level const version, step_into(registry, "v2"));
    TRY(Level blobs, step_into(version, "blobs"));
    for (auto const algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
        std::string const name(to_string(algorithm));
        TRY(Level const directory, step_into(blobs, name.c_str()));
        // Another user's blobs can be listed and not written: say so now, not at the first push.
        if (::faccessat(blobs.fd.get(), name.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
            return unusable(made.root, errno);
        }
    }
    made.uploads = std::move(uploads.fd);
    made.quarantine = std::move(quarantine.fd);
    made.blobs = std::move(blobs.fd);
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

std::string readable_by_others(std::filesystem::path const& root) {
    auto path = root;
    for (auto const* const name : {"", "docker", "registry", "v2", "blobs"}) {
        if (*name != '\0') path /= name;
        struct stat found{};
        constexpr mode_t needed = S_IROTH | S_IXOTH;
        if (::stat(path.c_str(), &found) != 0 || (found.st_mode & needed) != needed) return {};
    }
    return (root / "docker").string();
}

}  // namespace ocilot::blob
