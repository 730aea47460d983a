#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using meta::UploadFilter;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

class MetaUploadsContract : public MetaStoreContract {
  protected:
    meta::UploadFact upload(std::string caller = "ann", Time at = {}) {
        meta::UploadFact fact{Uuid::random(random), app, oci::Algorithm::sha256, std::move(caller), at};
        fact.holder = "here";
        return fact;
    }
    meta::UploadFact opened(std::string caller = "ann", Time at = {}) {
        auto fact = upload(std::move(caller), at);
        EXPECT_TRUE(run(uploads().open(fact)).has_value());
        return fact;
    }
    static UploadFilter of(oci::RepositoryName const& name) {
        return {UploadFilter::Kind::repository, name.str()};
    }
    static UploadFilter of(std::string const& caller) { return {UploadFilter::Kind::caller, caller}; }
    Errc write_error(meta::UploadClaim claim) {
        auto const written = run(uploads().write({claim, 1, "state", at(9)}));
        return written.has_error() ? written.error().code : Errc::internal;
    }

    SystemRandom random;
};

}  // namespace

OCILOT_META_KINDS(MetaUploadsContract);

TEST_P(MetaUploadsContract, AnUploadIsFoundInItsRepositoryUntilItIsClosed) {
    auto fact = upload("ann", at(5));
    fact.algorithm = oci::Algorithm::sha512;
    fact.offset = 77;
    fact.state = std::string("\0state\xff\0", 8);
    fact.last_write_at = at(7);
    ASSERT_TRUE(run(uploads().open(fact)).has_value());
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown) << "an upload does not make a repository";
    auto const found = run(uploads().find(app, fact.id)).value();
    EXPECT_EQ(found.id, fact.id);
    EXPECT_EQ(found.repository, app);
    EXPECT_EQ(found.algorithm, oci::Algorithm::sha512);
    EXPECT_EQ(found.started_by, "ann");
    EXPECT_EQ(found.started_at, at(5));
    EXPECT_EQ(found.offset, 77U);
    EXPECT_EQ(found.state, fact.state);
    EXPECT_EQ(found.holder, "here");
    EXPECT_EQ(found.epoch, 1);
    EXPECT_EQ(found.last_write_at, at(7));
    EXPECT_EQ(run(uploads().find(repo("team"), fact.id)).error().code, Errc::upload_unknown);
    EXPECT_EQ(run(uploads().find({}, fact.id)).value().repository, app);
    ASSERT_TRUE(run(uploads().close({fact.id, 1})).has_value());
    EXPECT_EQ(run(uploads().close({fact.id, 1})).error().code, Errc::upload_unknown);
    EXPECT_EQ(run(uploads().find(app, fact.id)).error().code, Errc::upload_unknown);
    EXPECT_EQ(write_error({fact.id, 1}), Errc::upload_unknown);
}

TEST_P(MetaUploadsContract, OnlyTheLatestClaimMayWrite) {
    auto const fact = opened();
    ASSERT_TRUE(run(uploads().write({{fact.id, 1}, 10, "ten", at(3)})).has_value());
    EXPECT_EQ(run(uploads().claim(repo("team"), fact.id, "there")).error().code, Errc::upload_unknown);
    auto const claimed = run(uploads().claim(app, fact.id, "there")).value();
    EXPECT_EQ(claimed.epoch, 2);
    EXPECT_EQ(claimed.holder, "there");
    EXPECT_EQ(claimed.offset, 10U);
    EXPECT_EQ(claimed.state, "ten");
    EXPECT_EQ(claimed.last_write_at, at(3));
    EXPECT_EQ(write_error({fact.id, 1}), Errc::upload_busy);
    EXPECT_EQ(run(uploads().close({fact.id, 1})).error().code, Errc::upload_busy);
    EXPECT_EQ(run(uploads().find(app, fact.id)).value().offset, 10U) << "nothing was changed";
    EXPECT_TRUE(run(uploads().write({{fact.id, 2}, 20, "twenty", at(4)})).has_value());
    EXPECT_TRUE(run(uploads().close({fact.id, 2})).has_value());
}

TEST_P(MetaUploadsContract, TheLinkOfABlobEndsItsUploadOrNeitherIsDone) {
    auto const fact = opened();
    (void)run(uploads().claim(app, fact.id, "there"));
    auto const link = [&](std::int64_t epoch) {
        return run(links().link_blob(app, {digest("b"), 1}, meta::UploadClaim{fact.id, epoch}, bob, at(2)));
    };
    EXPECT_EQ(link(1).error().code, Errc::upload_busy);
    EXPECT_EQ(run(links().blob(app, digest("b"))).error().code, Errc::blob_unknown);
    ASSERT_TRUE(link(2).has_value());
    EXPECT_TRUE(run(links().blob(app, digest("b"))).has_value());
    EXPECT_EQ(run(uploads().find(app, fact.id)).error().code, Errc::upload_unknown);
    EXPECT_EQ(link(2).error().code, Errc::upload_unknown);
}

TEST_P(MetaUploadsContract, ManyAreWrittenAtOnceAndThoseLostAreLeftOut) {
    auto const first = opened();
    auto const lost = opened();
    auto const last = opened();
    (void)run(uploads().claim(app, lost.id, "there"));
    std::vector<meta::UploadProgress> progress;
    for (auto const& fact : {first, lost, last}) progress.push_back({{fact.id, 1}, 5, "five", at(9)});
    progress.push_back({{Uuid::random(random), 1}, 5, "five", at(9)});
    ASSERT_TRUE(run(uploads().write_all(std::move(progress))).has_value());
    EXPECT_EQ(run(uploads().find(app, first.id)).value().offset, 5U);
    EXPECT_EQ(run(uploads().find(app, lost.id)).value().offset, 0U);
    EXPECT_EQ(run(uploads().find(app, last.id)).value().offset, 5U);
}

TEST_P(MetaUploadsContract, UploadsAreCountedByRepositoryAndByCaller) {
    opened("ann");
    opened("");
    auto other = upload("ann");
    other.repository = repo("team");
    ASSERT_TRUE(run(uploads().open(other)).has_value());
    EXPECT_EQ(run(uploads().count(of(app))).value(), 2U);
    EXPECT_EQ(run(uploads().count(of(repo("team")))).value(), 1U);
    EXPECT_EQ(run(uploads().count(of("ann"))).value(), 2U);
    EXPECT_EQ(run(uploads().count(of("bob"))).value(), 0U);
    EXPECT_EQ(run(uploads().count(of(""))).value(), 0U) << "who has no name is not one caller";
}

TEST_P(MetaUploadsContract, TheLongestIdleComeFirst) {
    for (int const second : {30, 10, 20, 40}) opened("ann", at(second));
    opened("bob", at(5));
    auto const times = [](std::vector<meta::UploadFact> const& uploads) {
        std::vector<Time> out;
        for (auto const& one : uploads) out.push_back(one.last_write_at);
        return out;
    };
    EXPECT_THAT(times(run(uploads().oldest(of("ann"), {}, 2)).value()), ElementsAre(at(10), at(20)));
    EXPECT_THAT(times(run(uploads().oldest(of(app), {}, 2)).value()), ElementsAre(at(5), at(10)));
    EXPECT_THAT(times(run(uploads().oldest(of(""), {}, 2)).value()), IsEmpty());
    auto const second = run(uploads().oldest(of(app), {}, 2)).value().back();
    meta::UploadCursor const after_second{second.last_write_at, second.id};
    EXPECT_THAT(times(run(uploads().oldest(of(app), after_second, 2)).value()), ElementsAre(at(20), at(30)));
    EXPECT_THAT(times(run(uploads().oldest(of("ann"), after_second, 9)).value()),
                ElementsAre(at(20), at(30), at(40)));
    auto const idle = [&](Time before, std::optional<meta::UploadCursor> place, std::size_t limit) {
        return run(uploads().idle_since(before, place, limit)).value();
    };
    auto const page = idle(at(40), {}, 2);
    EXPECT_THAT(times(page), ElementsAre(at(5), at(10)));
    EXPECT_THAT(times(idle(at(40), meta::UploadCursor{page.back().last_write_at, page.back().id}, 9)),
                ElementsAre(at(20), at(30)));
    EXPECT_THAT(times(idle(at(5), {}, 9)), IsEmpty());
}

TEST_P(MetaUploadsContract, TimeThatDoesNotCountMakesAllYoungerButNoneOfTheFuture) {
    auto const old = opened("ann", at(10));
    auto const young = opened("ann", at(90));
    auto const future = opened("ann", at(500));
    ASSERT_TRUE(run(uploads().exchange_run_record({at(50), "before"})).has_value());
    auto const before = run(uploads().begin_run({at(100)}, std::chrono::seconds(20))).value();
    EXPECT_EQ(before.value().text, "before");
    EXPECT_EQ(run(uploads().find(app, old.id)).value().last_write_at, at(40));
    EXPECT_EQ(run(uploads().find(app, young.id)).value().last_write_at, at(100));
    EXPECT_EQ(run(uploads().find(app, future.id)).value().last_write_at, at(100));
}

TEST_P(MetaUploadsContract, TheKeyIsTheFirstAndTheNoteTheLast) {
    meta::UploadKey first{};
    first.fill(std::byte{1});
    meta::UploadKey second{};
    EXPECT_EQ(run(uploads().key(first)).value(), first);
    EXPECT_EQ(run(uploads().key(second)).value(), first);
    EXPECT_FALSE(run(uploads().exchange_run_record({at(1), "one"})).value().has_value());
    auto const one = run(uploads().exchange_run_record({at(3)})).value();
    EXPECT_EQ(one.value().at, at(1));
    EXPECT_EQ(one.value().text, "one");
    EXPECT_EQ(run(uploads().exchange_run_record({at(2)})).value().value().text, "");
}
