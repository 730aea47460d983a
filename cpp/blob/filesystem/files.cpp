#include "blob/filesystem/files.h"

#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace ocilot::blob {

namespace {

/// Answers of a call that is simply made again when a signal interrupts it.
template <class Call>
int answer(Call call) {
    for (;;) {
        int const value = call();
        if (value >= 0) return value;
        if (errno != EINTR) return -errno;
    }
}

std::int64_t answer_once(ssize_t value) {
    return value >= 0 ? static_cast<std::int64_t>(value) : -static_cast<std::int64_t>(errno);
}

}  // namespace

int SystemFiles::open(int at, char const* path, int flags, mode_t mode) {
    return answer([&] { return ::openat(at, path, flags | O_CLOEXEC, mode); });
}

std::int64_t SystemFiles::read(int fd, std::span<std::byte> out, std::uint64_t offset, Wait wait) {
    if (wait == Wait::no) {
        iovec const room{out.data(), out.size()};
        auto const got = ::preadv2(fd, &room, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        // File systems that cannot tell keep their bytes in memory, or far away; nothing is known of a wait.
        if (got >= 0 || errno != EOPNOTSUPP) return answer_once(got);
    }
    return answer_once(::pread(fd, out.data(), out.size(), static_cast<off_t>(offset)));
}

std::int64_t SystemFiles::write(int fd, std::span<std::byte const> bytes, std::uint64_t offset) {
    return answer_once(::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)));
}

std::int64_t SystemFiles::size(int at, char const* path) {
    struct stat facts{};
    int const result = answer([&] { return ::fstatat(at, path, &facts, AT_EMPTY_PATH); });
    return result < 0 ? result : static_cast<std::int64_t>(facts.st_size);
}

void SystemFiles::write_back(int fd, std::uint64_t offset, std::uint64_t length) noexcept {
    ::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
}

int SystemFiles::truncate(int fd, std::uint64_t size) {
    return answer([&] { return ::ftruncate(fd, static_cast<off_t>(size)); });
}

int SystemFiles::sync(int fd, Sync what) {
    return answer([&] { return what == Sync::data ? ::fdatasync(fd) : ::fsync(fd); });
}

int SystemFiles::link(int fd, int at, char const* path) {
    // By way of /proc: AT_EMPTY_PATH wants a capability.
    auto const from = fmt::format("/proc/self/fd/{}", fd);
    return answer([&] { return ::linkat(AT_FDCWD, from.c_str(), at, path, AT_SYMLINK_FOLLOW); });
}

int SystemFiles::rename(int from_at, char const* from, int to_at, char const* to) {
    return answer([&] { return ::renameat(from_at, from, to_at, to); });
}

int SystemFiles::unlink(int at, char const* path, int flags) {
    return answer([&] { return ::unlinkat(at, path, flags); });
}

int SystemFiles::mkdir(int at, char const* path, mode_t mode) {
    return answer([&] { return ::mkdirat(at, path, mode); });
}

int SystemFiles::list(int at, char const* path, std::vector<std::string>& names) {
    int const fd = open(at, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    std::unique_ptr<DIR, int (*)(DIR*)> const directory(::fdopendir(fd), ::closedir);
    if (!directory) {
        int const error = -errno;
        ::close(fd);
        return error;
    }
    for (;;) {
        errno = 0;
        auto const* const entry = ::readdir(directory.get());
        if (entry == nullptr) return -errno;
        std::string_view const name(entry->d_name);
        if (name != "." && name != "..") names.emplace_back(name);
    }
}

Written write_fully(Files& files, int fd, std::span<std::byte const> bytes, std::uint64_t offset) {
    Written done;
    while (done.bytes < bytes.size()) {
        auto const n = files.write(fd, bytes.subspan(done.bytes), offset + done.bytes);
        if (n == -EINTR) continue;
        // A disk that takes nothing and says nothing is broken; asking again would never end.
        if (n <= 0) {
            done.error = n < 0 ? static_cast<int>(n) : -EIO;
            break;
        }
        done.bytes += static_cast<std::size_t>(n);
    }
    return done;
}

std::int64_t read_fully(Files& files, int fd, std::span<std::byte> out, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < out.size()) {
        auto const n = files.read(fd, out.subspan(done), offset + done, Wait::yes);
        if (n == -EINTR) continue;
        if (n < 0) return n;
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<std::int64_t>(done);
}

}  // namespace ocilot::blob
