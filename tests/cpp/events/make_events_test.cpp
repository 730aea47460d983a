#include "events/make_events.h"

#include "events/event_id.h"
#include "events/event_json.h"
#include "events/make_change.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace ocilot;
using namespace ocilot::test;
using events::Action;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

std::vector<Action> actions_of(meta::Change const& change) {
    std::vector<Action> found;
    for (auto const& event : events::make_events(change)) found.push_back(event.action);
    return found;
}

nlohmann::ordered_json json_of(events::Event const& event) {
    return nlohmann::ordered_json::parse(events::json_text(event));
}

}  // namespace

TEST(Events, APushWithANewTagIsTwoEventsWithTagAndDigest) {
    auto const change = a_push();
    auto const made = events::make_events(change);
    ASSERT_EQ(made.size(), 2U);
    EXPECT_EQ(made[0].action, Action::manifest_pushed);
    EXPECT_EQ(made[0].tag, "v1");
    EXPECT_THAT(made[0].tags, ElementsAre("v1"));
    EXPECT_EQ(made[1].action, Action::tag_created);
    EXPECT_EQ(made[1].tag, "v1");
    for (auto const& event : made) {
        EXPECT_EQ(event.digest, change.digest);
        EXPECT_EQ(event.sequence, 42);
        EXPECT_EQ(event.time, change.at);
        EXPECT_EQ(event.repository, "team/app");
        EXPECT_EQ(event.by, change.by);
        EXPECT_EQ(event.size, 1234U);
        EXPECT_EQ(event.previous_digest, "");
    }
    EXPECT_NE(made[0].id, made[1].id);
}

TEST(Events, ATagThatMovedIsToldByItsOwnChange) {
    auto push = a_push();
    push.details.tags = {{"v1", "sha256:old"}, {"new", ""}};
    EXPECT_THAT(actions_of(push), ElementsAre(Action::manifest_pushed, Action::tag_created));
    meta::Change move{
        .id = 43, .kind = meta::ChangeKind::tag_move, .repository = "team/app", .digest = "sha256:new"};
    move.details.tags = {{"v1", "sha256:old"}};
    auto const moved = events::make_events(move);
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(moved[0].action, Action::tag_moved);
    EXPECT_EQ(moved[0].tag, "v1");
    EXPECT_EQ(moved[0].digest, "sha256:new");
    EXPECT_EQ(moved[0].previous_digest, "sha256:old");
}

TEST(Events, WhatIsDeletedNamesItsTagsEachWithItsDigest) {
    auto change = a_push();
    change.kind = meta::ChangeKind::manifest_delete;
    change.details.tags = {{"a", change.digest}, {"b", change.digest}};
    auto const made = events::make_events(change);
    ASSERT_EQ(made.size(), 3U);
    EXPECT_EQ(made[0].action, Action::manifest_deleted);
    EXPECT_THAT(made[0].tags, ElementsAre("a", "b"));
    EXPECT_EQ(made[2].action, Action::tag_deleted);
    EXPECT_EQ(made[2].tag, "b");
    EXPECT_EQ(made[2].digest, change.digest);
    EXPECT_EQ(made[2].previous_digest, "");
    meta::Change repository{.kind = meta::ChangeKind::repository_delete, .repository = "team/app"};
    repository.details.tags = {{"a", "sha256:1"}};
    auto const gone = events::make_events(repository);
    ASSERT_EQ(gone.size(), 2U);
    EXPECT_EQ(gone[1].digest, "sha256:1");
    meta::Change tag{.kind = meta::ChangeKind::tag_delete, .repository = "team/app"};
    tag.details.tags = {{"a", "sha256:1"}};
    EXPECT_EQ(events::make_events(tag).at(0).digest, "sha256:1");
}

TEST(Events, EachOfManyTagsThatWereDeletedTogetherHasOne) {
    meta::Change change{.id = 7, .kind = meta::ChangeKind::tag_delete, .repository = "team/app"};
    change.details.tags = {{"a", "sha256:1"}, {"b", "sha256:2"}, {"c", "sha256:1"}};
    auto const made = events::make_events(change);
    ASSERT_EQ(made.size(), 3U);
    for (std::size_t at = 0; at < made.size(); ++at) {
        EXPECT_EQ(made[at].action, Action::tag_deleted);
        EXPECT_EQ(made[at].tag, change.details.tags[at].name);
        EXPECT_EQ(made[at].digest, change.details.tags[at].previous);
        EXPECT_EQ(made[at].sequence, 7);
    }
    EXPECT_NE(made[0].id, made[1].id);
    EXPECT_NE(made[1].id, made[2].id);
}

TEST(Events, APushIsTopLevelByItsTagsUnlessItRefersToAnother) {
    auto const top_level = [](meta::Change const& change) {
        auto const made = events::make_events(change);
        for (auto const& event : made) EXPECT_EQ(event.top_level, made[0].top_level);
        return made[0].top_level;
    };
    auto push = a_push();
    EXPECT_EQ(top_level(push), true);
    auto const referrers = "sha256-" + std::string(64, 'a');
    push.details.tags = {{referrers}, {referrers + ".sig"}};
    EXPECT_EQ(top_level(push), false);
    push.details.tags.push_back({"v1"});
    EXPECT_EQ(top_level(push), true);
    push.details.subject = "sha256:s";
    EXPECT_EQ(top_level(push), false);
    EXPECT_FALSE(json_of(events::make_events(a_push("")).at(0)).contains("top_level"))
        << "its index comes later";
    push.kind = meta::ChangeKind::manifest_delete;
    EXPECT_EQ(top_level(push), std::nullopt);
    EXPECT_FALSE(json_of(events::make_events(push).at(0)).contains("parents"));
    push.details.parents = {"sha256:p"};
    EXPECT_EQ(json_of(events::make_events(push).at(0))["parents"][0], "sha256:p");
}

TEST(Events, APushHasItsAnnotations) {
    auto push = a_push();
    EXPECT_FALSE(json_of(events::make_events(push).at(0)).contains("annotations"));
    push.details.annotations = R"({"a":"b"})";
    push.details.more_annotations = 2;
    auto const json = json_of(events::make_events(push).at(0));
    EXPECT_EQ(json["annotations"]["a"], "b");
    EXPECT_EQ(json["annotations_total"], 3);
    for (auto const* damaged : {"{", "[]", "7"}) {
        push.details.annotations = damaged;
        EXPECT_FALSE(json_of(events::make_events(push).at(0)).contains("annotations")) << damaged;
    }
}

TEST(Events, TheFirstPushToARepositoryHasCreatedIt) {
    auto push = a_push();
    auto const usual = events::make_events(push);
    push.details.first = true;
    auto const made = events::make_events(push);
    EXPECT_THAT(actions_of(push),
                ElementsAre(Action::repository_created, Action::manifest_pushed, Action::tag_created));
    EXPECT_EQ(made[0].repository, "team/app");
    EXPECT_EQ(made[0].digest, "");
    EXPECT_EQ(made[0].by, push.by);
    EXPECT_EQ(made[1].id, usual[0].id);
    EXPECT_EQ(made[2].id, usual[1].id);
    EXPECT_NE(made[0].id, made[1].id);
    EXPECT_NE(made[0].id, made[2].id);
}

TEST(Events, WhatRetentionAndTheCollectionRemoveNamesItsCause) {
    meta::Change change{.kind = meta::ChangeKind::tag_delete, .repository = "team/app"};
    change.details.tags = {{"a", "sha256:1"}};
    EXPECT_FALSE(json_of(events::make_events(change).at(0)).contains("cause"));
    change.by = {.name = "retention", .kind = "system"};
    EXPECT_EQ(json_of(events::make_events(change).at(0))["cause"]["kind"], "retention");
    change.by = {.name = "retention", .kind = "user"};
    EXPECT_EQ(events::make_events(change).at(0).cause, "") << "a person may be called so";
    EXPECT_EQ(
        events::make_events(
            {.kind = meta::ChangeKind::manifest_collect, .by = {.kind = "system"}, .repository = "team/app"})
            .at(0)
            .cause,
        "collection");
}

TEST(Events, WhatRetentionDeletesNamesThePlanAndTheRule) {
    meta::Change change{.kind = meta::ChangeKind::manifest_delete, .repository = "team/app"};
    change.details.tags = {{"a", "sha256:1"}};
    change.by = {.name = "retention", .kind = "system", .cause = {.id = "7", .rule = "old.delete.0"}};
    nlohmann::ordered_json const cause{{"kind", "retention"}, {"id", "7"}, {"rule", "old.delete.0"}};
    auto const made = events::make_events(change);
    ASSERT_EQ(made.size(), 2U);
    for (auto const& event : made) EXPECT_EQ(json_of(event)["cause"], cause);
    change.by.cause = {};
    EXPECT_EQ(json_of(events::make_events(change).at(0))["cause"].size(), 1U) << "an older entry";
}

TEST(Events, TheActorHasGroupsAndATokenIfTheyAreKnown) {
    auto push = a_push();
    nlohmann::ordered_json expected{{"name", "ann"}, {"kind", "user"}};
    EXPECT_EQ(json_of(events::make_events(push).at(0))["actor"], expected);
    push.by.groups = {"ci", "dev"};
    push.by.token = "0123456789abcdef";
    expected["groups"] = {"ci", "dev"};
    expected["token_id"] = "0123456789abcdef";
    for (auto const& event : events::make_events(push)) {
        EXPECT_EQ(json_of(event)["actor"], expected);
    }
}

TEST(Events, PullsSayFromWhenToWhenTheyAre) {
    auto pull = a_pull();
    auto const older = json_of(events::make_events(pull).at(0));
    for (auto const* const member : {"first", "last", "sampled"}) EXPECT_FALSE(older.contains(member));
    pull.details.pulls = {.first = pull.at, .last = pull.at + std::chrono::seconds(1), .sampled = false};
    auto const json = json_of(events::make_events(pull).at(0));
    EXPECT_EQ(json["first"], rfc3339(pull.at));
    EXPECT_EQ(json["last"], rfc3339(pull.at + std::chrono::seconds(1)));
    EXPECT_EQ(json["sampled"], false);
}

TEST(Events, QuotasPlansAndRoundsSayWhyAndHowMuch) {
    auto const exceeded = events::make_events(
        {.kind = meta::ChangeKind::quota_exceed, .repository = "team/app", .text = "the quota is 10 tags"});
    ASSERT_EQ(exceeded.size(), 1U);
    EXPECT_EQ(exceeded[0].action, Action::quota_exceeded);
    EXPECT_EQ(exceeded[0].reason, "the quota is 10 tags");
    meta::Change nearly{.kind = meta::ChangeKind::quota_warn,
                        .by = {.name = "quotas", .kind = "system"},
                        .repository = "team/app",
                        .text = "8 of 10 tags"};
    nearly.details.counts = {{"tags", 8}, {"quota_tags", 10}};
    auto const warned = events::make_events(nearly);
    ASSERT_EQ(warned.size(), 1U);
    EXPECT_EQ(warned[0].action, Action::quota_warning);
    EXPECT_EQ(warned[0].reason, "8 of 10 tags");
    EXPECT_EQ(warned[0].cause, "") << "nothing was removed";
    EXPECT_EQ(json_of(warned[0])["counts"]["quota_tags"], 10);
    meta::Change plan{.kind = meta::ChangeKind::retention_wait, .name = "7", .text = "first plan"};
    plan.details.counts = {{"tags", 3}, {"manifests", 0}};
    auto const waiting = events::make_events(plan);
    ASSERT_EQ(waiting.size(), 1U);
    EXPECT_EQ(waiting[0].action, Action::retention_waiting);
    EXPECT_EQ(waiting[0].reason, "first plan");
    EXPECT_EQ(json_of(waiting[0])["counts"]["tags"], 3);
    meta::Change round{.kind = meta::ChangeKind::collection_finish, .by = {.kind = "system"}};
    round.details.counts = {{"blobs", 2}};
    auto const finished = events::make_events(round);
    ASSERT_EQ(finished.size(), 1U);
    EXPECT_EQ(finished[0].action, Action::collection_finished);
    EXPECT_EQ(finished[0].cause, "") << "it removed nothing of a repository itself";
}

TEST(Events, ARenamedRepositoryIsKnownByItsNewName) {
    auto const made = events::make_events(
        {.kind = meta::ChangeKind::repository_rename, .repository = "old", .name = "new"});
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].repository, "new");
    EXPECT_EQ(made[0].renamed_from, "old");
}

TEST(Events, PullsOfABatchAreOneEventWithTheirNumberAndNoActor) {
    auto const change = a_pull();
    auto const made = events::make_events(change);
    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].action, Action::pulled);
    EXPECT_EQ(made[0].tag, "v1");
    EXPECT_THAT(made[0].tags, IsEmpty());
    EXPECT_EQ(made[0].previous_digest, "");
    auto const json = json_of(made[0]);
    EXPECT_EQ(json["action"], "pulled");
    EXPECT_EQ(json["digest"], change.digest);
    EXPECT_EQ(json["media_type"], change.media_type);
    EXPECT_EQ(json["times"], 3);
    EXPECT_FALSE(json.contains("actor"));
    EXPECT_FALSE(json.contains("request"));
    EXPECT_EQ(events::make_events(a_pull("")).at(0).tag, "") << "by digest";
}

TEST(Events, OfAccountsTokensAndKeysReceiversAreNotTold) {
    for (auto const kind :
         {meta::ChangeKind::account_add, meta::ChangeKind::token_add, meta::ChangeKind::key_add,
          meta::ChangeKind::job_run, meta::ChangeKind::unknown}) {
        EXPECT_THAT(actions_of({.kind = kind}), IsEmpty()) << to_string(kind);
    }
    auto const refused = events::make_events({.kind = meta::ChangeKind::admit,
                                              .refused = true,
                                              .repository = "a",
                                              .text = "not signed",
                                              .times = 3});
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].action, Action::refused);
    EXPECT_EQ(refused[0].refusal, "admit");
    EXPECT_EQ(refused[0].reason, "not signed");
    EXPECT_EQ(refused[0].times, 3U);
}

TEST(Events, AnIdIsAUuidThatFollowsFromTheChangeAlone) {
    auto const time = Time(std::chrono::microseconds(1'790'000'000'123'456));
    auto const id = events::event_id(time, 42, 1);
    EXPECT_EQ(id, events::event_id(time, 42, 1));
    EXPECT_EQ(id, "01a0c450-6c7b-81c8-8000-00000000a801");
    EXPECT_NE(id, events::event_id(time, 42, 2));
    EXPECT_NE(id, events::event_id(time, 43, 1));
    EXPECT_NE(id, events::event_id(time + std::chrono::microseconds(1), 42, 1)) << "after a restore";
}

TEST(Events, JsonHasWhatIsKnownUnderNamesThatStay) {
    auto event = events::make_events(a_push()).at(0);
    event.method = "PUT";
    event.scheme = "https";
    event.host = "registry.example.com";
    event.path = "/v2/team/app/manifests/v1";
    event.user_agent = "docker/28";
    EXPECT_EQ(json_of(event).dump(),
              R"({"id":")" + event.id + R"(","sequence":42,"time":")" + rfc3339(event.time) +
                  R"(","action":"manifest.pushed","repository":"team/app","tag":"v1","digest":")" +
                  event.digest +
                  R"(","tags":["v1"],"tags_total":1,)"
                  R"("media_type":"application/vnd.oci.image.manifest.v1+json","size":1234,"top_level":true,)"
                  R"("actor":{"name":"ann","kind":"user"},"request":{"id":"5f2a","address":"192.0.2.1",)"
                  R"("method":"PUT","scheme":"https","host":"registry.example.com",)"
                  R"("path":"/v2/team/app/manifests/v1","user_agent":"docker/28"}})");
    auto const bare = json_of(events::Event{.id = "x"});
    EXPECT_FALSE(bare.contains("repository"));
    EXPECT_FALSE(bare.contains("actor"));
    EXPECT_FALSE(bare.contains("size"));
}

TEST(Events, EveryActionHasAWordOfItsOwn) {
    for (int i = 0; i <= static_cast<int>(Action::webhook_test); ++i) {
        auto const action = static_cast<Action>(i);
        EXPECT_EQ(events::parse_action(to_string(action)), action);
    }
    EXPECT_EQ(events::parse_action("push"), std::nullopt);
}
