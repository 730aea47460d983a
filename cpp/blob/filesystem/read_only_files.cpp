#include "blob/filesystem/read_only_files.h"

#include <cerrno>
#include <fcntl.h>

namespace ocilot::blob {

int ReadOnlyFiles::open(int at, char const* path, int flags, mode_t mode) {
    bool const reads = (flags & O_ACCMODE) == O_RDONLY && (flags & (O_CREAT | O_TRUNC)) == 0;
    return reads ? system_.open(at, path, flags, mode) : -EROFS;
}

std::int64_t ReadOnlyFiles::read(int fd, std::span<std::byte> out, std::uint64_t offset, Wait wait) {
    return system_.read(fd, out, offset, wait);
}

std::int64_t ReadOnlyFiles::write(int, std::span<std::byte const>, std::uint64_t) {
    return -EROFS;
}

std::int64_t ReadOnlyFiles::size(int at, char const* path) {
    return system_.size(at, path);
}

void ReadOnlyFiles::write_back(int, std::uint64_t, std::uint64_t) noexcept {}

int ReadOnlyFiles::truncate(int, std::uint64_t) {
    return -EROFS;
}

int ReadOnlyFiles::sync(int, Sync) {
    return -EROFS;
}

int ReadOnlyFiles::link(int, int, char const*) {
    return -EROFS;
}

int ReadOnlyFiles::rename(int, char const*, int, char const*) {
    return -EROFS;
}

int ReadOnlyFiles::unlink(int, char const*, int) {
    return -EROFS;
}

int ReadOnlyFiles::mkdir(int, char const*, mode_t) {
    return -EROFS;
}

int ReadOnlyFiles::list(int at, char const* path, std::vector<std::string>& names) {
    return system_.list(at, path, names);
}

}  // namespace ocilot::blob
