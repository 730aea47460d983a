#pragma once

#include "blob/filesystem/files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace ocilot::test {

/// A place in memory where the system has one: for tests that need no real disk and would wait for it.
inline std::filesystem::path memory_directory() {
    std::filesystem::path const shared = "/dev/shm";
    return std::filesystem::is_directory(shared) ? shared : std::filesystem::temp_directory_path();
}

/// A directory of its own for one test.
class TempDir {
  public:
    explicit TempDir(std::filesystem::path const& parent = std::filesystem::temp_directory_path()) {
        auto name = (parent / "ocilot-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
        path = name;
    }
    ~TempDir() { std::filesystem::remove_all(path); }
    TempDir(TempDir const&) = delete;
    TempDir& operator=(TempDir const&) = delete;

    std::filesystem::path path;
};

/// The real file system, which can be made to fail, and tells what was asked of it in which order: one line
/// "<call> <path from the root>" a call, with "nameless" for a file opened with O_TMPFILE.
class TestDisk final : public blob::Files {
  public:
    explicit TestDisk(std::filesystem::path root) : root_(root.string()) {}

    /// -errno a call answers (by name: "write", "sync_data"...) until it is taken out again.
    std::map<std::string, int> failures = {};
    /// Bytes that can still be written before -ENOSPC.
    std::uint64_t space = UINT64_MAX;
    /// Most bytes one read or write moves; with less than all, every second call answers -EINTR.
    std::size_t most = SIZE_MAX;
    /// Whether no byte is in memory: a read that may not wait answers -EAGAIN, one that may warms the disk.
    std::atomic<bool> cold = false;
    /// Called before each call with its line.
    std::function<void(std::string const& line)> before = [](std::string const&) {};

    std::vector<std::string> log() {
        std::lock_guard const lock(mutex_);
        return log_;
    }
    void forget() {
        std::lock_guard const lock(mutex_);
        log_.clear();
    }

    int open(int at, char const* path, int flags, mode_t mode) override {
        bool const nameless = (flags & O_TMPFILE) == O_TMPFILE;
        auto const name = nameless ? "nameless" : name_of(at, path);
        if (int const problem = enter(nameless ? "open_nameless" : "open", name); problem < 0) return problem;
        int const fd = real_.open(at, path, flags, mode);
        std::lock_guard const lock(mutex_);
        if (fd >= 0) names_[fd] = name;
        return fd;
    }
    std::int64_t read(int fd, std::span<std::byte> out, std::uint64_t offset, blob::Wait wait) override {
        if (int const problem = enter("read", name_of(fd, "")); problem < 0) return problem;
        if (interrupted()) return -EINTR;
        if (cold && wait == blob::Wait::no) return -EAGAIN;
        cold = false;
        return real_.read(fd, out.first(std::min(out.size(), most)), offset, wait);
    }
    std::int64_t write(int fd, std::span<std::byte const> bytes, std::uint64_t offset) override {
        if (int const problem = enter("write", name_of(fd, "")); problem < 0) return problem;
        if (interrupted()) return -EINTR;
        if (space == 0) return -ENOSPC;
        auto const n = std::min({std::uint64_t{bytes.size()}, std::uint64_t{most}, space});
        auto const written = real_.write(fd, bytes.first(static_cast<std::size_t>(n)), offset);
        if (written > 0 && space != UINT64_MAX) space -= static_cast<std::uint64_t>(written);
        return written;
    }
    std::int64_t size(int at, char const* path) override {
        if (int const problem = enter("size", name_of(at, path)); problem < 0) return problem;
        return real_.size(at, path);
    }
    void write_back(int fd, std::uint64_t offset, std::uint64_t length) noexcept override {
        enter("write_back", name_of(fd, ""));
        real_.write_back(fd, offset, length);
    }
    int truncate(int fd, std::uint64_t size) override {
        int const problem = enter("truncate", name_of(fd, ""));
        return problem < 0 ? problem : real_.truncate(fd, size);
    }
    int sync(int fd, blob::Sync what) override {
        int const problem = enter(what == blob::Sync::data ? "sync_data" : "sync", name_of(fd, ""));
        return problem < 0 ? problem : real_.sync(fd, what);
    }
    int link(int fd, int at, char const* path) override {
        int const problem = enter("link", name_of(at, path));
        return problem < 0 ? problem : real_.link(fd, at, path);
    }
    int rename(int from_at, char const* from, int to_at, char const* to) override {
        int const problem = enter("rename", name_of(to_at, to));
        return problem < 0 ? problem : real_.rename(from_at, from, to_at, to);
    }
    int unlink(int at, char const* path, int flags) override {
        int const problem = enter("unlink", name_of(at, path));
        return problem < 0 ? problem : real_.unlink(at, path, flags);
    }
    int mkdir(int at, char const* path, mode_t mode) override {
        int const problem = enter("mkdir", name_of(at, path));
        return problem < 0 ? problem : real_.mkdir(at, path, mode);
    }
    int list(int at, char const* path, std::vector<std::string>& names) override {
        int const problem = enter("list", name_of(at, path));
        return problem < 0 ? problem : real_.list(at, path, names);
    }

  private:
    int enter(std::string const& call, std::string const& name) {
        auto const line = call + " " + name;
        before(line);
        std::lock_guard const lock(mutex_);
        log_.push_back(line);
        auto const found = failures.find(call);
        return found == failures.end() ? 0 : found->second;
    }

    std::string name_of(int at, std::string const& path) {
        std::lock_guard const lock(mutex_);
        auto const full = at == AT_FDCWD ? path : path.empty() ? names_[at] : names_[at] + "/" + path;
        return at == AT_FDCWD && full.starts_with(root_ + "/") ? full.substr(root_.size() + 1)
               : at == AT_FDCWD && full == root_               ? ""
               : full.starts_with("/")                         ? full.substr(1)
                                                               : full;
    }

    bool interrupted() {
        std::lock_guard const lock(mutex_);
        interrupted_ = most != SIZE_MAX && !interrupted_;
        return interrupted_;
    }

    blob::SystemFiles real_;
    std::string root_;
    std::mutex mutex_;
    std::vector<std::string> log_;
    std::map<int, std::string> names_;
    bool interrupted_ = false;
};

}  // namespace ocilot::test
