// An upload that another process goes on with: what is read of it again, and what is believed.
#include "blob/filesystem_fixture.h"

#include <algorithm>
#include <cerrno>

using namespace ocilot;
using namespace ocilot::blob;

namespace {

std::size_t reads(test::TestDisk& disk) {
    auto const log = disk.log();
    return static_cast<std::size_t>(
        std::ranges::count_if(log, [](auto const& line) { return line.starts_with("read "); }));
}

}  // namespace

TEST_F(FilesystemBlobs, ResumesWithoutReadingWhatTheStateCovers) {
    std::string const text(3'000'000, 'z');
    std::string const tail(10, '!');
    auto const state = upload_of(text)->state();
    start();
    auto upload = test::run(store->resume(id, Algorithm::sha256, state)).value();
    EXPECT_EQ(reads(*disk), 0U);
    EXPECT_EQ(upload->size(), text.size());
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), digest_of(Algorithm::sha256, text));
    ASSERT_TRUE(test::run(upload->append(bytes_of(tail))));
    upload.reset();
    disk->forget();
    upload = test::run(store->resume(id, Algorithm::sha256, state)).value();
    EXPECT_EQ(reads(*disk), 1U) << "what came after the state only";
    ASSERT_TRUE(test::run(commit(*upload)));
    EXPECT_EQ(reads(*disk), 1U);
    EXPECT_TRUE(test::run(store->stat(digest_of(Algorithm::sha256, text + tail))));
}

TEST_F(FilesystemBlobs, AfterAnotherStartOfTheMachineOnlyTheStateOfSyncedBytesHolds) {
    for (bool const synced : {false, true}) {
        std::string state;
        {
            auto const left = upload_of("hello");
            if (synced) {
                ASSERT_TRUE(test::run(left->sync()));
            }
            state = left->state();
        }
        // The power cut left other bytes.
        std::ofstream(dir.path / id_path) << "jello";
        auto files = std::make_unique<test::TestDisk>(dir.path);
        store.reset();
        store = FilesystemStore::open(dir.path, pool, random, std::move(files), Uuid::random(random)).value();
        auto const upload = test::run(store->resume(id, Algorithm::sha256, state)).value();
        auto const* const seen = synced ? "hello" : "jello";
        EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), digest_of(Algorithm::sha256, seen));
        ASSERT_TRUE(test::run(upload->discard()));
    }
}

TEST_F(FilesystemBlobs, HashesAgainWhenThereAreFewerBytesThanTheStateSays) {
    std::string state;
    {
        auto const left = upload_of("hello");
        ASSERT_TRUE(test::run(left->sync()));
        state = left->state();
    }
    std::filesystem::resize_file(dir.path / id_path, 2);
    auto const upload = test::run(store->resume(id, Algorithm::sha256, state)).value();
    EXPECT_EQ(upload->size(), 2U);
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), digest_of(Algorithm::sha256, "he"));
}

TEST_F(FilesystemBlobs, LosesAnUploadThatCannotBeSynced) {
    auto const upload = upload_of("hello");
    disk->failures["sync_data"] = -EIO;
    EXPECT_EQ(test::run(upload->sync()).error().code, Errc::io);
    disk->failures.clear();
    EXPECT_EQ(upload->size(), 0U);
    EXPECT_EQ(test::run(store->resume(id, Algorithm::sha256, {})).error().code, Errc::upload_unknown);
}
