#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>
#include <limits>
#include <set>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

class JournalContract : public MetaStoreContract {
  protected:
    meta::Journal& journal() { return store->journal(); }
    void note(std::string action, int second, std::string by = "ann", std::string repository = "",
              bool refused = false) {
        meta::JournalEntry const entry{.at = at(second),
                                       .action = std::move(action),
                                       .refused = refused,
                                       .by = {std::move(by), "user", "192.0.2.1"},
                                       .repository = std::move(repository),
                                       .subject = std::to_string(second)};
        ASSERT_TRUE(run(journal().append({entry})).has_value());
    }
    std::vector<std::string> subjects(meta::JournalQuery query = {}) {
        std::vector<std::string> found;
        for (auto const& entry : run(journal().entries(std::move(query))).value())
            found.push_back(entry.subject);
        return found;
    }
    /// Action, subject and detail of what was noted, oldest first.
    std::vector<std::string> noted() {
        std::vector<std::string> found;
        for (auto const& entry : run(journal().entries({})).value()) {
            EXPECT_EQ(entry.repository, app.str());
            found.insert(found.begin(), entry.action + "|" + entry.subject + "|" + entry.detail);
        }
        return found;
    }
    static meta::NewManifest creating(meta::NewManifest manifest) {
        manifest.may_move_tags = false;
        return manifest;
    }
};

std::string hash(std::string_view content) {
    return digest(content).str();
}

}  // namespace

OCILOT_META_KINDS(JournalContract);

TEST_P(JournalContract, AnEntryIsKeptAsItWasGivenAndIdsGrow) {
    meta::JournalEntry const entry{.at = at(7),
                                   .action = "login",
                                   .refused = true,
                                   .by = {"mallory", "anonymous", "2001:db8::1"},
                                   .repository = "team/app",
                                   .subject = "mallory",
                                   .detail = "wrong password",
                                   .times = 12};
    ASSERT_TRUE(run(journal().append({entry, entry})).has_value());
    auto const found = run(journal().entries({})).value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_GT(found[0].id, found[1].id);
    EXPECT_GT(found[1].id, 0);
    EXPECT_EQ(found[0].at, at(7));
    EXPECT_EQ(found[0].action, "login");
    EXPECT_TRUE(found[0].refused);
    EXPECT_EQ(found[0].by.name + found[0].by.kind + found[0].by.address, "malloryanonymous2001:db8::1");
    EXPECT_EQ(found[0].repository, "team/app");
    EXPECT_EQ(found[0].subject, "mallory");
    EXPECT_EQ(found[0].detail, "wrong password");
    EXPECT_EQ(found[0].times, 12U);
}

TEST_P(JournalContract, EveryConditionNarrowsAndAllHaveToFit) {
    note("manifest.push", 1, "ann", "a");
    note("tag.delete", 2, "bob", "a");
    note("account.add", 3, "ann");
    note("access", 4, "ann", "b", true);
    note("account.remove", 5, "bob");
    note("login", 6, "", "", true);
    EXPECT_THAT(subjects(), ElementsAre("6", "5", "4", "3", "2", "1"));
    EXPECT_THAT(subjects({.by = "ann"}), ElementsAre("4", "3", "1"));
    EXPECT_THAT(subjects({.repository = "a"}), ElementsAre("2", "1"));
    EXPECT_THAT(subjects({.by = "bob", .repository = "a"}), ElementsAre("2"));
    EXPECT_THAT(subjects({.action = "account.add"}), ElementsAre("3"));
    EXPECT_THAT(subjects({.action = "account."}), ElementsAre("5", "3"));
    EXPECT_THAT(subjects({.by = "bob", .action = "account."}), ElementsAre("5"));
    EXPECT_THAT(subjects({.action = "account"}), IsEmpty());
    EXPECT_THAT(subjects({.refused = true}), ElementsAre("6", "4"));
    EXPECT_THAT(subjects({.refused = false}), ElementsAre("5", "3", "2", "1"));
    EXPECT_THAT(subjects({.repository = "b", .refused = true}), ElementsAre("4"));
    EXPECT_THAT(subjects({.since = at(2), .until = at(4)}), ElementsAre("3", "2"));
    EXPECT_THAT(subjects({.since = at(3), .by = "ann", .action = "access"}), ElementsAre("4"));
}

TEST_P(JournalContract, PagesFollowEachOtherByTimeWhateverTheOrderOfWriting) {
    for (int const second : {5, 3, 9, 3, 1, 5, 7}) note("login", second, "ann", "", second % 2 == 1);
    std::vector<std::string> all;
    std::set<std::int64_t> ids;
    std::optional<std::int64_t> before;
    for (;;) {
        auto const page = run(journal().entries({.before = before, .limit = 2})).value();
        if (page.empty()) break;
        EXPECT_LE(page.size(), 2U);
        for (auto const& entry : page) {
            all.push_back(entry.subject);
            ids.insert(entry.id);
        }
        before = page.back().id;
    }
    EXPECT_THAT(all, ElementsAre("9", "7", "5", "5", "3", "3", "1"));
    EXPECT_EQ(ids.size(), 7U);
    auto const last = run(journal().entries({.limit = 1})).value().at(0).id;
    EXPECT_THAT(subjects({.before = last, .until = at(5)}), ElementsAre("3", "3", "1"));
    EXPECT_THAT(subjects({.before = last, .until = at(99), .limit = 1}), ElementsAre("7"));
    EXPECT_THAT(subjects({.limit = 0}), IsEmpty());
    EXPECT_EQ(subjects({.limit = std::numeric_limits<std::size_t>::max()}).size(), 7U);
}

TEST_P(JournalContract, OldEntriesAreForgottenInPieces) {
    for (int second = 1; second <= 6; ++second) note("login", second, "ann", "", second % 2 == 0);
    auto const oldest = run(journal().entries({.until = at(2)})).value().at(0).id;
    EXPECT_EQ(run(journal().forget_before(at(5), 3)).value(), 3U);
    EXPECT_EQ(run(journal().forget_before(at(5), 3)).value(), 1U);
    EXPECT_EQ(run(journal().forget_before(at(5), 3)).value(), 0U);
    EXPECT_THAT(subjects(), ElementsAre("6", "5"));
    EXPECT_THAT(subjects({.before = oldest}), IsEmpty()) << "nothing is older than what was forgotten";
}

TEST_P(JournalContract, APushIsNotedWhenItChangesSomethingAndAMoveWithTheOldDigest) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("a"), tag("b"), tag("a")}, at(1))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("b")}, at(2))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {}, at(3))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("a"), tag("c")}, at(4))).has_value());
    EXPECT_THAT(
        noted(),
        ElementsAre("manifest.push|" + hash("one") + "|tags a, b", "manifest.push|" + hash("two") + "|",
                    "manifest.push|" + hash("two") + "|tags a, c", "tag.move|a|" + hash("one")));
    auto const moved = run(journal().entries({.action = "tag.move"})).value().at(0);
    EXPECT_EQ(moved.at, at(4));
    EXPECT_EQ(moved.by.name + moved.by.kind + moved.by.address, "annuser192.0.2.1");
}

TEST_P(JournalContract, ABlobIsNotedWhenARepositoryGetsIt) {
    auto const push = [&](int second) {
        return run(links().link_blob(app, {digest("layer"), 5}, {}, bob, at(second)));
    };
    auto const mount = [&](int second) {
        return run(links().mount_blob(app, repo("b"), digest("layer"), bob, at(second)));
    };
    for (int second : {1, 2}) ASSERT_TRUE(push(second).has_value());
    for (int second : {3, 4}) ASSERT_TRUE(mount(second).has_value());
    EXPECT_EQ(run(links().mount_blob(app, repo("b"), digest("none"), bob, at(5))).error().code,
              Errc::blob_unknown);
    EXPECT_THAT(subjects(), ElementsAre(hash("layer"), hash("layer"))) << "each once";
    EXPECT_EQ(run(journal().entries({.action = "blob.push"})).value().at(0).at, at(1));
    auto const mounted = run(journal().entries({.action = "blob.mount"})).value().at(0);
    EXPECT_EQ(mounted.detail, "from team/app");
    EXPECT_EQ(mounted.at, at(3));
    EXPECT_EQ(mounted.repository, "b");
    EXPECT_EQ(mounted.by.name + mounted.by.kind + mounted.by.address, "bobrobot192.0.2.2");
}

TEST_P(JournalContract, WhatIsRemovedIsNotedWithWhatItWas) {
    link(app, "layer");
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("a"), tag("b"), tag("c")})).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("a"), bob, at(2))).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(3))).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), bob, at(4))).has_value());
    EXPECT_THAT(
        noted(),
        ElementsAre("blob.push|" + hash("layer") + "|", "manifest.push|" + hash("m") + "|tags a, b, c",
                    "tag.delete|a|" + hash("m"), "manifest.delete|" + hash("m") + "|with 2 tags",
                    "blob.delete|" + hash("layer") + "|"));
    EXPECT_THAT(subjects({.by = "bob", .limit = 1}), ElementsAre(hash("layer")));
}

TEST_P(JournalContract, WhatFailsIsNotNoted) {
    auto manifest = a_manifest(app, "m", {tag("t")});
    manifest.required_blobs = {digest("missing")};
    EXPECT_EQ(put(manifest).error().code, Errc::manifest_blob_unknown);
    EXPECT_FALSE(run(catalog().delete_tag(app, tag("t"), bob, at(2))).has_value());
    EXPECT_FALSE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(2))).has_value());
    EXPECT_FALSE(run(links().unlink_blob(app, digest("m"), bob, at(2))).has_value());
    EXPECT_THAT(subjects(), IsEmpty());
}

TEST_P(JournalContract, WhoMayOnlyCreateTagsMovesNone) {
    ASSERT_TRUE(put(creating(a_manifest(app, "one", {tag("a")}))).has_value());
    EXPECT_TRUE(put(creating(a_manifest(app, "one", {tag("a"), tag("b")}))).has_value()) << "a push again";
    auto const refused = put(creating(a_manifest(app, "two", {tag("new"), tag("a")})));
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_THAT(refused.error().message,
                HasSubstr("the tag a exists already and you may only create new ones"));
    EXPECT_EQ(run(catalog().manifest(app, digest("two"))).error().code, Errc::manifest_unknown);
    EXPECT_THAT(tags("team/app"), ElementsAre("a", "b"));
    EXPECT_TRUE(put(creating(a_manifest(app, "two"))).has_value()) << "no tag, no move";
    EXPECT_TRUE(put(creating(a_manifest(repo("other"), "two", {tag("a")}))).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("a"), bob, at(2))).has_value());
    EXPECT_TRUE(put(creating(a_manifest(app, "two", {tag("a")}))).has_value());
}

TEST_P(JournalContract, OfThoseWhoCreateATagAtOnceOneWins) {
    constexpr int pushes = 8;
    std::vector<std::thread> threads;
    std::vector<Errc> answers(pushes, Errc::internal);
    std::vector<char> stored(pushes, 0);
    for (std::size_t i = 0; i < pushes; ++i) {
        threads.emplace_back([&, i] {
            auto const pushed = put(creating(a_manifest(app, std::to_string(i), {tag("v1")})));
            stored[i] = pushed.has_value() ? 1 : 0;
            if (pushed.has_error()) answers[i] = pushed.error().code;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(std::ranges::count(stored, 1), 1);
    EXPECT_EQ(std::ranges::count(answers, Errc::denied), pushes - 1);
    EXPECT_THAT(subjects({.action = "tag.move"}), IsEmpty());
}
