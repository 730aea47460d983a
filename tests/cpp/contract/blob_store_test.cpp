#include "base/blocking_pool.h"
#include "base/random.h"
#include "blob/filesystem/store.h"
#include "blob/memory/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace ocilot;
using namespace ocilot::blob;
using oci::Algorithm;
using oci::digest_of;
using testing::UnorderedElementsAre;

namespace {

std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// `n` bytes in which no two pieces of a round size are alike.
std::string pattern(std::size_t n) {
    std::string text(n, '\0');
    for (std::size_t i = 0; i < n; ++i) text[i] = static_cast<char>((i * 7 + i / 251) % 256);
    return text;
}

Task<Result<>> commit(Upload& upload, Algorithm algorithm) {
    CO_TRY(auto const digest, co_await upload.digest(algorithm));
    co_return co_await upload.commit(digest);
}

Task<Result<>> push(BlobStore& store, Uuid id, std::string_view text) {
    CO_TRY(auto const upload, co_await store.create(id, Algorithm::sha256));
    CO_CHECK(co_await upload->append(bytes_of(text)));
    co_return co_await commit(*upload, Algorithm::sha256);
}

struct InMemory {
    BlobStore& store() { return memory; }
    MemoryStore memory;
};

template <bool nameless>
struct OnDisk {
    OnDisk() {
        auto disk = std::make_unique<test::TestDisk>(dir.path);
        if (!nameless) disk->failures["open_nameless"] = -EOPNOTSUPP;
        files = FilesystemStore::open(dir.path, pool, random, std::move(disk)).value();
    }
    BlobStore& store() { return *files; }
    test::TempDir dir;
    SystemRandom random;
    BlockingPool pool{2};
    std::unique_ptr<FilesystemStore> files;
};

}  // namespace

template <class Stand>
class BlobStoreContract : public testing::Test {
  protected:
    Uuid new_id() { return Uuid::random(random_); }

    std::unique_ptr<Upload> create(Uuid id, Algorithm algorithm = Algorithm::sha256) {
        return test::run(store.create(id, algorithm)).value();
    }
    std::unique_ptr<Upload> upload_of(std::string_view text, Algorithm algorithm = Algorithm::sha256) {
        auto upload = create(new_id(), algorithm);
        EXPECT_TRUE(test::run(upload->append(bytes_of(text))));
        return upload;
    }
    std::string content(oci::Digest const& digest) {
        auto const blob = test::run(store.open(digest)).value();
        std::string text(blob->size() + 1, '?');
        auto const n = test::run(blob->read(0, std::as_writable_bytes(std::span(text)))).value();
        text.resize(n);
        return text;
    }
    Errc stat_error(oci::Digest const& digest) { return test::run(store.stat(digest)).error().code; }

    Stand stand_;
    SystemRandom random_;
    BlobStore& store = stand_.store();
};

using Stores = testing::Types<InMemory, OnDisk<true>, OnDisk<false>>;

class StoreNames {
  public:
    template <class Stand>
    static std::string GetName(int index) {
        return std::vector<std::string>{"Memory", "Filesystem",
                                        "FilesystemWithoutTmpfile"}[static_cast<std::size_t>(index)];
    }
};

TYPED_TEST_SUITE(BlobStoreContract, Stores, StoreNames);

TYPED_TEST(BlobStoreContract, GivesBackACommittedUploadByteForByte) {
    auto const text = pattern(3'000'001);
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        auto const digest = digest_of(algorithm, text);
        auto const upload = this->create(this->new_id(), algorithm);
        std::string_view rest = text;
        for (std::size_t const n : {1U, 65'536U, 65'537U, 1'000'000U, 3'000'000U}) {
            auto const part = rest.substr(0, n);
            ASSERT_TRUE(test::run(upload->append(bytes_of(part))));
            rest.remove_prefix(part.size());
        }
        EXPECT_EQ(upload->size(), text.size());
        EXPECT_EQ(this->stat_error(digest), Errc::blob_unknown);
        ASSERT_TRUE(test::run(commit(*upload, algorithm)));
        EXPECT_EQ(test::run(this->store.stat(digest)).value(), text.size());
        EXPECT_EQ(this->content(digest), text);
    }
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobStoreContract, StoresTheEmptyBlob) {
    auto const digest = digest_of(Algorithm::sha256, std::string_view());
    auto const upload = this->create(this->new_id());
    ASSERT_TRUE(test::run(commit(*upload, Algorithm::sha256)));
    EXPECT_EQ(test::run(this->store.stat(digest)).value(), 0U);
    EXPECT_EQ(this->content(digest), "");
}

TYPED_TEST(BlobStoreContract, TellsTheDigestAtAnyPointAndInEitherAlgorithm) {
    auto const text = pattern(700'000);
    auto const upload = this->upload_of(text);
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        EXPECT_EQ(test::run(upload->digest(algorithm)).value(), digest_of(algorithm, text));
    }
    ASSERT_TRUE(test::run(upload->append(bytes_of("more"))));
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(),
              digest_of(Algorithm::sha256, text + "more"));
    ASSERT_TRUE(test::run(commit(*upload, Algorithm::sha512)));
    EXPECT_EQ(this->content(digest_of(Algorithm::sha512, text + "more")), text + "more");
}

TYPED_TEST(BlobStoreContract, RefusesToCommitUnderADigestTheBytesWereNotProvenToHave) {
    auto const upload = this->upload_of("bytes");
    auto const right = digest_of(Algorithm::sha256, "bytes");
    EXPECT_FALSE(test::run(upload->commit(right)));
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), right);
    EXPECT_FALSE(test::run(upload->commit(digest_of(Algorithm::sha256, "other"))));
    ASSERT_TRUE(test::run(upload->append(bytes_of(", more"))));
    EXPECT_FALSE(test::run(upload->commit(right)));
    EXPECT_EQ(this->stat_error(right), Errc::blob_unknown);
    EXPECT_EQ(upload->size(), 11U);
    EXPECT_TRUE(test::run(commit(*upload, Algorithm::sha256)));
}

TYPED_TEST(BlobStoreContract, GoesOnAfterAPause) {
    auto const upload = this->upload_of("first, ");
    upload->park();
    ASSERT_TRUE(test::run(upload->append(bytes_of("second"))));
    upload->park();
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha512)).value(),
              digest_of(Algorithm::sha512, "first, second"));
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(),
              digest_of(Algorithm::sha256, "first, second"));
    upload->park();
    ASSERT_TRUE(test::run(upload->commit(digest_of(Algorithm::sha256, "first, second"))));
    EXPECT_EQ(this->content(digest_of(Algorithm::sha256, "first, second")), "first, second");
}

TYPED_TEST(BlobStoreContract, TakesBackWhatCameSinceTheMark) {
    auto const text = pattern(300'000);
    auto const id = this->new_id();
    auto const upload = this->create(id);
    ASSERT_TRUE(test::run(upload->append(bytes_of(text))));
    ASSERT_TRUE(test::run(upload->take_back())) << "nothing was marked";
    EXPECT_EQ(upload->size(), text.size());
    for (auto const& more : {std::string("a few bytes"), pattern(17'000'000)}) {
        upload->mark();
        ASSERT_TRUE(test::run(upload->append(bytes_of(more))));
        EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(),
                  digest_of(Algorithm::sha256, text + more));
        upload->park();
        ASSERT_TRUE(test::run(upload->take_back()));
        EXPECT_EQ(upload->size(), text.size());
        EXPECT_FALSE(test::run(upload->commit(digest_of(Algorithm::sha256, text + more))));
    }
    ASSERT_TRUE(test::run(upload->append(bytes_of("!"))));
    auto const again = test::run(this->store.resume(id, Algorithm::sha256)).value();
    EXPECT_EQ(again->size(), text.size() + 1) << "also for the next process";
    for (auto const algorithm : {Algorithm::sha512, Algorithm::sha256}) {
        EXPECT_EQ(test::run(upload->digest(algorithm)).value(), digest_of(algorithm, text + "!"));
    }
    ASSERT_TRUE(test::run(commit(*upload, Algorithm::sha256)));
    EXPECT_EQ(this->content(digest_of(Algorithm::sha256, text + "!")), text + "!");
}

TYPED_TEST(BlobStoreContract, ResumesAnUploadNobodyHolds) {
    auto const text = pattern(600'000);
    auto const id = this->new_id();
    {
        auto const left = this->create(id);
        ASSERT_TRUE(test::run(left->append(bytes_of(text))));
    }
    auto const upload = test::run(this->store.resume(id, Algorithm::sha512)).value();
    EXPECT_EQ(upload->size(), text.size());
    ASSERT_TRUE(test::run(upload->append(bytes_of("end"))));
    ASSERT_TRUE(test::run(commit(*upload, Algorithm::sha512)));
    EXPECT_EQ(this->content(digest_of(Algorithm::sha512, text + "end")), text + "end");
    EXPECT_EQ(test::run(this->store.resume(id, Algorithm::sha256)).error().code, Errc::upload_unknown);
}

TYPED_TEST(BlobStoreContract, KnowsItsUploads) {
    auto const one = this->new_id();
    auto const two = this->new_id();
    auto const first = this->create(one);
    auto const second = this->create(two);
    EXPECT_THAT(test::run(this->store.uploads()).value(), UnorderedElementsAre(one, two));
    EXPECT_EQ(test::run(this->store.create(one, Algorithm::sha256)).error().code, Errc::conflict);
    ASSERT_TRUE(test::run(first->discard()));
    EXPECT_THAT(test::run(this->store.uploads()).value(), UnorderedElementsAre(two));
    EXPECT_EQ(test::run(this->store.resume(one, Algorithm::sha256)).error().code, Errc::upload_unknown);
    EXPECT_EQ(test::run(this->store.resume(this->new_id(), Algorithm::sha256)).error().code,
              Errc::upload_unknown);
}

TYPED_TEST(BlobStoreContract, DiscardsAnUploadByItsIdOnceOrTwice) {
    auto const id = this->new_id();
    this->create(id).reset();
    EXPECT_TRUE(test::run(this->store.discard(id)));
    EXPECT_TRUE(test::run(this->store.discard(id)));
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobStoreContract, TakesNothingMoreInAnUploadThatIsUsedUp) {
    auto const committed = this->upload_of("committed");
    ASSERT_TRUE(test::run(commit(*committed, Algorithm::sha256)));
    EXPECT_EQ(test::run(committed->append(bytes_of("!"))).error().code, Errc::upload_unknown);
    auto const discarded = this->upload_of("discarded");
    ASSERT_TRUE(test::run(discarded->discard()));
    EXPECT_EQ(test::run(discarded->append(bytes_of("!"))).error().code, Errc::upload_unknown);
    EXPECT_EQ(this->content(digest_of(Algorithm::sha256, "committed")), "committed");
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobStoreContract, KeepsTheBlobThatIsThereAndUsesUpTheUpload) {
    auto const digest = digest_of(Algorithm::sha256, "same");
    auto const first = this->upload_of("same");
    auto const second = this->upload_of("same");
    ASSERT_TRUE(test::run(commit(*first, Algorithm::sha256)));
    ASSERT_TRUE(test::run(commit(*second, Algorithm::sha256)));
    EXPECT_EQ(this->content(digest), "same");
    EXPECT_TRUE(test::run(this->store.put(digest, bytes_of("same"))));
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobStoreContract, PutsASmallBlobWhole) {
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        auto const digest = digest_of(algorithm, "{}");
        EXPECT_TRUE(test::run(this->store.put(digest, bytes_of("{}"))));
        EXPECT_TRUE(test::run(this->store.put(digest, bytes_of("{}"))));
        EXPECT_EQ(this->content(digest), "{}");
    }
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobStoreContract, ReadsAnyRangeOfABlob) {
    auto const digest = digest_of(Algorithm::sha256, "0123456789");
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("0123456789"))));
    auto const blob = test::run(this->store.open(digest)).value();
    EXPECT_EQ(blob->size(), 10U);
    auto const read = [&](std::uint64_t offset, std::size_t most) {
        std::string text(most, '?');
        text.resize(test::run(blob->read(offset, std::as_writable_bytes(std::span(text)))).value());
        return text;
    };
    EXPECT_EQ(read(0, 10), "0123456789");
    EXPECT_EQ(read(3, 4), "3456");
    EXPECT_EQ(read(8, 4), "89");
    EXPECT_EQ(read(10, 4), "");
    EXPECT_EQ(read(UINT64_MAX, 4), "");
    EXPECT_EQ(read(5, 0), "");
}

TYPED_TEST(BlobStoreContract, RemovesABlobUnderAReaderWhoGoesOnReading) {
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

TYPED_TEST(BlobStoreContract, ManyPushesAndRemovalsOfOneBlobAtATimeAllSucceed) {
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

TYPED_TEST(BlobStoreContract, ListsItsBlobsInPages) {
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

TYPED_TEST(BlobStoreContract, ShowsABlobForInspection) {
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

TYPED_TEST(BlobStoreContract, AQuarantinedBlobIsGoneUntilItIsPushedAgain) {
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

TYPED_TEST(BlobStoreContract, APushReplacesBytesThatTheDiskHasSpoiled) {
    auto const digest = digest_of(Algorithm::sha256, "right");
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("wrong"))));
    ASSERT_TRUE(test::run(push(this->store, this->new_id(), "right")));
    EXPECT_EQ(this->content(digest), "right");
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("wrong"))));
    ASSERT_TRUE(test::run(this->store.put(digest, bytes_of("right"))));
    EXPECT_EQ(this->content(digest), "right");
    EXPECT_TRUE(test::run(this->store.uploads())->empty());
}

TYPED_TEST(BlobStoreContract, SaysThatItWorks) {
    EXPECT_TRUE(test::run(this->store.check()));
}
