#include "meta/change_details.h"
#include "meta/change_text.h"
#include "meta/told_groups.h"

#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>

using namespace ocilot;
using meta::Change;
using meta::ChangeKind;

namespace {

/// What is read of what was written, into a change whose columns are read.
Change again(Change const& change) {
    auto const json = details_to_json(change, change.by);
    EXPECT_TRUE(json.empty() || nlohmann::json::accept(json)) << json;
    Change read{.kind = change.kind, .digest = change.digest, .name = change.name};
    if (change.kind == ChangeKind::tag_move || change.kind == ChangeKind::tag_delete) {
        read.digest.clear();
        read.details.tags = {{change.details.tags.at(0).name}};
    }
    EXPECT_TRUE(details_from_json(json, read).has_value()) << json;
    return read;
}

}  // namespace

TEST(Change, EveryKindHasAWordOfItsOwn) {
    for (auto kind = ChangeKind::unknown; kind <= ChangeKind::limit;
         kind = static_cast<ChangeKind>(static_cast<int>(kind) + 1)) {
        EXPECT_EQ(meta::parse_change_kind(to_string(kind)), kind) << to_string(kind);
    }
    EXPECT_EQ(to_string(ChangeKind::limit), "limit");
    EXPECT_EQ(to_string(ChangeKind::tag_move), "tag.move");
    EXPECT_EQ(meta::parse_change_kind("of.tomorrow"), ChangeKind::unknown);
}

TEST(Change, TagsThatWereDeletedTogetherAreAllRead) {
    Change gone{.kind = ChangeKind::tag_delete};
    gone.details.tags = {{"a", "sha256:1"}, {"b", "sha256:2"}, {"c"}};
    EXPECT_EQ(again(gone).details, gone.details);
    EXPECT_EQ(subject_of(gone), "a");
    EXPECT_EQ(detail_of(gone), "sha256:1, with 2 other tags");
}

TEST(Change, PullsAreOfADigestAndSayByWhichName) {
    Change pull{.kind = ChangeKind::manifest_pull, .digest = "sha256:a", .times = 7};
    EXPECT_EQ(subject_of(pull), "sha256:a");
    EXPECT_EQ(detail_of(pull), "by digest");
    pull.details.tags = {{"v1"}};
    EXPECT_EQ(detail_of(pull), "by tag v1");
    EXPECT_EQ(subject_of(pull), "sha256:a");
}

TEST(Change, DetailsAreReadAsTheyWereWritten) {
    Change push{.kind = ChangeKind::manifest_push, .digest = "sha256:a"};
    EXPECT_EQ(details_to_json(push, push.by), "") << "nothing is stored for nothing";
    push.details.tags = {{"v1", "sha256:b"}, {"latest"}};
    push.details.more_tags = 7;
    push.details.artifact_type = "a \"type\" with \\, \n and ü";
    push.details.subject = "sha256:s";
    push.details.annotations = R"({"a":"\"b\"","c":"ü"})";
    push.details.more_annotations = 3;
    push.details.parents = {"sha256:p", "sha256:q"};
    push.details.source = "team/app";
    push.details.first = true;
    EXPECT_EQ(again(push).details, push.details);
    Change account{.kind = ChangeKind::account_change, .name = "ann"};
    account.details.account = "ann";
    account.details.scopes = {"repository:x:pull", ""};
    account.details.refresh = true;
    account.details.set = {.robot = true,
                           .password = false,
                           .groups = std::vector<std::string>{},
                           .admin = false,
                           .disabled = true};
    account.details.counts = {{"rules", std::numeric_limits<std::uint64_t>::max()}, {"old keys", 0}};
    EXPECT_EQ(again(account).details, account.details);
    Change move{.kind = ChangeKind::tag_move, .digest = "sha256:to"};
    move.details.tags = {{"v1", "sha256:from"}};
    auto const moved = again(move);
    EXPECT_EQ(moved.details, move.details);
    EXPECT_EQ(moved.digest, "sha256:to");
}

TEST(Change, TheRequestIsReadAsItWasWritten) {
    Change push{.kind = ChangeKind::manifest_push};
    RequestRecord::Parts const parts{.method = "PUT",
                                     .scheme = "https",
                                     .host = "r.test:5000",
                                     .path = "/v2/team/app/manifests/v1",
                                     .user_agent = "docker/27 \"(linux)\"\t"};
    push.by.http = std::make_shared<RequestRecord const>(parts);
    auto const read = again(push);
    ASSERT_NE(read.by.http, nullptr);
    EXPECT_EQ(*read.by.http, *push.by.http);
    EXPECT_EQ(read.by, push.by) << "by what it says, not by where it is";
    EXPECT_EQ(again(Change{.kind = ChangeKind::manifest_push}).by.http, nullptr);
    EXPECT_NE(read.by, meta::Actor{});
}

TEST(Change, TheTraceOfARequestIsReadAsItWasWritten) {
    Change push{.kind = ChangeKind::manifest_push};
    RequestRecord::Parts parts{.method = "PUT"};
    push.by.http = std::make_shared<RequestRecord const>(parts);
    EXPECT_EQ(details_to_json(push, push.by), R"({"method":"PUT"})") << "nothing for what is not there";
    parts.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    push.by.http = std::make_shared<RequestRecord const>(parts);
    EXPECT_EQ(again(push).by, push.by);
}

TEST(Change, WhoActedAndWhyIsReadAsItWasWritten) {
    Change gone{.kind = ChangeKind::manifest_delete};
    gone.by.groups = {"ci", "a \"group\" with ü"};
    gone.by.token = "0123456789abcdef";
    EXPECT_EQ(again(gone).by, gone.by);
    gone.by = {.cause = {.id = "7", .rule = "applications.delete.0"}};
    EXPECT_EQ(details_to_json(gone, gone.by), R"({"cause_id":"7","rule":"applications.delete.0"})");
    EXPECT_EQ(again(gone).by, gone.by);
    EXPECT_NE(again(gone).by, meta::Actor{});
}

TEST(Change, TheTimesOfPullsAreReadAsTheyWereWritten) {
    Change pull{.kind = ChangeKind::manifest_pull, .digest = "sha256:a", .times = 7};
    pull.details.pulls = {.first = Time(std::chrono::microseconds(1'790'000'000'123'456)),
                          .last = Time(std::chrono::microseconds(1'790'000'060'000'001)),
                          .sampled = false};
    EXPECT_EQ(again(pull).details, pull.details);
    Change damaged{.kind = ChangeKind::manifest_pull};
    auto const* const text = R"({"first_pull":18446744073709551615,"last_pull":-1,"sampled":1})";
    ASSERT_TRUE(details_from_json(text, damaged).has_value());
    EXPECT_EQ(damaged.details.pulls, meta::ToldPulls{});
}

TEST(Change, OfManyGroupsTheFirstAreTold) {
    EXPECT_TRUE(meta::told_groups({}).empty());
    std::vector<std::string> groups;
    for (int i = 0; i < 40; ++i) groups.push_back("g" + std::to_string(i));
    auto const told = meta::told_groups(groups);
    ASSERT_EQ(told.size(), 32U);
    EXPECT_EQ(told.back(), "g31");
    EXPECT_EQ(meta::told_groups({std::string(1000, 'a'), std::string(24, 'b'), "c"}).size(), 2U);
    EXPECT_TRUE(meta::told_groups({std::string(1025, 'a'), "b"}).empty());
}

TEST(Change, TextThatIsNotUtf8IsStoredAsSome) {
    Change push{.kind = ChangeKind::manifest_push};
    push.details.artifact_type = "a\xff\xc3";
    EXPECT_EQ(again(push).details.artifact_type, "a\uFFFD\uFFFD");
}

TEST(Change, DetailsOfALaterVersionArePassedOverAndDamageIsAnError) {
    Change change{.kind = ChangeKind::blob_mount};
    ASSERT_TRUE(
        details_from_json(
            R"({"when":"x","agent":["y"],"user_agent":7,"source":"a","annotations":[],"tags":7,"counts":[[]],"admin":"no"})",
            change)
            .has_value());
    meta::ChangeDetails const expected{.source = "a"};
    EXPECT_EQ(change.details, expected);
    for (auto const* text : {"[]", "{", "7", "null"}) {
        EXPECT_EQ(details_from_json(text, change).error().code, Errc::io) << text;
    }
}

TEST(Change, IsToldInWords) {
    Change change{.kind = ChangeKind::manifest_push, .digest = "sha256:a"};
    EXPECT_EQ(subject_of(change), "sha256:a");
    EXPECT_EQ(detail_of(change), "");
    change.details.tags = {{"v1", "sha256:b"}, {"latest"}};
    EXPECT_EQ(detail_of(change), "tags v1, latest");
    change.kind = ChangeKind::manifest_delete;
    EXPECT_EQ(detail_of(change), "with 2 tags");
    change.kind = ChangeKind::tag_move;
    EXPECT_EQ(subject_of(change), "v1");
    EXPECT_EQ(detail_of(change), "from sha256:b to sha256:a");
    change.kind = ChangeKind::tag_delete;
    EXPECT_EQ(detail_of(change), "sha256:b, with 1 other tag");
    change.details.tags.pop_back();
    EXPECT_EQ(detail_of(change), "sha256:b");
    change.kind = ChangeKind::manifest_delete;
    EXPECT_EQ(detail_of(change), "with 1 tag");
    change.text = "as it was told before";
    EXPECT_EQ(detail_of(change), "as it was told before") << "an entry of an older version";
    Change account{.kind = ChangeKind::account_add, .name = "ann"};
    account.details.set = {.robot = false, .password = true, .groups = {}, .admin = false, .disabled = true};
    EXPECT_EQ(subject_of(account), "ann");
    EXPECT_EQ(detail_of(account), "user, password, disabled");
    account.kind = ChangeKind::account_change;
    account.details.set = {.robot = {},
                           .password = false,
                           .groups = std::vector<std::string>{"a", "b"},
                           .admin = false,
                           .disabled = false};
    EXPECT_EQ(detail_of(account), "no password, groups a b, no admin, enabled");
    Change import{.kind = ChangeKind::registry_import};
    import.details.counts = {{"repositories", 2}, {"left behind", 0}};
    EXPECT_EQ(detail_of(import), "2 repositories, 0 left behind");
    import.details.counts = {{"repositories", 1}, {"tags", 1}, {"old keys", 1}, {"left behind", 1}};
    EXPECT_EQ(detail_of(import), "1 repository, 1 tag, 1 old key, 1 left behind");
}
