#include "blob/filesystem/data_directory.h"

#include "blob/filesystem/mounted_at.h"
#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <gmock/gmock.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

using namespace ocilot;
using namespace ocilot::blob;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

fs::perms mode_of(fs::path const& path) {
    return fs::status(path).permissions();
}

/// A directory that nothing has used yet, and the mask of a usual process.
class DataDirectoryTest : public testing::Test {
  protected:
    DataDirectoryTest() { fs::create_directory(root); }
    ~DataDirectoryTest() override { ::umask(mask); }
    std::string refusal() {
        auto const opened = FilesystemStore::open(root, pool, random);
        if (opened.has_value()) return "";
        EXPECT_EQ(opened.error().code, Errc::config);
        return opened.error().message;
    }
    std::string refusal_of(std::string const& call, int error) {
        auto files = std::make_unique<ocilot::test::TestDisk>(root);
        files->failures[call] = -error;
        return FilesystemStore::open(root, pool, random, std::move(files)).error().message;
    }

    mode_t mask = ::umask(0022);
    ocilot::test::TempDir dir;
    fs::path root = dir.path / "data";
    SystemRandom random;
    BlockingPool pool{1};
};

}  // namespace

TEST_F(DataDirectoryTest, OtherUsersCannotReadWhatItMakes) {
    root = dir.path / "new/data";
    auto const store = FilesystemStore::open(root, pool, random).value();
    std::string_view const hello = "hello";
    auto const digest = oci::digest_of(oci::Algorithm::sha256, hello);
    ASSERT_TRUE(ocilot::test::run(store->put(digest, std::as_bytes(std::span(hello)))));
    auto const upload =
        ocilot::test::run(store->create(Uuid::random(random), oci::Algorithm::sha256)).value();
    int files = 0;
    EXPECT_EQ(mode_of(dir.path / "new"), mode_of(root));
    for (auto const& entry : fs::recursive_directory_iterator(dir.path / "new")) {
        auto const expected = entry.is_directory() ? 0750U : 0640U;
        EXPECT_EQ(static_cast<unsigned>(entry.status().permissions()), expected) << entry.path();
        files += entry.is_directory() ? 0 : 1;
    }
    EXPECT_EQ(files, 3) << "lock, blob and upload";
}

TEST_F(DataDirectoryTest, TheMaskOfTheProcessCounts) {
    ::umask(0077);
    auto const store = FilesystemStore::open(root, pool, random).value();
    EXPECT_EQ(mode_of(root / "ocilot"), fs::perms::owner_all);
}

TEST_F(DataDirectoryTest, OpensADirectoryOfDistributionAndKnowsThatOthersReadIt) {
    fs::create_directories(root / "docker/registry/v2/blobs/sha256");
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(readable_by_others(root), (root / "docker").string());
    fs::permissions(root / "docker", fs::perms::others_all, fs::perm_options::remove);
    EXPECT_EQ(readable_by_others(root), "");
}

TEST_F(DataDirectoryTest, RefusesADirectoryThatEveryUserCanWrite) {
    ASSERT_EQ(refusal(), "");
    for (auto const* const name :
         {"", "ocilot", "ocilot/uploads", "docker/registry/v2", "docker/registry/v2/blobs"}) {
        auto const path = *name != '\0' ? root / name : root;
        fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
        EXPECT_EQ(refusal(), path.string() +
                                 " is writable by every user, who could change what the registry stores: "
                                 "run `chmod o-w " +
                                 path.string() + "`");
        fs::permissions(path, fs::perms::others_write, fs::perm_options::remove);
    }
    fs::permissions(root, fs::perms::group_write, fs::perm_options::add);
    EXPECT_EQ(refusal(), "") << "a group may be trusted: volumes of Kubernetes belong to one";
}

TEST_F(DataDirectoryTest, FollowsLinksOfItsOwnUser) {
    fs::create_directories(dir.path / "large/blobs");
    fs::create_directories(root / "docker/registry/v2");
    fs::create_directory_symlink(dir.path / "large/blobs", root / "docker/registry/v2/blobs");
    fs::create_directory_symlink(root, dir.path / "link");
    // The uploads have to be on the file system of the blobs, which they are here.
    EXPECT_EQ(refusal(), "");
    root = dir.path / "link";
    EXPECT_EQ(refusal(), "");
    fs::permissions(dir.path / "large/blobs", fs::perms::others_write, fs::perm_options::add);
    EXPECT_THAT(refusal(), HasSubstr("is writable by every user"));
}

TEST_F(DataDirectoryTest, RefusesDirectoriesAndLinksOfAnotherUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    constexpr uid_t other = 12345;
    ASSERT_EQ(::chown(root.c_str(), other, other), 0);
    EXPECT_EQ(refusal(), root.string() +
                             " belongs to another user (uid 12345), who could change what the registry "
                             "stores: run `chown -R 0 " +
                             root.string() + "`, or run ocilot as that user");
    ASSERT_EQ(::chown(root.c_str(), 0, 0), 0);
    fs::create_directory(dir.path / "elsewhere");
    fs::create_directory_symlink(dir.path / "elsewhere", root / "docker");
    ASSERT_EQ(::lchown((root / "docker").c_str(), other, other), 0);
    EXPECT_THAT(refusal(), HasSubstr((root / "docker").string() + " belongs to another user"));
}

TEST_F(DataDirectoryTest, DoesNotFollowALinkInPlaceOfTheLock) {
    ASSERT_EQ(refusal(), "");
    fs::remove(root / "ocilot/lock");
    fs::create_symlink(dir.path / "victim", root / "ocilot/lock");
    EXPECT_THAT(refusal(), HasSubstr("too many levels of symbolic links"));
    EXPECT_FALSE(fs::exists(dir.path / "victim"));
}

TEST_F(DataDirectoryTest, NamesTheFileSystemThatCannotSyncDirectories) {
    for (int const error : {EINVAL, EOPNOTSUPP, ENOSYS}) {
        auto const text = refusal_of("sync", error);
        EXPECT_THAT(text, HasSubstr("data directory " + root.string() + " is on a "));
        EXPECT_THAT(text, HasSubstr(" file system at /"));
        EXPECT_THAT(text,
                    HasSubstr("cannot sync directories, so that a power cut could lose acknowledged pushes"));
        EXPECT_THAT(text, HasSubstr("choose a directory on a local file system"));
    }
    EXPECT_THAT(refusal_of("sync", EIO), HasSubstr("input/output error; check the disk"));
}

TEST(MountedAt, FindsTheFileSystemOfADevice) {
    std::string const mounts =
        "22 1 0:21 / /proc rw,nosuid - proc proc rw\n"
        "40 22 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n"
        "51 40 0:45 / /mnt/registry rw,relatime shared:7 - nfs4 server:/export rw,vers=4.2\n";
    EXPECT_EQ(mounted_at(mounts, 0, 45), "nfs4 file system at /mnt/registry");
    EXPECT_EQ(mounted_at(mounts, 8, 1), "ext4 file system at /");
    EXPECT_EQ(mounted_at(mounts, 9, 9), "file system");
    EXPECT_EQ(mounted_at("nonsense\n\n8:1", 8, 1), "file system");
}
