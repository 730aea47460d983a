#pragma once

#include "blob/filesystem/files.h"
#include "blob/power_cut.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::test {

/// A real directory whose changes are written down, so that a PowerCut can be played at each of them, and
/// whose calls can be made to fail. Outlived by its Record.
class FaultyDisk final : public blob::Files {
  public:
    /// What has happened, and what shall happen. Before a call runs, `before` is told its number.
    struct Record {
        std::vector<DiskStep> steps = {};
        std::size_t calls = 0;
        std::function<void(std::size_t call)> before = [](std::size_t) {};
        int error = 0;  ///< -errno of the calls from `first_failing` to `last_failing`; 0: none
        std::size_t first_failing = 0;
        std::size_t last_failing = 0;
        std::size_t most = SIZE_MAX;  ///< most bytes one write moves
        bool nameless = true;         ///< whether there are files without a name
        std::mutex mutex = {};
    };

    FaultyDisk(std::string root, Record& record) : root_(std::move(root)), record_(record) {}

    int open(int at, char const* path, int flags, mode_t mode) override {
        bool const nameless = (flags & O_TMPFILE) == O_TMPFILE;
        if (nameless && !record_.nameless) return -EOPNOTSUPP;
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        int const fd = real_.open(at, path, flags, mode);
        if (fd < 0) return fd;
        auto const place = find(at, path);
        if (nameless) {
            nodes_[fd] = make(false);
        } else if (place.node < 0) {
            nodes_[fd] = make(false);
            name(place, nodes_[fd]);
        } else {
            nodes_[fd] = place.node;
        }
        return fd;
    }
    std::int64_t read(int fd, std::span<std::byte> out, std::uint64_t offset, blob::Wait wait) override {
        int const error = enter();
        return error < 0 ? error : real_.read(fd, out, offset, wait);
    }
    std::int64_t write(int fd, std::span<std::byte const> bytes, std::uint64_t offset) override {
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        auto const part = bytes.first(std::min(bytes.size(), record_.most));
        auto const n = real_.write(fd, part, offset);
        if (n > 0) {
            std::string text(reinterpret_cast<char const*>(part.data()), static_cast<std::size_t>(n));
            note({.kind = DiskStep::Kind::write, .node = nodes_[fd], .text = text, .offset = offset});
        }
        return n;
    }
    std::int64_t size(int at, char const* path) override {
        int const error = enter();
        return error < 0 ? error : real_.size(at, path);
    }
    void write_back(int, std::uint64_t, std::uint64_t) noexcept override {}
    int truncate(int fd, std::uint64_t size) override {
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        int const done = real_.truncate(fd, size);
        if (done == 0) note({.kind = DiskStep::Kind::truncate, .node = nodes_[fd], .offset = size});
        return done;
    }
    int sync(int fd, blob::Sync) override {
        int const error = enter();
        std::lock_guard const lock(record_.mutex);
        auto const kind = error < 0 ? DiskStep::Kind::fail_sync : DiskStep::Kind::sync;
        note({.kind = kind, .node = nodes_[fd]});
        return error;
    }
    int link(int fd, int at, char const* path) override {
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        int const done = real_.link(fd, at, path);
        if (done == 0) name(find(at, path), nodes_[fd]);
        return done;
    }
    int rename(int from_at, char const* from, int to_at, char const* to) override {
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        int const done = real_.rename(from_at, from, to_at, to);
        if (done < 0) return done;
        auto const moved = find(from_at, from);
        name(find(to_at, to), moved.node);
        unname(moved);
        return 0;
    }
    int unlink(int at, char const* path, int flags) override {
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        int const done = real_.unlink(at, path, flags);
        if (done == 0) unname(find(at, path));
        return done;
    }
    int mkdir(int at, char const* path, mode_t mode) override {
        if (int const error = enter(); error < 0) return error;
        std::lock_guard const lock(record_.mutex);
        int const done = real_.mkdir(at, path, mode);
        if (done == 0) name(find(at, path), make(true));
        return done;
    }
    int list(int at, char const* path, std::vector<std::string>& names) override {
        int const error = enter();
        return error < 0 ? error : real_.list(at, path, names);
    }

  private:
    /// A name in a directory, and what has it: -1 if nothing has.
    struct Place {
        int directory = 0;
        std::string name = {};
        int node = 0;
    };

    int enter() {
        std::unique_lock lock(record_.mutex);
        auto const call = record_.calls++;
        lock.unlock();
        record_.before(call);
        lock.lock();
        bool const fails = call >= record_.first_failing && call <= record_.last_failing;
        return fails ? record_.error : 0;
    }

    Place find(int at, std::string_view path) {
        if (at == AT_FDCWD) path.remove_prefix(root_.size());
        Place place{.node = at == AT_FDCWD ? 0 : nodes_.at(at)};
        while (!path.empty()) {
            auto const part = path.substr(0, path.find('/'));
            path.remove_prefix(std::min(path.size(), part.size() + 1));
            if (part.empty() || part == ".") continue;
            place = {place.node, std::string(part), -1};
            auto const found = names_.find({place.directory, place.name});
            if (found != names_.end()) place.node = found->second;
        }
        return place;
    }

    int make(bool is_directory) {
        note({.kind = DiskStep::Kind::make, .node = ++made_, .is_directory = is_directory});
        return made_;
    }
    void name(Place const& place, int node) {
        names_[{place.directory, place.name}] = node;
        note({.kind = DiskStep::Kind::enter, .node = place.directory, .text = place.name, .entry = node});
    }
    void unname(Place const& place) {
        names_.erase({place.directory, place.name});
        note({.kind = DiskStep::Kind::leave, .node = place.directory, .text = place.name});
    }
    void note(DiskStep step) { record_.steps.push_back(std::move(step)); }

    blob::SystemFiles real_;
    std::string root_;
    Record& record_;
    int made_ = 0;
    std::map<int, int> nodes_;                          // By descriptor.
    std::map<std::pair<int, std::string>, int> names_;  // By directory and name.
};

}  // namespace ocilot::test
