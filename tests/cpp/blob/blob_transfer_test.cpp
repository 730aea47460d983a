#include "blob/filesystem/blob_transfer.h"

#include "blob/filesystem/backup_directory.h"
#include "blob/filesystem/blob_paths.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace ocilot::blob {

namespace {

namespace fs = std::filesystem;

using oci::Algorithm;
using ocilot::test::TempDir;

oci::Digest digest_of(std::string_view text) {
    return oci::digest_of(Algorithm::sha256, text);
}

bool is_one_file_system(fs::path const& a, fs::path const& b) {
    struct stat left{};
    struct stat right{};
    return ::stat(a.c_str(), &left) == 0 && ::stat(b.c_str(), &right) == 0 && left.st_dev == right.st_dev;
}

/// A data directory, and another one beside it or on another file system.
class BlobTransfers : public ::testing::Test {
  protected:
    explicit BlobTransfers(fs::path const& parent = fs::temp_directory_path()) : there(parent) {}

    static fs::path file(DataDirectory const& directory, std::string_view text) {
        return directory.root / "docker/registry/v2/blobs" / path_of(digest_of(text));
    }
    void write(DataDirectory const& directory, std::string_view text, std::string_view bytes) const {
        auto const path = file(directory, text);
        fs::create_directories(path.parent_path());
        fs::remove(path);
        std::ofstream(path) << bytes;
    }
    static std::string read(fs::path const& path) {
        std::ifstream stream(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    Result<Transferred> bring(std::string_view text) {
        return BlobTransfer(disk, from, to, [this] { return step; }).bring(digest_of(text), text.size());
    }
    [[nodiscard]] bool has_leftovers() const { return !fs::is_empty(to.root / "ocilot/uploads"); }

    TempDir here;
    TempDir there;
    SystemFiles files;
    ocilot::test::TestDisk disk{there.path};
    DataDirectory from = DataDirectory::open(here.path, files).value();
    DataDirectory to = DataDirectory::open(there.path, disk).value();
    Result<> step;
};

class BlobCopies : public BlobTransfers {
  protected:
    BlobCopies() : BlobTransfers(ocilot::test::memory_directory()) {}
    void SetUp() override {
        if (is_one_file_system(here.path, there.path)) GTEST_SKIP() << "one file system";
    }
};

}  // namespace

TEST_F(BlobTransfers, LinksWhatIsOnTheSameFileSystemOnce) {
    write(from, "hello", "hello");
    EXPECT_EQ(bring("hello").value(), Transferred::linked);
    EXPECT_TRUE(fs::equivalent(file(from, "hello"), file(to, "hello")));
    EXPECT_EQ(bring("hello").value(), Transferred::present);
    write(from, "hello", "hello");
    EXPECT_EQ(bring("hello").value(), Transferred::linked) << "a push has replaced the bytes";
    EXPECT_TRUE(fs::equivalent(file(from, "hello"), file(to, "hello")));
    EXPECT_FALSE(has_leftovers());
}

TEST_F(BlobTransfers, KeepsWhatTheOtherDirectoryHasLost) {
    write(from, "hello", "hello");
    ASSERT_EQ(bring("hello").value(), Transferred::linked);
    fs::remove(file(from, "hello"));
    EXPECT_EQ(bring("hello").value(), Transferred::present);
    write(from, "hello", "hell");
    EXPECT_EQ(bring("hello").value(), Transferred::present);
    EXPECT_EQ(read(file(to, "hello")), "hello");
}

TEST_F(BlobTransfers, RemovesABlobWithItsDirectory) {
    write(from, "hello", "hello");
    ASSERT_EQ(bring("hello").value(), Transferred::linked);
    BlobTransfer transfer(disk, from, to, [this] { return step; });
    EXPECT_TRUE(transfer.remove(digest_of("hello")).has_value());
    EXPECT_FALSE(fs::exists(file(to, "hello").parent_path()));
    EXPECT_TRUE(transfer.remove(digest_of("hello")).has_value());
    EXPECT_TRUE(fs::exists(file(from, "hello")));
}

TEST_F(BlobTransfers, AnswersWhyABlobWasNotBrought) {
    EXPECT_EQ(bring("hello").value(), Transferred::missing);
    write(from, "hello", "hell");
    EXPECT_EQ(bring("hello").value(), Transferred::wrong_size);
    EXPECT_FALSE(fs::exists(file(to, "hello")));
}

TEST_F(BlobCopies, CopiesVerifiedBytesThatAreOnDiskBeforeTheirName) {
    write(from, "hello", "hello");
    std::ofstream(to.root / "ocilot/uploads/incoming") << "of a process that was killed";
    disk.forget();
    EXPECT_EQ(bring("hello").value(), Transferred::copied);
    EXPECT_EQ(read(file(to, "hello")), "hello");
    auto const log = disk.log();
    auto const begins = [](std::string_view call) {
        return [call](std::string const& line) { return line.starts_with(call); };
    };
    auto const synced = std::ranges::find_if(log, begins("sync_data"));
    EXPECT_LT(synced, std::ranges::find_if(log, begins("rename")));
    write(from, "hello", "jello");
    EXPECT_EQ(bring("hello").value(), Transferred::present);
    fs::remove(file(to, "hello"));
    EXPECT_EQ(bring("hello").value(), Transferred::wrong_digest);
    EXPECT_FALSE(fs::exists(file(to, "hello")));
    EXPECT_FALSE(has_leftovers());
}

TEST_F(BlobCopies, LeaveNothingWhenTheDiskIsFullOrTheyAreCancelled) {
    write(from, "hello", "hello");
    disk.space = 3;
    EXPECT_EQ(bring("hello").error().code, Errc::no_space);
    EXPECT_FALSE(has_leftovers());
    disk.space = UINT64_MAX;
    step = Error{Errc::cancelled, "cancelled"};
    EXPECT_EQ(bring("hello").error().code, Errc::cancelled);
    EXPECT_FALSE(has_leftovers());
    EXPECT_FALSE(fs::exists(file(to, "hello")));
}

TEST(BackupDirectory, IsMarkedAndADirectoryWithAnythingElseIsRefused) {
    TempDir const home;
    SystemFiles files;
    fs::create_directories(home.path / "disk/lost+found");
    for (auto const* const name : {"new/backup", "disk"}) {
        EXPECT_FALSE(is_backup(home.path / name));
        EXPECT_TRUE(open_backup(home.path / name, files).has_value());
        EXPECT_TRUE(is_backup(home.path / name));
        EXPECT_TRUE(open_backup(home.path / name, files).has_value()) << "to add to it";
    }
    std::ofstream(home.path / "file") << "mine";
    EXPECT_EQ(open_backup(home.path, files).error().code, Errc::config);
    EXPECT_EQ(open_for_restore(home.path, files).error().code, Errc::config);
    EXPECT_EQ(open_backup_for_reading(home.path, files).error().code, Errc::config);
    EXPECT_FALSE(is_backup(home.path));
    auto const restored = open_for_restore(home.path / "restored", files).value();
    EXPECT_TRUE(is_backup(restored.root)) << "until it is complete";
    EXPECT_TRUE(end_restore(restored, files).has_value());
    EXPECT_FALSE(is_backup(restored.root));
}

}  // namespace ocilot::blob
