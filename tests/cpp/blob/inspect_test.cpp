#include "blob/filesystem/resident_pages.h"
#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace ocilot;
using namespace ocilot::blob;

namespace {

constexpr std::size_t mib = 1024 * 1024;

/// A blob on a real disk, and which of its pages are in memory.
class Inspection : public testing::Test {
  protected:
    Inspection() {
        EXPECT_TRUE(test::run(store->put(digest, std::as_bytes(std::span(text)))).has_value());
        auto const path =
            dir.path / "docker/registry/v2/blobs/sha256" / digest.hex().substr(0, 2) / digest.hex() / "data";
        file = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        EXPECT_TRUE(static_cast<bool>(file));
    }
    std::uint64_t resident(std::uint64_t offset, std::uint64_t length) {
        return ResidentPages(file.get(), offset, length).count();
    }
    void forget_all() { ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED); }
    /// As the scrub does it.
    void inspect() {
        auto const blob = test::run(store->inspect(digest)).value();
        std::vector<std::byte> room(64 * 1024);
        for (std::uint64_t offset = 0; offset < blob->size();) {
            offset += test::run(blob->read(offset, room)).value();
        }
    }

    std::string text = std::string(2 * mib + 100, 'x');
    oci::Digest digest = oci::digest_of(oci::Algorithm::sha256, text);
    test::TempDir dir;
    SystemRandom random;
    BlockingPool pool{1};
    std::unique_ptr<FilesystemStore> store = FilesystemStore::open(dir.path, pool, random).value();
    Fd file;
};

}  // namespace

TEST_F(Inspection, LeavesAHotBlobInMemory) {
    auto const pages = resident(0, text.size());
    ASSERT_GT(pages, 0U) << "what was just written is in memory";
    inspect();
    EXPECT_EQ(resident(0, text.size()), pages);
}

TEST_F(Inspection, LeavesTheHotPartInMemoryAndNothingElse) {
    // The page cache is the file's own memory on tmpfs: there is nothing to forget.
    std::vector<std::byte> room(mib);
    ::fsync(file.get());
    forget_all();
    if (resident(0, text.size()) != 0) GTEST_SKIP() << "this file system keeps its files in memory";
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM);
    ASSERT_EQ(::pread(file.get(), room.data(), mib, 0), static_cast<ssize_t>(mib));
    auto const hot = resident(0, mib);
    ASSERT_EQ(resident(0, text.size()), hot);
    inspect();
    EXPECT_EQ(resident(0, mib), hot);
    EXPECT_EQ(resident(mib, text.size() - mib), 0U);
}

TEST_F(Inspection, OfAColdBlobLeavesNothingInMemory) {
    ::fsync(file.get());
    forget_all();
    if (resident(0, text.size()) != 0) GTEST_SKIP() << "this file system keeps its files in memory";
    inspect();
    EXPECT_EQ(resident(0, text.size()), 0U);
}
