#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ocilot::blob {

/// Whether a read may wait for the disk; if not, it answers -EAGAIN for bytes that are not in memory.
enum class Wait : bool { no, yes };

/// What is waited for: a file's bytes and size (fdatasync), or a directory's entries (fsync).
enum class Sync : std::uint8_t { data, entries };

/// The system calls under the file-system store, one a method: a test puts a disk that fails here.
/// Each answers as the kernel does: a value >= 0, or -errno. `at` is the directory (or AT_FDCWD) that a
/// relative `path` starts from. Only read and write may do less than asked or answer -EINTR. Thread-safe.
class Files {
  public:
    virtual ~Files() = default;
    /// A new descriptor; O_CLOEXEC is always added.
    virtual int open(int at, char const* path, int flags, mode_t mode) = 0;
    /// Bytes read at `offset`, 0 at the end.
    virtual std::int64_t read(int fd, std::span<std::byte> out, std::uint64_t offset, Wait wait) = 0;
    /// Bytes written at `offset`.
    virtual std::int64_t write(int fd, std::span<std::byte const> bytes, std::uint64_t offset) = 0;
    /// Size in bytes of a file; of `at` itself if `path` is empty.
    virtual std::int64_t size(int at, char const* path) = 0;
    /// Starts writing the range to disk without waiting. Advice: errors show in sync.
    virtual void write_back(int fd, std::uint64_t offset, std::uint64_t length) noexcept = 0;
    /// Cuts a file off after `size` bytes.
    virtual int truncate(int fd, std::uint64_t size) = 0;
    /// Waits until it is on disk.
    virtual int sync(int fd, Sync what) = 0;
    /// Gives the open file a (further) name; -EEXIST if it is taken. For files opened with O_TMPFILE.
    virtual int link(int fd, int at, char const* path) = 0;
    /// Moves a file, replacing what has the name.
    virtual int rename(int from_at, char const* from, int to_at, char const* to) = 0;
    /// Removes a name; with AT_REMOVEDIR in `flags` an empty directory.
    virtual int unlink(int at, char const* path, int flags) = 0;
    virtual int mkdir(int at, char const* path, mode_t mode) = 0;
    /// Appends the names in a directory, without "." and "..", to `names`.
    virtual int list(int at, char const* path, std::vector<std::string>& names) = 0;
};

/// The kernel's.
class SystemFiles final : public Files {
  public:
    int open(int at, char const* path, int flags, mode_t mode) override;
    std::int64_t read(int fd, std::span<std::byte> out, std::uint64_t offset, Wait wait) override;
    std::int64_t write(int fd, std::span<std::byte const> bytes, std::uint64_t offset) override;
    std::int64_t size(int at, char const* path) override;
    void write_back(int fd, std::uint64_t offset, std::uint64_t length) noexcept override;
    int truncate(int fd, std::uint64_t size) override;
    int sync(int fd, Sync what) override;
    int link(int fd, int at, char const* path) override;
    int rename(int from_at, char const* from, int to_at, char const* to) override;
    int unlink(int at, char const* path, int flags) override;
    int mkdir(int at, char const* path, mode_t mode) override;
    int list(int at, char const* path, std::vector<std::string>& names) override;
};

/// What a sequence of writes came to: all of the bytes if `error` is 0, else those before -errno.
struct Written {
    std::size_t bytes = 0;
    int error = 0;
};

/// Writes all of `bytes` at `offset`, through short writes and interruptions.
[[nodiscard]] Written write_fully(Files& files, int fd, std::span<std::byte const> bytes,
                                  std::uint64_t offset);

/// Reads until `out` is full or the file ends; bytes read, or -errno.
[[nodiscard]] std::int64_t read_fully(Files& files, int fd, std::span<std::byte> out, std::uint64_t offset);

}  // namespace ocilot::blob
