#include "registry/storage_room.h"

#include "fixture.h"
#include "registry/list_uploads.h"
#include "registry/small_store.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

/// A registry on a store with a reserve of 10 MiB.
class StorageRoomTest : public RegistryTest {
  protected:
    void SetUp() override {
        std::destroy_at(&parts);
        std::construct_at(&parts, registry::Registry{.blobs = store,
                                                     .meta = *meta,
                                                     .gate = open_gate,
                                                     .clock = clock,
                                                     .random = random,
                                                     .sessions = *sessions,
                                                     .manifests = manifests,
                                                     .rules = rules,
                                                     .room = &room});
        measure();
    }
    void measure() { ASSERT_TRUE(run(room.measure()).has_value()); }
    void set_free(std::uint64_t bytes) {
        store.room.free = bytes;
        steady.advance(std::chrono::seconds(1));
    }
    std::uint64_t count(std::string_view outcome) {
        return metrics.counter("ocilot_uploads_out_of_space_total", "", {{"outcome", std::string(outcome)}})
            .value();
    }
    std::size_t lines(std::string_view message) {
        auto const text = sink.text();
        std::size_t found = 0;
        for (auto at = text.find(message); at != text.npos; at = text.find(message, at + 1)) ++found;
        return found;
    }
    std::size_t unfinished() { return run(registry::list_uploads(parts, {}, {}, 100)).value().size(); }

    SmallStore store;
    registry::StorageRoom room{{store, steady, log, metrics}, 10 * mib, "/data"};
};

}  // namespace

TEST_F(StorageRoomTest, MeasuresOnceASecondAndWhereTheReserveIsNear) {
    set_free(20 * mib);
    EXPECT_FALSE(room.take(mib)) << "what is known is too old";
    ASSERT_TRUE(run(room.require()).has_value());
    auto const before = store.measured;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(room.take(mib));
    EXPECT_FALSE(room.take(mib)) << "as many bytes were received as there was room for";
    EXPECT_EQ(store.measured, before);
    ASSERT_TRUE(run(room.require()).has_value()) << "others have made room";
    EXPECT_EQ(store.measured, before + 1);
    EXPECT_TRUE(room.take(mib));
}

TEST_F(StorageRoomTest, SaysWhatIsFullAndWhatToDo) {
    set_free(10 * mib - 1);
    auto const refused = run(room.require());
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::no_space);
    EXPECT_THAT(
        refused.error().message,
        HasSubstr(
            "file system of the data directory is full: 10.0 MiB free, reserve 10.0 MiB; delete images"));
    EXPECT_THAT(room.full().value(), Not(HasSubstr("/data")));
    EXPECT_EQ(room.place(), "/data");
    EXPECT_EQ(lines("msg=\"file system is full\""), 1U);
    set_free(20 * mib);
    EXPECT_TRUE(run(room.require()).has_value());
    EXPECT_FALSE(room.full().has_value());
    EXPECT_EQ(lines("file system is no longer full"), 1U);
}

TEST_F(StorageRoomTest, KnowsAtOnceThatAFullDiskHasRoomAgain) {
    set_free(0);
    EXPECT_TRUE(run(room.require()).has_error());
    store.room.free = 20 * mib;
    EXPECT_TRUE(run(room.require()).has_value());
}

TEST_F(StorageRoomTest, RefusesWhatIsAnnouncedAndDoesNotFit) {
    set_free(20 * mib);
    EXPECT_TRUE(run(room.require(10 * mib)).has_value());
    auto const refused = run(room.require(10 * mib + 1));
    ASSERT_TRUE(refused.has_error());
    EXPECT_THAT(refused.error().message,
                HasSubstr("10.0 MiB does not fit on the file system of the data directory: 20.0"));
    EXPECT_FALSE(room.full().has_value());
}

TEST_F(StorageRoomTest, ADiskThatIsFilledAgainAndAgainDoesNotFillTheLog) {
    for (int i = 0; i < 10; ++i) {
        set_free(0);
        measure();
        set_free(20 * mib);
        measure();
        room.note({Errc::no_space, "full"}, "team/app", registry::OutOfRoom::dropped);
    }
    EXPECT_EQ(lines("file system is full"), 1U);
    EXPECT_EQ(lines("file system is no longer full"), 1U);
    EXPECT_EQ(lines("upload dropped: no space"), 1U);
    EXPECT_EQ(count("dropped"), 10U);
    steady.advance(std::chrono::minutes(1));
    room.note({Errc::no_space, "full"}, "team/app", registry::OutOfRoom::dropped);
    EXPECT_THAT(sink.text(), HasSubstr("not_logged=9"));
}

TEST_F(StorageRoomTest, WithoutAReserveNothingIsRefusedAndAFullDiskIsStillSaid) {
    registry::StorageRoom none({store, steady, log, metrics}, 0, "/data");
    set_free(0);
    ASSERT_TRUE(run(none.measure()).has_value());
    EXPECT_TRUE(none.take(mib));
    EXPECT_TRUE(run(none.require(mib)).has_value());
    EXPECT_TRUE(none.full().has_value());
}

TEST_F(StorageRoomTest, AStoreInNoFileSystemHasRoom) {
    registry::StorageRoom any({blobs, steady, log, metrics}, 10 * mib, "");
    ASSERT_TRUE(run(any.measure()).has_value());
    EXPECT_TRUE(any.take(1000 * mib));
    EXPECT_TRUE(run(any.require(1000 * mib)).has_value());
    EXPECT_FALSE(any.full().has_value());
}

TEST_F(StorageRoomTest, AnUploadThatMeetsAFullDiskEndsAndItsBytesGo) {
    auto const id = start();
    ASSERT_TRUE(append(id, "first").has_value());
    EXPECT_EQ(unfinished(), 1U);
    set_free(0);
    EXPECT_EQ(append(id, "second").error().code, Errc::no_space);
    EXPECT_EQ(count("dropped"), 1U);
    EXPECT_THAT(run(store.memory.uploads()).value(), IsEmpty());
    EXPECT_EQ(unfinished(), 0U);
    EXPECT_EQ(append(id, "third").error().code, Errc::upload_unknown);
    set_free(20 * mib);
    EXPECT_EQ(append(id, "third").error().code, Errc::upload_unknown) << "the client starts again";
    push("whole");
}

TEST_F(StorageRoomTest, WhatIsThereCanBeFinishedMountedAndTaggedOnAFullDisk) {
    auto const id = start();
    ASSERT_TRUE(append(id, "layer").has_value());
    set_free(0);
    ASSERT_TRUE(finish(id, sha256("layer")).has_value());
    ASSERT_TRUE(
        run(registry::mount_blob(parts, nobody, name, repository("other"), sha256("layer"))).has_value());
    EXPECT_TRUE(push_manifest(image(sha256("layer"), {}), tag("v1")).has_value());
    TextSource body("new");
    auto const refused = run(registry::push_blob(parts, nobody, name, {body, {}, {}}, sha256("new")));
    EXPECT_EQ(refused.error().code, Errc::no_space);
    EXPECT_EQ(count("refused"), 1U);
}

TEST_F(StorageRoomTest, AnAdministratorSeesAndEndsUnfinishedUploads) {
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(append(start(), "bytes").has_value());
        steady.advance(std::chrono::seconds(1));
    }
    auto const page = run(registry::list_uploads(parts, name, {}, 2)).value();
    ASSERT_THAT(page, SizeIs(2));
    EXPECT_LT(page[0].fact.last_write_at, page[1].fact.last_write_at);
    EXPECT_EQ(page[0].fact.offset, 5U);
    EXPECT_FALSE(page[0].receiving);
    auto const rest = run(registry::list_uploads(parts, name, page[1].place, 2)).value();
    ASSERT_THAT(rest, SizeIs(1));
    EXPECT_THAT(run(registry::list_uploads(parts, repository("other"), {}, 2)).value(), IsEmpty());
    EXPECT_EQ(run(registry::remove_upload(parts, rest[0].fact.id)).value().offset, 5U);
    EXPECT_EQ(run(registry::remove_upload(parts, rest[0].fact.id)).error().code, Errc::upload_unknown);
    EXPECT_EQ(unfinished(), 2U);
    EXPECT_THAT(run(store.memory.uploads()).value(), SizeIs(2));
}
