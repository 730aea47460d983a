// Sessions between requests: what they cost, how they are found again, and who may write to them.
#include "registry/end_upload.h"
#include "registry/fixture.h"

using namespace ocilot;
using namespace ocilot::test;

namespace {

class UploadSessionsTest : public RegistryTest {
  protected:
    policy::Caller const ann{"ann", {}, "192.0.2.1"};
    policy::Caller const bob{"bob", {}, "192.0.2.1"};

    Result<std::uint64_t> append_as(registry::Registry& at, policy::Caller const& caller, Uuid id,
                                    std::string_view text) {
        TextSource body(text);
        TRY(auto const found, registry::find_upload(at, caller, name, segments[id]));
        return run(registry::append_upload(at, found, {body, {}, text.size()}));
    }
    Result<std::uint64_t> offset(Uuid id) { return run(registry::upload_offset(parts, ref(id))); }
    Errc offset_error(Uuid id) {
        auto const told = offset(id);
        return told.has_error() ? told.error().code : Errc::internal;
    }
    meta::UploadFact row(Uuid id) { return run(meta->uploads().find(name, id)).value(); }
    std::size_t rows() {
        return run(meta->uploads().count({meta::UploadFilter::Kind::repository, name.str()})).value();
    }
    void set_rules(registry::Rules with) {
        rules = with;
        forget_memory();
    }
};

/// Another process with the same blobs and metadata.
struct Replica {
    explicit Replica(registry::Registry& other, meta::UploadKey const& key, Clock const& steady,
                     Random& random)
        : sessions(key, steady, random),
          parts{other.blobs, other.meta, other.gate, other.clock, random, sessions, manifests, other.rules} {}
    registry::UploadSessions sessions;
    registry::ManifestCache manifests{1 << 20};
    registry::Registry parts;
};

/// A body that lets something happen before its end.
class InterruptedSource final : public registry::ByteSource {
  public:
    InterruptedSource(std::string_view text, std::function<void()> in_between)
        : text_(text), in_between_(std::move(in_between)) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        auto const n = std::min(out.size(), text_.size());
        if (n == 0 && in_between_) std::exchange(in_between_, nullptr)();
        std::ranges::copy(std::as_bytes(std::span(text_.substr(0, n))), out.begin());
        text_.remove_prefix(n);
        co_return n;
    }

  private:
    std::string_view text_;
    std::function<void()> in_between_;
};

}  // namespace

TEST_F(UploadSessionsTest, ASessionWithoutBytesCostsNothingAndKeepsNobodyOut) {
    auto with = rules;
    with.repository_uploads = with.caller_uploads = 1;
    set_rules(with);
    for (int i = 0; i < 1000; ++i) {
        auto const id = start_as(ann);
        if (i % 4 == 1) {
            EXPECT_EQ(run(registry::upload_offset(parts, ref(ann, name, id))).value(), 0U);
        }
        if (i % 4 == 2) {
            EXPECT_EQ(append_as(parts, ann, id, "").value(), 0U);
        }
        if (i % 4 == 3) {
            EXPECT_TRUE(run(registry::cancel_upload(parts, ref(ann, name, id))).has_value());
        }
    }
    EXPECT_EQ(sessions->size(), 0U);
    EXPECT_EQ(rows(), 0U);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
    EXPECT_EQ(append_as(parts, ann, start_as(ann), "bytes").value(), 5U);
}

TEST_F(UploadSessionsTest, AUrlIsWorthSomethingForItsCallerAndRepositoryAndUnchangedOnly) {
    auto const id = start_as(ann);
    auto const segment = segments[id];
    EXPECT_TRUE(segment.starts_with(id.str()));
    EXPECT_TRUE(registry::find_upload(parts, ann, name, segment).has_value());
    EXPECT_EQ(registry::find_upload(parts, bob, name, segment).error().code, Errc::upload_unknown);
    EXPECT_EQ(registry::find_upload(parts, ann, repository("team/other"), segment).error().code,
              Errc::upload_unknown);
    EXPECT_FALSE(registry::find_upload(parts, ann, name, "").has_value());
    for (std::size_t i = 0; i < segment.size(); ++i) {
        auto changed = segment;
        changed[i] = changed[i] == '0' ? '1' : '0';
        EXPECT_FALSE(registry::find_upload(parts, ann, name, changed).has_value()) << i;
        EXPECT_FALSE(registry::find_upload(parts, ann, name, segment.substr(0, i)).has_value() && i != 36)
            << i;
    }
    EXPECT_FALSE(registry::find_upload(parts, ann, name, segment + "0").has_value());
    // The id alone is what earlier versions gave out: nothing is known of it.
    auto const bare = registry::find_upload(parts, ann, name, id.str()).value();
    EXPECT_EQ(run(registry::upload_offset(parts, bare)).error().code, Errc::upload_unknown);
    // Another registry has another key.
    key[3] = std::byte{7};
    forget_memory();
    EXPECT_FALSE(registry::find_upload(parts, ann, name, segment).has_value());
}

// As hmac.new(key, id.bytes + head + b"team/app\\0ann", sha256) of Python has it.
TEST_F(UploadSessionsTest, AUrlOfYesterdayIsReadTomorrow) {
    std::string const sealed =
        "01234567-89ab-4def-8123-456789abcdef.0100018bcfe568000707070"
        "707073d9777159abb596208aa2a66566ff482";
    auto const opened = sessions->seal().open(sealed, name, "ann");
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->id.str(), sealed.substr(0, 36));
    EXPECT_EQ(opened->algorithm, oci::Algorithm::sha256);
    EXPECT_EQ(opened->at, Time(std::chrono::seconds(1'700'000'000)));
    EXPECT_EQ(opened->opener, "070707070707");
    EXPECT_FALSE(opened->here);
}

TEST_F(UploadSessionsTest, ASessionWithoutBytesExpiresByTheTimeInItsUrl) {
    auto with = rules;
    with.upload_age = std::chrono::hours(1);
    set_rules(with);
    auto const id = start();
    auto const used = start();
    ASSERT_TRUE(append(used, "bytes").has_value());
    steady.advance(std::chrono::minutes(59));
    EXPECT_EQ(offset(id).value(), 0U);
    clock.advance(std::chrono::hours(10'000));  // Set by somebody.
    EXPECT_EQ(offset(id).value(), 0U);
    steady.advance(std::chrono::minutes(2));
    EXPECT_EQ(offset_error(id), Errc::upload_unknown);
    EXPECT_EQ(offset(used).value(), 5U) << "which the job ends, not its age";
}

TEST_F(UploadSessionsTest, AUrlDoesNotOpenAgainWhatIsOver) {
    auto const cancelled = start();
    ASSERT_TRUE(run(registry::cancel_upload(parts, ref(cancelled))).has_value());
    auto const finished = start();
    ASSERT_TRUE(finish(finished, sha256("bytes"), "bytes").has_value());
    for (auto const id : {cancelled, finished}) {
        EXPECT_EQ(offset_error(id), Errc::upload_unknown);
        EXPECT_EQ(append(id, "more").error().code, Errc::upload_unknown);
        EXPECT_EQ(finish(id, sha256("more"), "more").error().code, Errc::upload_unknown);
        EXPECT_EQ(run(registry::cancel_upload(parts, ref(id))).error().code, Errc::upload_unknown);
    }
    EXPECT_EQ(sessions->size(), 0U);
}

TEST_F(UploadSessionsTest, ARowIsWrittenWhenARequestEndsWithBytesAndNotForEveryOne) {
    auto const id = start();
    ASSERT_TRUE(append(id, "0123456789").has_value());
    EXPECT_EQ(row(id).offset, 10U);
    EXPECT_EQ(row(id).epoch, 1);
    EXPECT_EQ(row(id).holder, sessions->seal().holder());
    ASSERT_TRUE(append(id, "ab").has_value());
    EXPECT_EQ(row(id).offset, 10U) << "the bytes themselves say that there are more";
    std::string const large(17 * 1024 * 1024, 'x');
    ASSERT_TRUE(append(id, large).has_value());
    EXPECT_EQ(row(id).offset, 12 + large.size());
    ASSERT_TRUE(append(id, "cd").has_value());
    restart();
    EXPECT_EQ(row(id).offset, 14 + large.size()) << "an orderly end records all";
    EXPECT_TRUE(finish(id, sha256("0123456789ab" + large + "cd")).has_value());
    EXPECT_EQ(rows(), 0U);
}

TEST_F(UploadSessionsTest, ASlowUploadIsRecordedNowAndThenSoThatAKillMakesItNoOlder) {
    auto with = rules;
    with.upload_age = std::chrono::hours(16);
    set_rules(with);
    auto const id = start();
    ASSERT_TRUE(append(id, "0").has_value());
    for (int minute = 0; minute < 300; ++minute) {
        steady.advance(std::chrono::minutes(1));
        ASSERT_TRUE(append(id, "1").has_value());
        EXPECT_LE(steady.now() - row(id).last_write_at, std::chrono::hours(1));
    }
}

TEST_F(UploadSessionsTest, AnotherProcessGoesOnAndTheFirstIsTold) {
    parts.rules.replicated = true;
    Replica other(parts, key, steady, random);
    auto const id = start_as(ann);
    ASSERT_EQ(append_as(other.parts, ann, id, "one ").value(), 4U) << "opened here, begun there";
    EXPECT_EQ(append_as(parts, ann, id, "two ").value(), 8U);
    EXPECT_EQ(row(id).epoch, 2);
    auto const late = append_as(other.parts, ann, id, "mixed");
    ASSERT_TRUE(late.has_error());
    EXPECT_TRUE(late.error().code == Errc::upload_busy || late.error().code == Errc::upload_unknown);
    EXPECT_EQ(append_as(other.parts, ann, id, "three").value(), 13U) << "it looks again, and takes over";
    TextSource nothing("");
    auto const found = registry::find_upload(parts, ann, name, segments[id]).value();
    auto const too_late = run(registry::finish_upload(parts, found, {nothing, {}, 0}, sha256("one two ")));
    EXPECT_TRUE(too_late.has_error());
    TextSource end("");
    EXPECT_TRUE(
        run(registry::finish_upload(parts, found, {end, {}, 0}, sha256("one two three"))).has_value());
    EXPECT_EQ(rows(), 0U);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
}

TEST_F(UploadSessionsTest, WhoLosesTheClaimInMidStreamMixesNothing) {
    parts.rules.replicated = true;
    Replica other(parts, key, steady, random);
    auto const id = start_as(ann);
    ASSERT_TRUE(append_as(parts, ann, id, "begin ").has_value());
    auto const found = registry::find_upload(parts, ann, name, segments[id]).value();
    InterruptedSource slow("lost", [&] { EXPECT_EQ(append_as(other.parts, ann, id, "won").value(), 9U); });
    auto const lost = run(registry::append_upload(parts, found, {slow, {}, {}}));
    ASSERT_TRUE(lost.has_error());
    EXPECT_TRUE(lost.error().code == Errc::upload_busy || lost.error().code == Errc::upload_unknown);
    InterruptedSource closing("!", [&] {
        EXPECT_TRUE(append_as(other.parts, ann, id, "?").has_error()) << "the closing request holds it now";
        EXPECT_EQ(append_as(other.parts, ann, id, "?").value(), 10U);
    });
    auto const late = run(registry::finish_upload(parts, found, {closing, {}, {}}, sha256("begin won!")));
    ASSERT_TRUE(late.has_error());
    EXPECT_EQ(run(registry::stat_blob(parts, name, sha256("begin won!"))).error().code, Errc::blob_unknown);
    TextSource nothing("");
    auto const there = registry::find_upload(other.parts, ann, name, segments[id]).value();
    EXPECT_TRUE(
        run(registry::finish_upload(other.parts, there, {nothing, {}, 0}, sha256("begin won?"))).has_value());
}

TEST_F(UploadSessionsTest, ASessionOfAnEarlierVersionGoesOnByItsPlainId) {
    auto const id = Uuid::random(random);
    {
        auto const left = run(blobs.create(id, oci::Algorithm::sha256)).value();
        ASSERT_TRUE(run(left->append(std::as_bytes(std::span("before", 6)))));
    }
    // As the new columns are made: nothing is known of bytes.
    ASSERT_TRUE(
        run(meta->uploads().open({id, name, oci::Algorithm::sha256, "ann", steady.now()})).has_value());
    EXPECT_EQ(run(registry::upload_offset(parts, registry::find_upload(parts, bob, name, id.str()).value()))
                  .error()
                  .code,
              Errc::upload_unknown);
    auto const found = registry::find_upload(parts, ann, name, id.str()).value();
    EXPECT_EQ(run(registry::upload_offset(parts, found)).value(), 6U);
    TextSource rest(" and after");
    EXPECT_TRUE(
        run(registry::finish_upload(parts, found, {rest, 6, 10}, sha256("before and after"))).has_value());
}

TEST_F(UploadSessionsTest, OverALimitTheLongestIdleGoes) {
    auto with = rules;
    with.repository_uploads = 3;
    set_rules(with);
    std::vector<Uuid> ids;
    for (int i = 0; i < 3; ++i) {
        ids.push_back(start());
        ASSERT_TRUE(append(ids.back(), "bytes").has_value());
        steady.advance(std::chrono::seconds(1));
    }
    ASSERT_TRUE(append(ids[0], "more").has_value());  // In memory only, and so the youngest.
    auto const fourth = start();
    ASSERT_TRUE(append(fourth, "bytes").has_value());
    EXPECT_EQ(offset_error(ids[1]), Errc::upload_unknown);
    for (auto const id : {ids[0], ids[2], fourth}) EXPECT_TRUE(offset(id).has_value());
    EXPECT_EQ(run(blobs.uploads()).value().size(), 3U);
    forget_memory();
    auto const fifth = start();
    ASSERT_TRUE(append(fifth, "bytes").has_value());
    EXPECT_EQ(rows(), 3U) << "a restart forgets nothing";
}

TEST_F(UploadSessionsTest, OverALimitAnAbandonedOneGoesBeforeAllThatAreInUse) {
    constexpr std::size_t live = 120;
    auto with = rules;
    with.repository_uploads = live + 1;
    set_rules(with);
    std::vector<Uuid> ids;
    for (std::size_t i = 0; i < live; ++i) {
        ids.push_back(start());
        ASSERT_TRUE(append(ids.back(), "bytes").has_value());
    }
    steady.advance(std::chrono::seconds(1));
    auto const abandoned = start();
    ASSERT_TRUE(append(abandoned, "bytes").has_value());
    steady.advance(std::chrono::minutes(5));
    for (auto const id : ids)
        ASSERT_TRUE(append(id, "more").has_value());  // The metadata do not know it yet.
    ASSERT_TRUE(append(start(), "bytes").has_value());
    EXPECT_EQ(offset_error(abandoned), Errc::upload_unknown);
    for (auto const id : ids) EXPECT_TRUE(offset(id).has_value());
}

TEST_F(UploadSessionsTest, OverALimitARefusedRequestEndsNoSession) {
    auto with = rules;
    with.repository_uploads = 1;
    set_rules(with);
    auto const kept = start();
    ASSERT_TRUE(append(kept, "bytes").has_value());
    EXPECT_EQ(append(start(), "bytes", 5).error().code, Errc::range_invalid);
    EXPECT_TRUE(append(start(), "").has_value());
    EXPECT_TRUE(offset(kept).has_value());
}

TEST_F(UploadSessionsTest, WhenAllAreBeingWrittenToTheNextIsToldToWait) {
    auto with = rules;
    with.repository_uploads = 2;
    set_rules(with);
    std::vector<registry::SessionLock> held;
    std::vector<Uuid> ids;
    for (int i = 0; i < 2; ++i) {
        ids.push_back(start());
        ASSERT_TRUE(append(ids.back(), "bytes").has_value());
        held.push_back(
            run(registry::lock_session(parts, ref(ids.back()), registry::IfLocked::refuse)).value());
    }
    auto const refused = append(start(), "bytes");
    EXPECT_EQ(refused.error().code, Errc::too_many_requests);
    EXPECT_GT(refused.error().retry_after, 0U);
    EXPECT_TRUE(run(blobs.uploads()).value().size() == 2);
    held.clear();
    EXPECT_TRUE(append(start(), "bytes").has_value());
}

TEST_F(UploadSessionsTest, ACallersLimitIsOfThoseWithANameWhoEndTheirOwnSessionsOnly) {
    auto with = rules;
    with.caller_uploads = 1;
    set_rules(with);
    policy::Caller const anonymous{"", {}, "192.0.2.1"};
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(append_as(parts, anonymous, start_as(anonymous), "bytes").has_value());
    auto const bobs = start_as(bob);
    ASSERT_TRUE(append_as(parts, bob, bobs, "bytes").has_value());
    auto const first = start_as(ann);
    ASSERT_TRUE(append_as(parts, ann, first, "bytes").has_value());
    ASSERT_TRUE(append_as(parts, ann, start_as(ann), "bytes").has_value());
    EXPECT_EQ(run(registry::upload_offset(parts, ref(ann, name, first))).error().code, Errc::upload_unknown);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(bob, name, bobs))).value(), 5U);
    EXPECT_EQ(rows(), 5U) << "an address is not a caller";
}

TEST_F(UploadSessionsTest, AWholeBlobSentAgainIsNotTakenForTheFirstOne) {
    auto const id = start();
    std::string const text(5000, 'x');
    TextSource broken(text, 4200);
    (void)run(registry::finish_upload(parts, ref(id), {broken, {}, text.size()}, sha256(text)));
    std::string const other_text(5000, 'y');
    TextSource other(other_text, 4200);
    (void)run(registry::finish_upload(parts, ref(id), {other, {}, other_text.size()}, sha256(text)));
    forget_memory();
    EXPECT_EQ(offset(id).value(), 4200U);
    EXPECT_TRUE(finish(id, sha256(std::string(4200, 'y'))).has_value());
}
