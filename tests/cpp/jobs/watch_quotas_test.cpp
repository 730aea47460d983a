#include "jobs/watch_quotas.h"

#include "registry/fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

namespace {

class WatchQuotasTest : public RegistryTest {
  protected:
    void limit_repositories(meta::QuotaLimits limits) {
        rules.quotas = {{{oci::RepositoryPattern::parse("team/**").value()}, limits}};
        rebuild();
    }
    void set_tags(int first, int last) {
        auto const text = image(push("{}"), {push("layer")});
        for (int i = first; i <= last; ++i) {
            ASSERT_TRUE(push_manifest(text, tag("t" + std::to_string(i))).has_value());
        }
    }
    void delete_tag(std::string_view name_of_tag) {
        ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, name, tag(name_of_tag))).has_value());
    }
    /// The reports of a round.
    std::vector<meta::Change> look() {
        auto const before = reports().size();
        auto const count = run(watch->round(round)).value();
        auto all = reports();
        EXPECT_EQ(all.size(), before + count);
        all.resize(count);  // The youngest are first.
        return all;
    }
    std::vector<std::string> texts() {
        std::vector<std::string> found;
        for (auto const& change : look()) found.push_back(change.text);
        std::ranges::sort(found);
        return found;
    }
    std::vector<meta::Change> reports() {
        return run(meta->journal().entries({.action = "quota.warn"})).value().items;
    }
    void restart_watch() { watch.emplace(parts, false, log); }

    jobs::Round const round;
    std::optional<jobs::WatchQuotas> watch{std::in_place, parts, false, log};
};

constexpr auto eight_of_ten = "the quota of repository team/app is 10 tags; 8 are used, 80 %";

}  // namespace

TEST_F(WatchQuotasTest, ReportARepositoryOnceForEachCrossing) {
    limit_repositories({.tags = 10});
    EXPECT_THAT(texts(), IsEmpty());
    set_tags(1, 7);
    EXPECT_THAT(texts(), IsEmpty());
    set_tags(8, 8);
    auto const found = look();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text, eight_of_ten);
    EXPECT_EQ(found[0].repository, "team/app");
    EXPECT_EQ(found[0].by.kind, "system");
    EXPECT_FALSE(found[0].refused);
    EXPECT_THAT(found[0].details.counts, ElementsAre(Pair("tags", 8U), Pair("quota_tags", 10U)));
    set_tags(9, 10);
    EXPECT_THAT(texts(), IsEmpty()) << "once";
    delete_tag("t10");
    delete_tag("t9");
    delete_tag("t8");
    EXPECT_THAT(texts(), IsEmpty());
    set_tags(8, 8);
    EXPECT_THAT(texts(), ElementsAre(eight_of_ten)) << "it was below 75 %";
}

TEST_F(WatchQuotasTest, OfOneTagAreToldAsOfOne) {
    limit_repositories({.tags = 1});
    set_tags(1, 1);
    EXPECT_THAT(texts(), ElementsAre("the quota of repository team/app is 1 tag; 1 is used, 100 %"));
}

TEST_F(WatchQuotasTest, AreNotReportedAgainWhereUsageGoesUpAndDownALittle) {
    limit_repositories({.tags = 20});
    set_tags(1, 16);
    EXPECT_EQ(look().size(), 1U);
    delete_tag("t16");
    EXPECT_EQ(look().size(), 0U) << "75 % are still used";
    set_tags(16, 16);
    EXPECT_EQ(look().size(), 0U);
}

TEST_F(WatchQuotasTest, RememberWhatTheyReportedAcrossARestart) {
    set_tags(1, 1);
    limit_repositories({.bytes = 1});
    restart_watch();
    EXPECT_EQ(look().size(), 1U) << "what was there before the first round";
    restart_watch();
    EXPECT_EQ(look().size(), 0U);
    limit_repositories({.bytes = 1'000'000});
    restart_watch();
    EXPECT_EQ(look().size(), 0U) << "a larger quota";
    limit_repositories({.bytes = 1});
    restart_watch();
    EXPECT_EQ(look().size(), 1U) << "the smaller one again";
}

TEST_F(WatchQuotasTest, OfCallersNameTheCaller) {
    meta = meta::SqliteStore::open(":memory:", log, metrics, meta::CallerCounting::on).value();
    registry::CallerQuota quota{.callers = {}, .limits = {.tags = 5}};
    for (auto const* const who : {"user:*", "anonymous"}) {
        quota.callers.push_back(policy::Subject::parse(who, policy::Subject::Names::patterns).value());
    }
    rules.caller_quotas = {std::move(quota)};
    rebuild();
    restart_watch();
    EXPECT_THAT(texts(), IsEmpty());
    set_tags(1, 4);
    auto found = look();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text, "the quota of anonymous callers is 5 tags; 4 are used, 80 %");
    EXPECT_EQ(found[0].repository, "");
    EXPECT_EQ(found[0].name, "anonymous");
    EXPECT_EQ(found[0].by.kind, "anonymous");
    nobody.kind = policy::CallerKind::user;
    nobody.name = "alice";
    set_tags(10, 14);
    found = look();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].text, "the quota of user alice is 5 tags; 5 are used, 100 %");
    EXPECT_EQ(found[0].name, "user:alice");
    EXPECT_EQ(found[0].by.name, "alice");
    EXPECT_EQ(found[0].by.kind, "user");
    restart_watch();
    EXPECT_EQ(look().size(), 0U);
}

TEST_F(WatchQuotasTest, OfNothingAreNotReported) {
    set_tags(1, 1);
    limit_repositories({.bytes = 0, .tags = 0});
    restart_watch();
    EXPECT_EQ(look().size(), 0U) << "each push is refused anyway";
}
