#include "registry/fixture.h"

using namespace ocilot;
using namespace ocilot::test;

class UploadTest : public RegistryTest {
  protected:
    std::size_t rows() {
        return run(meta->uploads().count({meta::UploadFilter::Kind::repository, name.str()})).value();
    }
};

TEST_F(UploadTest, StoresABlobSentInChunks) {
    auto const id = start();
    EXPECT_EQ(append(id, "hello ", 0).value(), 6U);
    EXPECT_EQ(append(id, "wor").value(), 9U);
    EXPECT_EQ(finish(id, sha256("hello world"), "ld").value().size, 11U);
    EXPECT_EQ(run(registry::stat_blob(parts, name, sha256("hello world"))).value().size, 11U);
    EXPECT_EQ(finish(id, sha256("hello world")).error().code, Errc::upload_unknown) << "a session ends once";
}

TEST_F(UploadTest, StoresUnderTheAlgorithmAskedForWhateverWasHashedMeanwhile) {
    for (auto const hashed : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
        auto const id = start(hashed);
        ASSERT_TRUE(append(id, "content").has_value());
        ASSERT_TRUE(finish(id, sha512("content")).has_value());
        EXPECT_TRUE(run(registry::stat_blob(parts, name, sha512("content"))).has_value());
        EXPECT_EQ(run(registry::stat_blob(parts, name, sha256("content"))).error().code, Errc::blob_unknown);
    }
}

TEST_F(UploadTest, RefusesAChunkOutOfOrderAndLivesOn) {
    auto const id = start();
    ASSERT_TRUE(append(id, "0123456789", 0).has_value());
    EXPECT_EQ(append(id, "xyz", 5).error().code, Errc::range_invalid);
    EXPECT_EQ(append(id, "0123456789", 0).error().code, Errc::range_invalid);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 10U);
    EXPECT_EQ(append(id, "ab", 10).value(), 12U);
}

TEST_F(UploadTest, KeepsWhatCameBeforeTheClientWentAway) {
    auto const id = start();
    std::string const text(5000, 'x');
    TextSource broken(text, 4200);
    auto const gone = run(registry::append_upload(parts, ref(id), {broken, {}, text.size()}));
    EXPECT_EQ(gone.error().code, Errc::peer_closed);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 4200U);
    EXPECT_EQ(append(id, std::string_view(text).substr(4200), 4200).value(), 5000U);
    EXPECT_TRUE(finish(id, sha256(text)).has_value());
}

TEST_F(UploadTest, TakesAWholeBlobAgainThatBrokeOffOrWasWrong) {
    auto const id = start();
    std::string const text(5000, 'x');
    TextSource broken(text, 4200);
    auto const gone = run(registry::finish_upload(parts, ref(id), {broken, {}, text.size()}, sha256(text)));
    EXPECT_EQ(gone.error().code, Errc::peer_closed);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 4200U) << "it may go on from there";
    EXPECT_EQ(finish(id, sha256(text), "something else").error().code, Errc::digest_invalid);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 14U);
    EXPECT_EQ(finish(id, sha256(text), text).value().size, 5000U);
}

TEST_F(UploadTest, AClosingBodyThatBringsNothingDropsNothing) {
    auto const id = start();
    ASSERT_TRUE(append(id, "0123456789").has_value());
    auto const close = [&](oci::Digest const& digest, std::string_view last) {
        TextSource body(last);
        return run(registry::finish_upload(parts, ref(id), {body, {}, {}}, digest));  // Chunked.
    };
    EXPECT_EQ(close(sha256("wrong"), "").error().code, Errc::digest_invalid);
    EXPECT_EQ(close(sha256("wrong"), "ab").error().code, Errc::digest_invalid);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 12U);
    EXPECT_EQ(close(sha256("wrong"), "").error().code, Errc::digest_invalid);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 12U);
    EXPECT_EQ(close(sha256("0123456789ab"), "").value().size, 12U);
}

TEST_F(UploadTest, TakesAWholeBlobAtTheSecondTryThatBrokeOffBeforeARestart) {
    auto const id = start();
    std::string const text(5000, 'x');
    TextSource broken(text, 4200);
    (void)run(registry::finish_upload(parts, ref(id), {broken, {}, text.size()}, sha256(text)));
    forget_memory();
    EXPECT_EQ(finish(id, sha256(text), text).error().code, Errc::digest_invalid);
    EXPECT_EQ(finish(id, sha256(text), text).value().size, 5000U);
}

TEST_F(UploadTest, GoesOnWithChunksAfterAWholeBlobThatBrokeOff) {
    auto const id = start();
    TextSource broken("0123456789", 4);
    (void)run(registry::finish_upload(parts, ref(id), {broken, {}, 10}, sha256("0123456789")));
    EXPECT_EQ(append(id, "456", 4).value(), 7U);
    EXPECT_TRUE(finish(id, sha256("0123456789"), "789").has_value());
}

TEST_F(UploadTest, KeepsTheChunksBeforeALastOneThatBrokeOff) {
    auto const id = start();
    ASSERT_TRUE(append(id, "0123").has_value());
    TextSource broken("456789", 3);
    auto const gone = run(registry::finish_upload(parts, ref(id), {broken, {}, 6}, sha256("0123456789")));
    EXPECT_EQ(gone.error().code, Errc::peer_closed);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 7U);
    EXPECT_TRUE(finish(id, sha256("0123456789"), "789").has_value());
}

TEST_F(UploadTest, RefusesBytesThatDoNotMatchAndStoresNothing) {
    auto const id = start();
    ASSERT_TRUE(append(id, "not what it says").has_value());
    auto const refused = finish(id, sha256("something else"));
    ASSERT_EQ(refused.error().code, Errc::digest_invalid);
    EXPECT_NE(refused.error().message.find(sha256("not what it says").str()), std::string::npos);
    for (auto const& digest : {sha256("something else"), sha256("not what it says")}) {
        EXPECT_EQ(run(registry::stat_blob(parts, name, digest)).error().code, Errc::blob_unknown);
        EXPECT_FALSE(run(blobs.stat(digest)).has_value());
    }
    EXPECT_TRUE(finish(id, sha256("not what it says")).has_value()) << "the session lives on";
}

TEST_F(UploadTest, HoldsABodyToItsAnnouncedLength) {
    auto const id = start();
    TextSource longer("0123456789");
    EXPECT_EQ(run(registry::append_upload(parts, ref(id), {longer, {}, 4})).error().code, Errc::size_invalid);
    TextSource shorter("01");
    EXPECT_EQ(run(registry::append_upload(parts, ref(id), {shorter, {}, 4})).error().code,
              Errc::size_invalid);
}

TEST_F(UploadTest, AChunkThatContradictsItselfLeavesTheSessionAsItWas) {
    std::string const large(600'000, 'x');
    auto const id = start();
    ASSERT_TRUE(append(id, "before").has_value());
    for (auto const& [sent, announced] :
         {std::pair{10U, 20U}, {10U, 4U}, {600'000U, 599'999U}, {599'999U, 600'000U}, {0U, 1U}}) {
        TextSource body(std::string_view(large).substr(0, sent));
        auto const refused = run(registry::append_upload(parts, ref(id), {body, 6, announced}));
        EXPECT_EQ(refused.error().code, Errc::size_invalid) << sent;
        EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 6U) << sent;
        TextSource last(std::string_view(large).substr(0, sent));
        auto const end =
            run(registry::finish_upload(parts, ref(id), {last, 6, announced}, sha256("before, and after")));
        EXPECT_EQ(end.error().code, Errc::size_invalid) << sent;
        EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 6U) << sent;
    }
    TextSource broken(large, 4);
    EXPECT_EQ(run(registry::append_upload(parts, ref(id), {broken, 6, large.size()})).error().code,
              Errc::peer_closed);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 10U)
        << "who goes away says nothing wrong";
    forget_memory();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 10U);
    EXPECT_TRUE(finish(id, sha256("beforexxxx, and after"), ", and after").has_value());
}

TEST_F(UploadTest, ShowsASessionOnlyToItsRepositoryAndCaller) {
    auto const id = start();
    policy::Caller const other{.name = "mallory", .groups = {}, .address = {}};
    auto const elsewhere = repository("team/other");
    EXPECT_EQ(run(registry::upload_offset(parts, ref(other, name, id))).error().code, Errc::upload_unknown);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(nobody, elsewhere, id))).error().code,
              Errc::upload_unknown);
    restart();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(other, name, id))).error().code, Errc::upload_unknown);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(nobody, elsewhere, id))).error().code,
              Errc::upload_unknown);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 0U);
}

TEST_F(UploadTest, ShowsASessionToNobodyOfTheSameNameAndAnotherKind) {
    policy::Caller const person{.name = "ci", .groups = {}, .address = {}, .kind = policy::CallerKind::user};
    policy::Caller const machine{
        .name = "ci", .groups = {}, .address = {}, .kind = policy::CallerKind::federated};
    auto const id = start_as(machine);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(machine, name, id))).value(), 0U);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(person, name, id))).error().code, Errc::upload_unknown);
    restart();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(person, name, id))).error().code, Errc::upload_unknown);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(machine, name, id))).value(), 0U);
}

TEST_F(UploadTest, GoesOnAfterARestartWhereItStood) {
    auto const id = start();
    ASSERT_TRUE(append(id, "before ").has_value());
    forget_memory();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 7U);
    ASSERT_TRUE(append(id, "after", 7).has_value());
    EXPECT_TRUE(finish(id, sha256("before after")).has_value());
}

TEST_F(UploadTest, WritesNothingAsLongAsThereAreNoBytes) {
    auto const id = start();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 0U);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
    EXPECT_EQ(rows(), 0U);
    EXPECT_TRUE(finish(id, sha256("whole"), "whole").has_value());
    EXPECT_EQ(rows(), 0U);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
    EXPECT_EQ(sessions->size(), 0U);
}

TEST_F(UploadTest, OutlivesAKillWithItsFirstBytesAndAnOrderlyEndWithoutAny) {
    auto const empty = start();
    auto const begun = start();
    ASSERT_TRUE(append(begun, "bytes").has_value());
    auto const broken = start();
    EXPECT_EQ(finish(broken, sha256("else"), "bytes").error().code, Errc::digest_invalid);
    auto const cancelled = start();
    ASSERT_TRUE(run(registry::cancel_upload(parts, ref(cancelled))).has_value());
    restart();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(empty))).value(), 0U);
    restart();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(empty))).value(), 0U);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(cancelled))).error().code, Errc::upload_unknown);
    forget_memory();
    EXPECT_EQ(run(registry::upload_offset(parts, ref(begun))).value(), 5U);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(broken))).value(), 5U);
    for (auto const id : {empty, cancelled}) {
        EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).error().code, Errc::upload_unknown);
    }
}

TEST_F(UploadTest, CancelsASessionWithoutBytes) {
    auto const id = start();
    ASSERT_TRUE(run(registry::cancel_upload(parts, ref(id))).has_value());
    EXPECT_EQ(append(id, "more").error().code, Errc::upload_unknown);
    EXPECT_EQ(sessions->size(), 0U);
}

TEST_F(UploadTest, ForgetsACancelledSession) {
    auto const id = start();
    ASSERT_TRUE(append(id, "bytes").has_value());
    ASSERT_TRUE(run(registry::cancel_upload(parts, ref(id))).has_value());
    EXPECT_EQ(append(id, "more").error().code, Errc::upload_unknown);
    EXPECT_EQ(run(registry::cancel_upload(parts, ref(id))).error().code, Errc::upload_unknown);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
    EXPECT_EQ(sessions->size(), 0U);
}

TEST_F(UploadTest, LetsOneRequestWriteAtATime) {
    auto const id = start();
    auto held = run(registry::lock_session(parts, ref(id), registry::IfLocked::refuse));
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(append(id, "stream").error().code, Errc::upload_busy);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(id))).value(), 0U) << "asking is always possible";
    {
        auto const ended = std::move(held);
    }
    EXPECT_TRUE(append(id, "stream").has_value());
}

TEST_F(UploadTest, TakesAWholeBlobInOneRequestAndLeavesNothingOfARefusedOne) {
    auto const digest = push("whole");
    EXPECT_EQ(run(registry::stat_blob(parts, name, digest)).value().size, 5U);
    TextSource body("whole");
    EXPECT_EQ(run(registry::push_blob(parts, nobody, name, {body, {}, {}}, sha256("else"))).error().code,
              Errc::digest_invalid);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
}

TEST_F(UploadTest, MountsWithoutMovingAByte) {
    auto const digest = push("shared");
    auto const target = repository("other");
    EXPECT_EQ(run(registry::mount_blob(parts, nobody, name, target, digest)).value().size, 6U);
    EXPECT_TRUE(run(registry::pull_blob(parts, target, digest)).has_value());
    EXPECT_EQ(run(registry::mount_blob(parts, nobody, name, target, sha256("x"))).error().code,
              Errc::blob_unknown);
}
