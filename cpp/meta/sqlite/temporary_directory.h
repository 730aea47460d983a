#pragma once

#include "base/result.h"

#include <filesystem>
#include <utility>

namespace ocilot::meta {

/// A new, private directory, removed with all its files at the end of its life.
class TemporaryDirectory {
  public:
    /// Under $TMPDIR, else /tmp.
    static Result<TemporaryDirectory> make();
    TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
    ~TemporaryDirectory();

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

  private:
    explicit TemporaryDirectory(std::filesystem::path path) noexcept : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace ocilot::meta
