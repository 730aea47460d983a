#include "blob/filesystem_fixture.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace ocilot;
using namespace ocilot::blob;
using oci::Algorithm;
using oci::digest_of;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(FilesystemBlobs, KeepsBlobsWhereDistributionKeepsThem) {
    ASSERT_TRUE(put("hello"));
    EXPECT_EQ(file(hello_path + "/data"), "hello");
    auto const long_one = digest_of(Algorithm::sha512, "hello");
    ASSERT_TRUE(test::run(store->put(long_one, bytes_of("hello"))));
    auto const hex = long_one.hex();
    EXPECT_EQ(file("docker/registry/v2/blobs/sha512/" + hex.substr(0, 2) + "/" + hex + "/data"), "hello");
}

TEST_F(FilesystemBlobs, KeepsAnUploadInOneFileNamedByItsId) {
    auto const upload = upload_of("bytes");
    EXPECT_EQ(file(id_path), "bytes");
}

TEST_F(FilesystemBlobs, HandsOutADescriptorToSendFrom) {
    ASSERT_TRUE(put("hello"));
    auto const blob = test::run(store->open(hello)).value();
    char text[5];
    ASSERT_EQ(::pread(blob->fd(), text, sizeof text, 0), 5);
    EXPECT_EQ(std::string_view(text, 5), "hello");
}

TEST_F(FilesystemBlobs, CommitsBytesBeforeTheirNameAndTheNameBeforeItAnswers) {
    auto const upload = upload_of("hello");
    disk->forget();
    ASSERT_TRUE(test::run(commit(*upload)));
    EXPECT_THAT(steps(), ElementsAre("sync_data " + id_path, "mkdir " + hello_path, "mkdir " + shard_path,
                                     "mkdir " + hello_path, "rename " + hello_path + "/data",
                                     "sync " + hello_path, "sync " + shard_path, "sync " + algorithm_path));
}

TEST_F(FilesystemBlobs, PutsBytesBeforeTheirNameAndTheNameBeforeItAnswers) {
    ASSERT_TRUE(put("hello"));
    EXPECT_THAT(steps(), ElementsAre("sync_data nameless", "mkdir " + hello_path, "mkdir " + shard_path,
                                     "mkdir " + hello_path, "link " + hello_path + "/data",
                                     "sync " + hello_path, "sync " + shard_path, "sync " + algorithm_path));
}

TEST_F(FilesystemBlobs, SyncsTheNameOfABlobThatIsThereBecauseItsPushMayNotHaveYet) {
    ASSERT_TRUE(put("hello"));
    start();
    ASSERT_TRUE(put("hello"));
    EXPECT_THAT(steps(), ElementsAre("sync " + hello_path, "sync " + shard_path, "sync " + algorithm_path));
    disk->forget();
    ASSERT_TRUE(put("hello"));
    EXPECT_THAT(steps(), ElementsAre("sync " + hello_path, "sync " + shard_path));
}

TEST_F(FilesystemBlobs, KeepsWhatFitsWhenTheDiskFillsUpAndGoesOnWhenThereIsRoom) {
    std::string const text(300'000, 'x');
    for (std::size_t const size : {std::size_t{60'000}, text.size()}) {
        auto const upload = test::run(store->create(id, Algorithm::sha256)).value();
        disk->space = 50'000;
        auto const failed = test::run(upload->append(bytes_of(text).first(size)));
        EXPECT_EQ(failed.error().code, Errc::no_space);
        EXPECT_EQ(upload->size(), 50'000U);
        EXPECT_EQ(file(id_path), text.substr(0, 50'000));
        EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(),
                  digest_of(Algorithm::sha256, text.substr(0, 50'000)));
        disk->space = UINT64_MAX;
        ASSERT_TRUE(test::run(upload->append(bytes_of(text).subspan(50'000))));
        EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), digest_of(Algorithm::sha256, text));
        ASSERT_TRUE(test::run(upload->discard()));
    }
}

TEST_F(FilesystemBlobs, GoesThroughShortWritesShortReadsAndInterruptions) {
    disk->most = 777;
    std::string const text(100'000, 'y');
    auto upload = upload_of(text);
    EXPECT_EQ(upload->size(), text.size());
    upload = test::run(store->resume(id, Algorithm::sha256, {})).value();
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), digest_of(Algorithm::sha256, text));
    ASSERT_TRUE(test::run(commit(*upload)));
    auto const blob = test::run(store->open(digest_of(Algorithm::sha256, text))).value();
    std::string read(text.size(), '?');
    EXPECT_EQ(test::run(blob->read(0, std::as_writable_bytes(std::span(read)))).value(), text.size());
    EXPECT_EQ(read, text);
}

TEST_F(FilesystemBlobs, LosesAnUploadWhoseBytesDidNotReachTheDiskInsteadOfTrustingASecondSync) {
    auto const upload = upload_of("hello");
    disk->failures["sync_data"] = -EIO;
    EXPECT_EQ(test::run(commit(*upload)).error().code, Errc::io);
    disk->failures.clear();
    EXPECT_EQ(upload->size(), 0U);
    EXPECT_EQ(test::run(commit(*upload)).error().code, Errc::upload_unknown);
    EXPECT_EQ(test::run(store->resume(id, Algorithm::sha256, {})).error().code, Errc::upload_unknown);
    EXPECT_EQ(test::run(store->stat(hello)).error().code, Errc::blob_unknown);
}

TEST_F(FilesystemBlobs, LeavesTheUploadAloneWhenItCannotGetAName) {
    auto const upload = upload_of("hello");
    for (auto const* const call : {"mkdir", "rename"}) {
        disk->failures[call] = -ENOSPC;
        EXPECT_EQ(test::run(commit(*upload)).error().code, Errc::no_space) << call;
        disk->failures.clear();
        EXPECT_EQ(upload->size(), 5U);
    }
    EXPECT_TRUE(test::run(commit(*upload)));
    EXPECT_EQ(file(hello_path + "/data"), "hello");
}

TEST_F(FilesystemBlobs, AnswersNoCommitWhoseNameIsNotOnDiskAndTakesTheNextPushOfIt) {
    auto const upload = upload_of("hello");
    disk->failures["sync"] = -EIO;
    EXPECT_EQ(test::run(commit(*upload)).error().code, Errc::io);
    EXPECT_EQ(upload->size(), 0U);
    EXPECT_FALSE(put("hello"));
    EXPECT_FALSE(put("other"));
    disk->failures.clear();
    EXPECT_EQ(test::run(upload->append(bytes_of("!"))).error().code, Errc::upload_unknown);
    EXPECT_TRUE(put("hello"));
    EXPECT_EQ(file(hello_path + "/data"), "hello");
}

TEST_F(FilesystemBlobs, LeavesNothingBehindWhenASmallBlobCannotBeStored) {
    for (bool const nameless : {true, false}) {
        if (!nameless) {
            auto files = std::make_unique<test::TestDisk>(dir.path);
            files->failures["open_nameless"] = -EOPNOTSUPP;
            disk = files.get();
            store.reset();
            store = FilesystemStore::open(dir.path, pool, random, std::move(files)).value();
        }
        disk->space = 3;
        EXPECT_EQ(put("hello").error().code, Errc::no_space);
        disk->space = UINT64_MAX;
        disk->failures["sync_data"] = -EIO;
        EXPECT_EQ(put("hello").error().code, Errc::io);
        disk->failures.erase("sync_data");
        EXPECT_TRUE(test::run(store->uploads())->empty());
        EXPECT_EQ(test::run(store->stat(hello)).error().code, Errc::blob_unknown);
    }
}

TEST_F(FilesystemBlobs, ReplacesADamagedBlobWhenItIsPushedAgain) {
    std::filesystem::create_directories(dir.path / hello_path);
    std::ofstream(dir.path / hello_path / "data") << "hel";
    ASSERT_TRUE(put("hello"));
    EXPECT_EQ(file(hello_path + "/data"), "hello");
    std::ofstream(dir.path / hello_path / "data") << "";
    auto const upload = upload_of("hello");
    ASSERT_TRUE(test::run(commit(*upload)));
    EXPECT_EQ(file(hello_path + "/data"), "hello");
    EXPECT_TRUE(test::run(store->uploads())->empty());
}

TEST_F(FilesystemBlobs, SaysSoWhenABlobGotShorterUnderAReader) {
    ASSERT_TRUE(put("hello"));
    auto const blob = test::run(store->open(hello)).value();
    std::filesystem::resize_file(dir.path / hello_path / "data", 2);
    std::string text(5, '?');
    EXPECT_EQ(test::run(blob->read(0, std::as_writable_bytes(std::span(text)))).error().code, Errc::io);
}

TEST_F(FilesystemBlobs, MakesTheDirectoryAgainThatARemovalTookAway) {
    for (auto const* const step : {"open ", "rename "}) {
        auto const upload = upload_of("hello");
        bool taken = false;
        disk->before = [&](std::string const& line) {
            if (!taken && line.starts_with(step + hello_path))
                taken = ::rmdir((dir.path / hello_path).c_str()) == 0;
        };
        ASSERT_TRUE(test::run(commit(*upload))) << step;
        EXPECT_TRUE(taken) << step;
        EXPECT_EQ(file(hello_path + "/data"), "hello");
        disk->before = [](std::string const&) {};
        ASSERT_TRUE(test::run(store->remove(hello)));
    }
}

TEST_F(FilesystemBlobs, TakesTheSameBytesFromAnotherPushAsItsOwn) {
    bool other = false;
    disk->before = [&](std::string const& line) {
        if (!other && line == "link " + hello_path + "/data") {
            std::ofstream(dir.path / hello_path / "data") << "hello";
            other = true;
        }
    };
    EXPECT_TRUE(put("hello"));
    EXPECT_TRUE(other);
    EXPECT_EQ(file(hello_path + "/data"), "hello");
}

TEST_F(FilesystemBlobs, RemovesABlobDurablyAndItsDirectoryWithIt) {
    ASSERT_TRUE(put("hello"));
    disk->forget();
    ASSERT_TRUE(test::run(store->remove(hello)));
    EXPECT_THAT(disk->log(), ElementsAre("open " + hello_path, "unlink " + hello_path + "/data",
                                         "sync " + hello_path, "unlink " + hello_path));
    EXPECT_FALSE(std::filesystem::exists(dir.path / hello_path));
    EXPECT_TRUE(std::filesystem::exists(dir.path / shard_path));
}

TEST_F(FilesystemBlobs, GoesOnWithAnUploadAfterARestart) {
    upload_of("hel").reset();
    start();
    auto const upload = test::run(store->resume(id, Algorithm::sha256, {})).value();
    EXPECT_EQ(upload->size(), 3U);
    ASSERT_TRUE(test::run(upload->append(bytes_of("lo"))));
    ASSERT_TRUE(test::run(commit(*upload)));
    EXPECT_EQ(file(hello_path + "/data"), "hello");
}

TEST_F(FilesystemBlobs, HoldsNoDescriptorForAParkedUpload) {
    auto const before = open_descriptors();
    auto const upload = upload_of("hello");
    EXPECT_EQ(open_descriptors(), before + 1);
    upload->park();
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(FilesystemBlobs, StartsToWriteBackLongBeforeTheEnd) {
    std::string const small(64 * 1024, 'z');
    auto const upload = test::run(store->create(id, Algorithm::sha256)).value();
    for (int i = 0; i < 256; ++i) ASSERT_TRUE(test::run(upload->append(bytes_of(small))));
    auto const write_backs = [&] {
        auto const log = disk->log();
        return std::count(log.begin(), log.end(), "write_back " + id_path);
    };
    EXPECT_EQ(write_backs(), 1);
    std::string const large(8 * 1024 * 1024, 'z');
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(test::run(upload->append(bytes_of(large))));
    EXPECT_EQ(write_backs(), 2);
}

TEST_F(FilesystemBlobs, ListsOnlyWhatIsAnUpload) {
    auto const upload = upload_of("hello");
    std::ofstream(dir.path / "ocilot/uploads/README") << "not an upload";
    std::ofstream((dir.path / id_path).parent_path() / "notes") << "not an upload";
    EXPECT_THAT(test::run(store->uploads()).value(), ElementsAre(id));
}

TEST_F(FilesystemBlobs, KnowsTheRoomOfItsFileSystem) {
    auto const room = test::run(store->capacity()).value();
    ASSERT_TRUE(room);
    EXPECT_GT(room->total, 0U);
    EXPECT_LE(room->free, room->total);
}

TEST_F(FilesystemBlobs, FailsItsCheckOnAFullOrReadOnlyDisk) {
    EXPECT_TRUE(test::run(store->check()));
    disk->space = 100;
    EXPECT_EQ(test::run(store->check()).error().code, Errc::no_space);
    disk->space = UINT64_MAX;
    for (auto const* const call : {"open_nameless", "sync_data", "read"}) {
        disk->failures[call] = -EROFS;
        EXPECT_EQ(test::run(store->check()).error().code, Errc::io) << call;
        disk->failures.clear();
    }
    EXPECT_TRUE(test::run(store->uploads())->empty());
}

TEST_F(FilesystemBlobs, OneServerAtATimeOwnsADataDirectory) {
    auto const second = FilesystemStore::open(dir.path, pool, random);
    EXPECT_EQ(second.error().code, Errc::config);
    EXPECT_EQ(second.error().message,
              "data directory " + dir.path.string() + " is in use by another ocilot (process " +
                  std::to_string(::getpid()) + "); stop it or choose another with --root");
    store.reset();
    EXPECT_TRUE(FilesystemStore::open(dir.path, pool, random));
}

TEST_F(FilesystemBlobs, MakesItsDataDirectoryAndSyncsEveryStepOfIt) {
    auto files = std::make_unique<test::TestDisk>(dir.path);
    disk = files.get();
    auto const fresh = FilesystemStore::open(dir.path / "a/b", pool, random, std::move(files));
    ASSERT_TRUE(fresh);
    auto const log = steps();
    for (std::filesystem::path const path :
         {"a", "a/b", "a/b/ocilot/uploads", "a/b/docker/registry/v2/blobs/sha256",
          "a/b/docker/registry/v2/blobs/sha512"}) {
        EXPECT_TRUE(std::filesystem::is_directory(dir.path / path));
        auto const made = std::find(log.begin(), log.end(), "mkdir " + path.string());
        ASSERT_NE(made, log.end()) << path;
        EXPECT_EQ(*std::next(made), "sync " + path.parent_path().string());
    }
}

TEST_F(FilesystemBlobs, SaysWhatToDoWhenItsDirectoryCannotBeUsed) {
    struct Case {
        int error;
        std::string end;
    };
    auto const root = dir.path / "fresh";
    for (auto const& [error, end] :
         {Case{EACCES,
               "permission denied; give the user running ocilot write access or choose another with --root"},
          Case{EROFS, "read-only file system; mount the file system writable or choose another with --root"},
          Case{EDQUOT,
               "disk quota exceeded; raise the disk quota of the user running ocilot or choose another with "
               "--root"},
          Case{EMFILE, "too many open files; raise the limit of open files or choose another with --root"},
          Case{ENOSPC, "no space left on device; free some space or choose another with --root"},
          Case{EIO, "input/output error; check the disk and the kernel log or choose another with --root"}}) {
        auto files = std::make_unique<test::TestDisk>(root);
        files->failures["mkdir"] = -error;
        auto const opened = FilesystemStore::open(root, pool, random, std::move(files));
        EXPECT_EQ(opened.error().code, Errc::config);
        EXPECT_EQ(opened.error().message, "cannot write to data directory " + root.string() + ": " + end);
    }
    std::ofstream(dir.path / "file") << "in the way";
    auto const opened = FilesystemStore::open(dir.path / "file", pool, random);
    EXPECT_EQ(opened.error().message, "cannot write to data directory " + (dir.path / "file").string() +
                                          ": not a directory; choose another with --root");
}
