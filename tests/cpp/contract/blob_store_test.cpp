#include "contract/blob_store_fixture.h"

using namespace ocilot;
using namespace ocilot::blob;

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
    ASSERT_TRUE(test::run(upload->roll_back())) << "nothing was marked";
    EXPECT_EQ(upload->size(), text.size());
    for (auto const& more : {std::string("a few bytes"), pattern(17'000'000)}) {
        upload->set_savepoint();
        ASSERT_TRUE(test::run(upload->append(bytes_of(more))));
        EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(),
                  digest_of(Algorithm::sha256, text + more));
        upload->park();
        ASSERT_TRUE(test::run(upload->roll_back()));
        EXPECT_EQ(upload->size(), text.size());
        EXPECT_FALSE(test::run(upload->commit(digest_of(Algorithm::sha256, text + more))));
    }
    ASSERT_TRUE(test::run(upload->append(bytes_of("!"))));
    for (auto const algorithm : {Algorithm::sha512, Algorithm::sha256}) {
        EXPECT_EQ(test::run(upload->digest(algorithm)).value(), digest_of(algorithm, text + "!"));
    }
    auto const again = test::run(this->store.resume(id, Algorithm::sha256, {})).value();
    EXPECT_EQ(again->size(), text.size() + 1) << "also for the next process";
    ASSERT_TRUE(test::run(commit(*again, Algorithm::sha256)));
    EXPECT_EQ(this->content(digest_of(Algorithm::sha256, text + "!")), text + "!");
}

TYPED_TEST(BlobStoreContract, ResumesAnUploadNobodyHolds) {
    auto const text = pattern(600'000);
    auto const id = this->new_id();
    {
        auto const left = this->create(id);
        ASSERT_TRUE(test::run(left->append(bytes_of(text))));
    }
    auto const upload = test::run(this->store.resume(id, Algorithm::sha512, {})).value();
    EXPECT_EQ(upload->size(), text.size());
    ASSERT_TRUE(test::run(upload->append(bytes_of("end"))));
    ASSERT_TRUE(test::run(commit(*upload, Algorithm::sha512)));
    EXPECT_EQ(this->content(digest_of(Algorithm::sha512, text + "end")), text + "end");
    EXPECT_EQ(test::run(this->store.resume(id, Algorithm::sha256, {})).error().code, Errc::upload_unknown);
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

TYPED_TEST(BlobStoreContract, ResumesWithTheStateItWasLeftWith) {
    auto const text = pattern(600'000);
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        for (bool const synced : {false, true}) {
            auto const id = this->new_id();
            std::string state;
            {
                auto const left = this->create(id, algorithm);
                ASSERT_TRUE(test::run(left->append(bytes_of(text).first(400'001))));
                if (synced) ASSERT_TRUE(test::run(left->sync()));
                state = left->state();
                EXPECT_LE(state.size(), 300U);
                ASSERT_TRUE(test::run(left->append(bytes_of(text).subspan(400'001))));  // Recorded by nobody.
            }
            auto const upload = test::run(this->store.resume(id, algorithm, state)).value();
            EXPECT_EQ(upload->size(), text.size());
            EXPECT_EQ(test::run(upload->digest(algorithm)).value(), digest_of(algorithm, text));
            ASSERT_TRUE(test::run(upload->append(bytes_of("end"))));
            ASSERT_TRUE(test::run(commit(*upload, algorithm)));
            EXPECT_EQ(this->content(digest_of(algorithm, text + "end")), text + "end");
        }
    }
}

TYPED_TEST(BlobStoreContract, AStateThatIsOfNoUseCostsTimeOnly) {
    auto const id = this->new_id();
    std::string sha512;
    {
        auto const left = this->create(id);
        ASSERT_TRUE(test::run(left->append(bytes_of("bytes"))));
        auto const other = this->upload_of("longer than the other", Algorithm::sha512);
        sha512 = other->state();
    }
    auto const longer = this->upload_of("longer than the other")->state();
    for (auto const& state : {std::string(), std::string("?"), std::string(300, '\1'), sha512, longer}) {
        auto const upload = test::run(this->store.resume(id, Algorithm::sha256, state)).value();
        EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(),
                  digest_of(Algorithm::sha256, "bytes"));
    }
}

TYPED_TEST(BlobStoreContract, TheStateOfAnUploadThatTookBytesBackIsOfThoseItKept) {
    auto const id = this->new_id();
    std::string state;
    {
        auto const left = this->create(id);
        ASSERT_TRUE(test::run(left->append(bytes_of("kept"))));
        left->set_savepoint();
        ASSERT_TRUE(test::run(left->append(bytes_of(" and not"))));
        ASSERT_TRUE(test::run(left->sync()));
        ASSERT_TRUE(test::run(left->roll_back()));
        state = left->state();
    }
    auto const upload = test::run(this->store.resume(id, Algorithm::sha256, state)).value();
    EXPECT_EQ(upload->size(), 4U);
    EXPECT_EQ(test::run(upload->digest(Algorithm::sha256)).value(), digest_of(Algorithm::sha256, "kept"));
}
