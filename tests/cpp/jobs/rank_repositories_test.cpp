#include "jobs/rank_repositories.h"

#include "jobs/collector_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;

namespace {

class RankRepositoriesTest : public test::CollectorTest {
  protected:
    /// An image whose layer has this size.
    void push_to(std::string_view repository_name, std::string_view tag_name, std::size_t size) {
        auto const to = repository(repository_name);
        auto const config = push("{}");
        auto const layer = push(std::string(size, tag_name.back()));
        for (auto const& blob : {config, layer}) {
            ASSERT_TRUE(run(registry::mount_blob(parts, nobody, name, to, blob)).has_value());
        }
        auto const text = image(config, {layer});
        registry::ManifestUpload upload{nobody, to, tag(tag_name), {}, oci_manifest, text};
        ASSERT_TRUE(run(registry::push_manifest(parts, std::move(upload))).has_value());
    }
    std::vector<std::string> sorted(meta::RepositoryOrder order) {
        std::vector<std::string> names;
        meta::RepositoryQuery const query{.order = order, .descending = true, .prefix = "by/"};
        for (auto const& row : run(meta->catalog().admin().sorted(query)).value().items) {
            names.push_back(row.name);
        }
        return names;
    }
    std::size_t look() { return run(ranks.round(round)).value(); }

    jobs::RankRepositories ranks{*meta};
};

}  // namespace

TEST_F(RankRepositoriesTest, WhatHasChangedIsSortedAgain) {
    using enum meta::RepositoryOrder;
    push_to("by/large", "a", 1000);
    pass(std::chrono::seconds(1));
    push_to("by/small", "b", 10);
    EXPECT_GT(look(), 0U);
    EXPECT_THAT(sorted(bytes), ElementsAre("by/large", "by/small"));
    EXPECT_THAT(sorted(pushed), ElementsAre("by/small", "by/large"));
    EXPECT_EQ(look(), 0U) << "nothing has changed";
    pass(std::chrono::seconds(1));
    push_to("by/large", "c", 1);
    push_to("by/small", "d", 5000);
    pass(std::chrono::seconds(1));
    push_to("by/large", "e", 2);
    EXPECT_THAT(sorted(bytes), ElementsAre("by/large", "by/small")) << "the order stays while pushes come";
    EXPECT_GT(look(), 0U);
    EXPECT_THAT(sorted(bytes), ElementsAre("by/small", "by/large"));
    EXPECT_THAT(sorted(pushed), ElementsAre("by/large", "by/small"));
}

/// The collection writes no change for each blob that it takes.
TEST_F(RankRepositoriesTest, WhatIsCollectedIsSortedAgain) {
    push_to("by/large", "a", 1000);
    push_to("by/small", "b", 100);
    look();
    ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, repository("by/large"), tag("a"))).has_value());
    push_to("by/large", "c", 1);
    look();
    EXPECT_THAT(sorted(meta::RepositoryOrder::bytes), ElementsAre("by/large", "by/small"));
    collect();
    for (int i = 0; i < 2; ++i) {
        pass(grace + pending + std::chrono::seconds(1));
        collect_all();
    }
    look();
    EXPECT_THAT(sorted(meta::RepositoryOrder::bytes), ElementsAre("by/small", "by/large"));
}
