#include "events/filter.h"

#include "events/make_change.h"
#include "events/make_events.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using events::Action;
using events::Filter;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

events::Event an_event(std::string tag = "v1") {
    return events::make_events(a_push(std::move(tag))).at(0);
}

events::Event a_blob() {
    return events::make_events({.kind = meta::ChangeKind::blob_push, .repository = "team/app"}).at(0);
}

oci::RepositoryPattern pattern(std::string_view text) {
    return oci::RepositoryPattern::parse(text).value();
}

retention::Glob glob(std::string_view text) {
    return retention::Glob::parse(text).value();
}

}  // namespace

TEST(Filter, WithoutConditionsGetsWhatChangesImagesAndTags) {
    EXPECT_TRUE(Filter().matches(an_event()));
    EXPECT_FALSE(Filter().matches(a_blob())) << "twenty of them in each push";
    EXPECT_FALSE(Filter().matches({.action = Action::pulled}));
    EXPECT_TRUE(Filter().matches({.action = Action::webhook_test}));
    EXPECT_TRUE(Filter{.actions = {Action::blob_pushed}}.matches(a_blob()));
    EXPECT_FALSE(Filter{.actions = {Action::blob_pushed}}.matches(an_event()));
}

TEST(Filter, AllConditionsHaveToFit) {
    Filter const filter{.repositories = {pattern("other"), pattern("team/**")},
                        .except = {pattern("team/secret")},
                        .tags = {glob("v*")},
                        .media_types = {glob("application/vnd.oci.image.*")},
                        .callers = {glob("ann")}};
    EXPECT_TRUE(filter.matches(an_event()));
    auto event = an_event();
    event.repository = "team/secret";
    EXPECT_FALSE(filter.matches(event));
    event = an_event();
    event.repository = "elsewhere";
    EXPECT_FALSE(filter.matches(event));
    EXPECT_FALSE(filter.matches(an_event("latest")));
    EXPECT_FALSE(filter.matches(an_event(""))) << "content without a tag has none that fits";
    event = an_event();
    event.media_type = "text/plain";
    EXPECT_FALSE(filter.matches(event));
    event = an_event();
    event.by.name = "bob";
    EXPECT_FALSE(filter.matches(event));
}

TEST(Filter, ArtifactsAreFoundByTheirType) {
    Filter const filter{.artifact_types = {glob("application/vnd.example.*")}};
    EXPECT_FALSE(filter.matches(an_event()));
    auto event = an_event("");
    event.artifact_type = "application/vnd.example.sbom";
    EXPECT_TRUE(filter.matches(event));
}

TEST(Filter, IgnoresWhatDistributionIgnores) {
    Filter const filter{.actions = events::parse_actions("*").value(),
                        .ignored_media_types = {"application/octet-stream"},
                        .ignored_actions = {"delete"}};
    EXPECT_FALSE(filter.matches(a_blob()));
    EXPECT_TRUE(filter.matches(an_event()));
    auto deleted = a_push();
    deleted.kind = meta::ChangeKind::manifest_delete;
    for (auto const& event : events::make_events(deleted)) EXPECT_FALSE(filter.matches(event));
}

TEST(Filter, ActionsAreNamedAloneOrAsAFamily) {
    EXPECT_THAT(events::parse_actions("tag.moved").value(), ElementsAre(Action::tag_moved));
    EXPECT_THAT(
        events::parse_actions("tag.*").value(),
        ElementsAre(Action::tag_created, Action::tag_moved, Action::tag_deleted, Action::tag_restored));
    EXPECT_EQ(events::parse_actions("*").value().size(), static_cast<std::size_t>(Action::webhook_test) + 1);
    auto const refused = events::parse_actions("push");
    EXPECT_EQ(refused.error().code, Errc::config);
    EXPECT_THAT(refused.error().message, HasSubstr("manifest.pushed"));
}
