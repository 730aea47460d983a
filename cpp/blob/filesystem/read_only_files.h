#pragma once

#include "blob/filesystem/files.h"

namespace ocilot::blob {

/// The kernel's files, to look at: whatever would change something answers -EROFS.
class ReadOnlyFiles final : public Files {
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

  private:
    SystemFiles system_;
};

}  // namespace ocilot::blob
