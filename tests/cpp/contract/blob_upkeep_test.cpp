#include "contract/blob_store_fixture.h"

#include <algorithm>
#include <thread>

using namespace ocilot;
using namespace ocilot::blob;
using testing::UnorderedElementsAre;

template <class Stand>
class BlobUpkeepContract : public BlobStoreContract<Stand> {};

TYPED_TEST_SUITE(BlobUpkeepContract, Stores, StoreNames);

TYPED_TEST(BlobUpkeepContract, KnowsItsUploads) {
    auto const one = this->new_id();
    auto const two = this->new_id();
    auto const first = this->create(one);
    auto const second = this->create(two);
    EXPECT_THAT(test::run(this->store.uploads()).value(), UnorderedElementsAre(one, two));
    EXPECT_EQ(test::run(this->store.create(one, Algorithm::sha256)).error().code, Errc::conflict);
    ASSERT_TRUE(test::run(first->discard()));
    EXPECT_THAT(test::run(this->store.uploads()).value(), UnorderedElementsAre(two));
    EXPECT_EQ(test::run(this->store.resume(one, Algorithm::sha256, {})).error().code, Errc::upload_unknown);
    EXPECT_EQ(test::run(this->store.resume(this->new_id(), Algorithm::sha256, {})).error().code,
              Errc::upload_unknown);
}

TYPED_TEST(BlobUpkeepContract, RemovesABlobUnderAReaderWhoGoesOnReading) {
    auto const digest = digest_of(Algorithm::sha256, "still here");
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("still here"))));
    auto const blob = test::run(this->store.open(digest)).value();
    ASSERT_TRUE(test::run(this->store.remove(digest)));
    EXPECT_EQ(this->stat_error(digest), Errc::blob_unknown);
    EXPECT_EQ(test::run(this->store.open(digest)).error().code, Errc::blob_unknown);
    EXPECT_EQ(test::run(this->store.remove(digest)).error().code, Errc::blob_unknown);
    std::string text(10, '?');
    EXPECT_EQ(test::run(blob->read(0, std::as_writable_bytes(std::span(text)))).value(), 10U);
    EXPECT_EQ(text, "still here");
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("still here"))));
    EXPECT_EQ(this->content(digest), "still here");
}

TYPED_TEST(BlobUpkeepContract, ManyPushesAndRemovalsOfOneBlobAtATimeAllSucceed) {
    auto const digest = digest_of(Algorithm::sha256, "popular");
    std::vector<std::thread> clients;
    for (int client = 0; client < 4; ++client) {
        clients.emplace_back([&, client] {
            for (int round = 0; round < 20; ++round) {
                if (client == 0) {
                    auto const removed = test::run(this->store.remove(digest));
                    EXPECT_TRUE(removed || removed.error().code == Errc::blob_unknown);
                } else if (client == 1) {
                    EXPECT_TRUE(test::run(this->store.put(digest, bytes_of("popular"))));
                } else {
                    EXPECT_TRUE(test::run(push(this->store, this->new_id(), "popular")));
                }
            }
        });
    }
    for (auto& client : clients) client.join();
    EXPECT_TRUE(test::run(this->store.put(digest, bytes_of("popular"))));
    EXPECT_EQ(this->content(digest), "popular");
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobUpkeepContract, ListsItsBlobsInPages) {
    EXPECT_TRUE(test::run(this->store.list({}, 10))->digests.empty());
    std::vector<oci::Digest> all;
    for (int i = 0; i < 40; ++i) {
        auto const text = std::to_string(i);
        all.push_back(digest_of(i % 4 == 0 ? Algorithm::sha512 : Algorithm::sha256, text));
        ASSERT_TRUE(test::run(this->store.put(all.back(), bytes_of(text))));
    }
    std::ranges::sort(all);
    std::vector<oci::Digest> listed;
    for (std::optional<oci::Digest> after;;) {
        auto const page = test::run(this->store.list(after, 7)).value();
        listed.insert(listed.end(), page.digests.begin(), page.digests.end());
        EXPECT_TRUE(page.strays.empty());
        if (page.digests.size() < 7) break;
        after = listed.back();
    }
    EXPECT_EQ(listed, all);
}

TYPED_TEST(BlobUpkeepContract, ShowsABlobForInspection) {
    auto const text = pattern(300'000);
    auto const digest = digest_of(Algorithm::sha256, text);
    EXPECT_EQ(test::run(this->store.inspect(digest)).error().code, Errc::blob_unknown);
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of(text))));
    auto const blob = test::run(this->store.inspect(digest)).value();
    ASSERT_EQ(blob->size(), text.size());
    std::string read(text.size(), '?');
    auto const room = std::as_writable_bytes(std::span(read));
    EXPECT_EQ(test::run(blob->read(0, room.first(200'000))).value(), 200'000U);
    EXPECT_EQ(test::run(blob->read(200'000, room.subspan(200'000))).value(), 100'000U);
    EXPECT_EQ(test::run(blob->read(300'000, room)).value(), 0U);
    EXPECT_EQ(read, text);
}

TYPED_TEST(BlobUpkeepContract, AQuarantinedBlobIsGoneUntilItIsPushedAgain) {
    auto const digest = digest_of(Algorithm::sha256, "right");
    EXPECT_EQ(test::run(this->store.quarantine(digest)).error().code, Errc::blob_unknown);
    for (int round = 0; round < 2; ++round) {
        ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("wrong"))));
        ASSERT_TRUE(test::run(this->store.quarantine(digest)));
        EXPECT_EQ(this->stat_error(digest), Errc::blob_unknown);
        EXPECT_TRUE(test::run(this->store.list({}, 10))->digests.empty());
    }
    ASSERT_TRUE(test::run(push(this->store, this->new_id(), "right")));
    EXPECT_EQ(this->content(digest), "right");
}
