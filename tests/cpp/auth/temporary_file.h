#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <unistd.h>

namespace ocilot::test {

/// A file in a directory of its own, which goes with it.
class TemporaryFile {
  public:
    TemporaryFile() {
        std::string name = testing::TempDir() + "ocilot-auth-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    ~TemporaryFile() { std::filesystem::remove_all(directory_); }
    TemporaryFile(TemporaryFile const&) = delete;
    TemporaryFile& operator=(TemporaryFile const&) = delete;

    [[nodiscard]] std::string path() const { return directory_ / "below" / "file"; }
    [[nodiscard]] std::string text() const {
        std::ifstream file(path());
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Replaces it in one step, as editors do: always another inode.
    void write(std::string const& text) const {
        std::filesystem::create_directories(directory_ / "below");
        auto const fresh = directory_ / "below" / "fresh";
        std::ofstream(fresh) << text;
        std::filesystem::rename(fresh, path());
    }
    void remove() const { std::filesystem::remove(path()); }

  private:
    std::filesystem::path directory_;
};

}  // namespace ocilot::test
