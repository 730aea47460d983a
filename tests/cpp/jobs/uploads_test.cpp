#include "jobs/uploads.h"

#include "registry/fixture.h"

#include <set>

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

/// A store that cannot remove some uploads, and counts how often any is opened.
class FailingStore final : public blob::BlobStore {
  public:
    explicit FailingStore(blob::BlobStore& store) : store_(store) {}
    std::set<Uuid> broken;  ///< that cannot be removed
    int opened = 0;

    Task<Result<std::unique_ptr<blob::Upload>>> create(Uuid id, oci::Algorithm algorithm) override {
        return store_.create(id, algorithm);
    }
    Task<Result<std::unique_ptr<blob::Upload>>> resume(Uuid id, oci::Algorithm algorithm,
                                                       std::string state) override {
        ++opened;
        return store_.resume(id, algorithm, std::move(state));
    }
    Task<Result<>> discard(Uuid id) override {
        if (broken.contains(id)) co_return Error{Errc::io, "cannot remove it"};
        co_return co_await store_.discard(id);
    }
    Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) override {
        return store_.put(digest, bytes);
    }
    Task<Result<std::uint64_t>> stat(oci::Digest const& digest) override { return store_.stat(digest); }
    Task<Result<std::unique_ptr<blob::Blob>>> open(oci::Digest const& digest) override {
        return store_.open(digest);
    }
    Task<Result<>> check() override { return store_.check(); }

  private:
    blob::BlobStore& store_;
};

class UploadJobsTest : public RegistryTest {
  protected:
    jobs::Round round;

    std::size_t expire(std::chrono::seconds age) {
        return run(jobs::expire_uploads(parts, age, round, log, metrics)).value();
    }
    /// A process that starts `later` by the clock of the machine.
    void start_again(std::chrono::seconds later, std::chrono::seconds age) {
        steady.advance(later);
        sessions = std::make_unique<registry::UploadSessions>(key, steady, random);
        rebuild();
        ASSERT_TRUE(run(jobs::adopt_uploads(parts, age)).has_value());
    }
    Uuid begun() {
        auto const id = start();
        EXPECT_TRUE(append(id, "bytes").has_value());
        return id;
    }
    bool lives(Uuid id) { return run(registry::upload_offset(parts, ref(id))).has_value(); }
};

}  // namespace

TEST_F(UploadJobsTest, EndsSessionsOverTheAgeAndNoOthers) {
    auto const old = begun();
    auto const busy = begun();
    auto const held = run(registry::lock_session(parts, ref(busy), registry::IfLocked::refuse));
    steady.advance(hours(2));
    auto const young = begun();
    EXPECT_EQ(expire(hours(1)), 1U);
    EXPECT_FALSE(lives(old));
    EXPECT_TRUE(lives(young));
    EXPECT_EQ(run(blobs.uploads()).value().size(), 2U);
}

TEST_F(UploadJobsTest, TheAgeIsTheTimeSinceTheLastByte) {
    auto const fed = begun();
    auto const idle = begun();
    for (int hour = 0; hour < 10; ++hour) {
        steady.advance(minutes(50));
        ASSERT_TRUE(append(fed, "more").has_value());
        expire(hours(1));
    }
    EXPECT_TRUE(lives(fed));
    EXPECT_FALSE(lives(idle));
}

TEST_F(UploadJobsTest, TheAgeIsTheTimeSinceTheLastByteAfterAKillToo) {
    rules.upload_age = hours(16);
    forget_memory();
    auto const fed = begun();
    for (int step = 0; step < 40; ++step) {
        steady.advance(minutes(30));
        ASSERT_TRUE(append(fed, "more").has_value());
    }
    forget_memory();
    steady.advance(hours(16) - minutes(1));
    EXPECT_EQ(expire(hours(16)), 0U);
    steady.advance(hours(2));
    EXPECT_EQ(expire(hours(16)), 1U);
}

TEST_F(UploadJobsTest, ALookAtASessionMakesItNoOlder) {
    rules.upload_age = hours(16);
    forget_memory();
    auto const id = begun();
    steady.advance(minutes(50));
    ASSERT_TRUE(append(id, "more").has_value());  // Not recorded: the row is younger than age / 16.
    forget_memory();
    EXPECT_TRUE(lives(id));
    steady.advance(hours(16) - minutes(1));
    EXPECT_EQ(expire(hours(16)), 0U);
    EXPECT_TRUE(lives(id));
    steady.advance(hours(1));
    EXPECT_EQ(expire(hours(16)), 1U);
}

TEST_F(UploadJobsTest, NothingExpiresWithoutAnAge) {
    auto const id = begun();
    steady.advance(hours(10'000));
    EXPECT_EQ(expire(hours(0)), 0U);
    EXPECT_TRUE(lives(id));
}

TEST_F(UploadJobsTest, WhoSetsTheClockEndsNothing) {
    auto const id = begun();
    clock.advance(hours(24 * 365));
    EXPECT_EQ(expire(hours(1)), 0U);
    clock.advance(-hours(2 * 24 * 365));
    EXPECT_EQ(expire(hours(1)), 0U);
    EXPECT_TRUE(lives(id));
    steady.advance(hours(2));
    EXPECT_EQ(expire(hours(1)), 1U);
}

TEST_F(UploadJobsTest, AClockThatJumpedFromOneStartToTheNextEndsNothingEarly) {
    constexpr auto age = hours(168);
    auto const id = begun();
    EXPECT_EQ(expire(age), 0U);
    start_again(hours(24 * 365), age);
    EXPECT_EQ(expire(age), 0U) << "a year of down time counts as a day";
    EXPECT_TRUE(lives(id));
    start_again(-hours(2 * 24 * 365), age);
    EXPECT_EQ(expire(age), 0U);
    steady.advance(age - hours(1));
    EXPECT_EQ(expire(age), 0U) << "none is of the future";
    steady.advance(hours(24));
    EXPECT_EQ(expire(age), 1U) << "but it does expire";
}

TEST_F(UploadJobsTest, StartsOfEveryDayKeepNothingForEver) {
    constexpr auto age = hours(168);
    begun();
    std::size_t ended = 0;
    for (int day = 0; day < 9 && ended == 0; ++day) {
        start_again(hours(24), age);
        ended = expire(age);
    }
    EXPECT_EQ(ended, 1U);
}

TEST_F(UploadJobsTest, EndsSessionsOfAnEarlierProcessWithoutOpeningTheirBytes) {
    begun();
    forget_memory();
    FailingStore store(blobs);
    registry::Registry with{store, *meta, open_gate, clock, random, *sessions, manifests, rules};
    steady.advance(hours(2));
    EXPECT_EQ(run(jobs::expire_uploads(with, hours(1), round, log, metrics)).value(), 1U);
    EXPECT_EQ(store.opened, 0);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
    EXPECT_EQ(sessions->size(), 0U);
}

TEST_F(UploadJobsTest, OneThatCannotBeRemovedStopsNoOther) {
    std::vector<Uuid> ids;
    for (int i = 0; i < 250; ++i) {
        ids.push_back(begun());
        steady.advance(std::chrono::seconds(1));
    }
    forget_memory();
    FailingStore store(blobs);
    store.broken = {ids[0], ids[100], ids[249]};
    registry::Registry with{store, *meta, open_gate, clock, random, *sessions, manifests, rules};
    steady.advance(hours(2));
    EXPECT_EQ(run(jobs::expire_uploads(with, hours(1), round, log, metrics)).value(), 247U);
    EXPECT_EQ(run(blobs.uploads()).value().size(), 3U);
    EXPECT_NE(sink.text().find("upload not expired"), std::string::npos);
    EXPECT_NE(metrics.text().find("ocilot_uploads_not_expired_total 3"), std::string::npos);
}

TEST_F(UploadJobsTest, ACancelledRoundEndsBeforeTheNextUpload) {
    auto const kept = begun();
    steady.advance(hours(2));
    round.cancel();
    EXPECT_EQ(run(jobs::expire_uploads(parts, hours(1), round, log, metrics)).error().code, Errc::cancelled);
    EXPECT_EQ(run(blobs.uploads()).value(), std::vector{kept});
    round.reset();
    EXPECT_EQ(expire(hours(1)), 1U);
}

TEST_F(UploadJobsTest, SweepsBytesThatNoSessionKnows) {
    auto const kept = begun();
    ASSERT_TRUE(run(blobs.create(Uuid::random(random), oci::Algorithm::sha256)).has_value());
    ASSERT_EQ(run(blobs.uploads()).value().size(), 2U);
    EXPECT_EQ(run(jobs::sweep_orphaned_uploads(parts, blobs)).value(), 1U);
    EXPECT_EQ(run(blobs.uploads()).value(), std::vector{kept});
}
