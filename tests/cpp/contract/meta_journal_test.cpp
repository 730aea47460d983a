#include "contract/meta_store_fixture.h"
#include "meta/change_text.h"

#include <atomic>
#include <gmock/gmock.h>
#include <limits>
#include <set>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::UnorderedElementsAre;

namespace {

class JournalContract : public MetaStoreContract {
  protected:
    meta::Journal& journal() { return store->journal(); }
    void note(std::string action, int second, std::string by = "ann", std::string repository = "",
              bool refused = false) {
        meta::Change const change{.at = at(second),
                                  .kind = meta::parse_change_kind(action),
                                  .refused = refused,
                                  .by = {std::move(by), "user", "192.0.2.1"},
                                  .repository = std::move(repository),
                                  .name = std::to_string(second)};
        ASSERT_TRUE(run(journal().append({change})).has_value());
    }
    std::vector<std::string> subjects(meta::JournalQuery query = {}) {
        std::vector<std::string> found;
        for (auto const& change : run(journal().entries(std::move(query))).value().items)
            found.emplace_back(subject_of(change));
        return found;
    }
    /// Action, subject and detail of what was noted, oldest first.
    std::vector<std::string> noted() {
        std::vector<std::string> found;
        for (auto const& change : run(journal().entries({})).value().items) {
            EXPECT_EQ(change.repository, app.str());
            found.insert(found.begin(), std::string(to_string(change.kind)) + "|" +
                                            std::string(subject_of(change)) + "|" + detail_of(change));
        }
        return found;
    }
    static meta::NewManifest creating(meta::NewManifest manifest) {
        manifest.may_move_tags = false;
        return manifest;
    }
};

constexpr auto any = std::numeric_limits<std::int64_t>::max();

std::string hash(std::string_view content) {
    return digest(content).str();
}

}  // namespace

OCILOT_META_KINDS(JournalContract);

TEST_P(JournalContract, AChangeIsKeptAsItWasGivenAndIdsGrow) {
    meta::Change const change{.at = at(7),
                              .kind = meta::ChangeKind::login,
                              .refused = true,
                              .by = {"mallory", "anonymous", "2001:db8::1", "00ff"},
                              .repository = "team/app",
                              .name = "mallory",
                              .text = "wrong password",
                              .times = 12};
    ASSERT_TRUE(run(journal().append({change, change})).has_value());
    auto const found = run(journal().entries({})).value().items;
    ASSERT_EQ(found.size(), 2U);
    EXPECT_GT(found[0].id, found[1].id);
    EXPECT_GT(found[1].id, 0);
    EXPECT_EQ(found[0].at, at(7));
    EXPECT_EQ(found[0].kind, meta::ChangeKind::login);
    EXPECT_TRUE(found[0].refused);
    EXPECT_EQ(found[0].by, change.by);
    EXPECT_EQ(found[0].repository, "team/app");
    EXPECT_EQ(found[0].name, "mallory");
    EXPECT_EQ(found[0].text, "wrong password");
    EXPECT_EQ(found[0].times, 12U);
    EXPECT_EQ(found[0].details, meta::ChangeDetails{});
}

TEST_P(JournalContract, AReaderGoesOnAfterItsPlaceInTheOrderOfTheCommits) {
    EXPECT_EQ(run(journal().last()).value(), 0);
    EXPECT_THAT(run(journal().after(0, 10)).value().items, IsEmpty());
    for (int const second : {5, 3, 9, 3, 1}) note("login", second);
    ASSERT_TRUE(put(a_manifest(app, "m", {}, at(2))).has_value());
    std::vector<std::string> all;
    std::int64_t passed = 0;
    for (;;) {
        auto const page = run(journal().after(passed, 2)).value().items;
        if (page.empty()) break;
        EXPECT_LE(page.size(), 2U);
        for (auto const& change : page) {
            EXPECT_GT(change.id, passed);
            passed = change.id;
            all.emplace_back(subject_of(change));
        }
    }
    EXPECT_THAT(all, ElementsAre("5", "3", "9", "3", "1", hash("m"))) << "not by time";
    EXPECT_EQ(run(journal().last()).value(), passed);
    EXPECT_THAT(run(journal().after(passed, 0)).value().items, IsEmpty());
}

TEST_P(JournalContract, ThoseWhoAskWhichRepositoriesChangedGetEachNameOnce) {
    note("tag.move", 1, "ann", "before");
    auto const from = run(journal().last()).value();
    note("tag.move", 2, "ann", "b");
    note("tag.move", 3, "ann", "a");
    note("tag.delete", 4, "ann", "b");
    note("tag.move", 5, "ann", "refused", true);
    note("login", 6);
    auto const to = run(journal().last()).value();
    note("tag.move", 7, "ann", "later");
    EXPECT_THAT(run(journal().repositories_after(from, to)).value(), UnorderedElementsAre("a", "b"));
    EXPECT_THAT(run(journal().repositories_after(to, any)).value(), UnorderedElementsAre("later"));
    EXPECT_THAT(run(journal().repositories_after(to, to)).value(), IsEmpty());
}

TEST_P(JournalContract, ChangesOfWritesThatWaitTogetherAreAllFoundByAReaderBesideThem) {
    constexpr int writers = 4;
    constexpr int each = 25;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] {
            for (int i = 0; i < each; ++i) {
                auto const name = std::to_string(writer) + "-" + std::to_string(i);
                EXPECT_TRUE(put(a_manifest(repo("r" + std::to_string(writer)), name)).has_value());
            }
        });
    }
    std::set<std::string> seen;
    for (std::int64_t passed = 0; seen.size() < writers * each;) {
        auto const page = run(journal().after(passed, 7)).value();
        for (auto const& change : page.items) {
            EXPECT_GT(change.id, passed);
            passed = change.id;
            EXPECT_TRUE(seen.insert(change.digest).second);
        }
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(seen.size(), std::size_t{writers * each});
}

TEST_P(JournalContract, PullsAreListedOnlyIfTheyAreAskedFor) {
    note("manifest.pull", 1, "", "a");
    note("manifest.push", 2, "ann", "a");
    note("manifest.pull", 3, "", "a");
    EXPECT_THAT(subjects(), ElementsAre("2"));
    EXPECT_THAT(subjects({.repository = "a"}), ElementsAre("2"));
    EXPECT_THAT(subjects({.action = "manifest.pull"}), ElementsAre("3", "1"));
    EXPECT_THAT(subjects({.repository = "a", .action = "manifest.pull"}), ElementsAre("3", "1"));
    EXPECT_THAT(subjects({.action = "manifest."}), ElementsAre("3", "2", "1"));
    EXPECT_EQ(run(journal().after(0, 10)).value().items.size(), 3U) << "consumers get all of them";
    EXPECT_EQ(run(journal().prune_before(at(9), any, 10)).value(), 2U) << "they expire as others do";
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
        auto const page = run(journal().entries({.before = before, .limit = 2})).value().items;
        if (page.empty()) break;
        EXPECT_LE(page.size(), 2U);
        for (auto const& entry : page) {
            all.push_back(entry.name);
            ids.insert(entry.id);
        }
        before = page.back().id;
    }
    EXPECT_THAT(all, ElementsAre("9", "7", "5", "5", "3", "3", "1"));
    EXPECT_EQ(ids.size(), 7U);
    auto const last = run(journal().entries({.limit = 1})).value().items.at(0).id;
    EXPECT_THAT(subjects({.before = last, .until = at(5)}), ElementsAre("3", "3", "1"));
    EXPECT_THAT(subjects({.before = last, .until = at(99), .limit = 1}), ElementsAre("7"));
    EXPECT_THAT(subjects({.limit = 0}), IsEmpty());
    EXPECT_EQ(subjects({.limit = std::numeric_limits<std::size_t>::max()}).size(), 7U);
}

TEST_P(JournalContract, OldChangesAreForgottenInPieces) {
    for (int second = 1; second <= 6; ++second) note("login", second, "ann", "", second % 2 == 0);
    auto const oldest = run(journal().entries({.until = at(2)})).value().items.at(0).id;
    EXPECT_EQ(run(journal().prune_before(at(5), any, 3)).value(), 3U);
    EXPECT_EQ(run(journal().prune_before(at(5), any, 3)).value(), 1U);
    EXPECT_EQ(run(journal().prune_before(at(5), any, 3)).value(), 0U);
    EXPECT_THAT(subjects(), ElementsAre("6", "5"));
    EXPECT_THAT(subjects({.before = oldest}), IsEmpty()) << "nothing is older than what was forgotten";
    EXPECT_GT(run(journal().after(0, 1)).value().items.at(0).id, oldest)
        << "where a late reader sees what it missed";
}

TEST_P(JournalContract, WhatAConsumerHasNotPassedIsKept) {
    for (int second = 1; second <= 4; ++second) note("login", second);
    auto const second = run(journal().after(0, 2)).value().items.at(1).id;
    EXPECT_EQ(run(journal().prune_before(at(100), second, 100)).value(), 2U);
    EXPECT_EQ(run(journal().prune_before(at(100), second, 100)).value(), 0U);
    EXPECT_THAT(subjects(), ElementsAre("4", "3"));
}

TEST_P(JournalContract, WhoWaitsForChangesIsToldOfCommits) {
    std::atomic<int> told{0};
    {
        meta::CommitSignal::Subscription const waiting(journal().committed(), [&] { ++told; });
        note("login", 1);
        // The one who wrote is answered first.
        while (told.load() == 0) std::this_thread::yield();
    }
    auto const before = told.load();
    note("login", 2);
    ASSERT_TRUE(run(store->check()).has_value());
    EXPECT_EQ(told.load(), before);
}

TEST_P(JournalContract, NoIdIsGivenTwiceEvenIfEverythingIsOld) {
    for (int second = 1; second <= 3; ++second) note("login", second);
    auto const last = run(journal().last()).value();
    EXPECT_EQ(run(journal().prune_before(at(100), any, 100)).value(), 2U);
    EXPECT_EQ(run(journal().prune_before(at(100), any, 100)).value(), 0U);
    EXPECT_EQ(run(journal().last()).value(), last);
    note("login", 4);
    EXPECT_GT(run(journal().last()).value(), last);
    EXPECT_EQ(run(journal().prune_before(at(4), any, 100)).value(), 1U) << "it is the last one no more";
}

TEST_P(JournalContract, APushIsNotedWhenItChangesSomethingAndAMoveWithTheOldDigest) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("a"), tag("b"), tag("a")}, at(1))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("b")}, at(2))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {}, at(3))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("a"), tag("c")}, at(4))).has_value());
    EXPECT_THAT(noted(), ElementsAre("manifest.push|" + hash("one") + "|tags a, b",
                                     "manifest.push|" + hash("two") + "|",
                                     "manifest.push|" + hash("two") + "|tags a, c",
                                     "tag.move|a|from " + hash("one") + " to " + hash("two")));
    auto const moved = run(journal().entries({.action = "tag.move"})).value().items.at(0);
    EXPECT_EQ(moved.at, at(4));
    EXPECT_EQ(moved.by, ann);
    EXPECT_EQ(moved.digest, hash("two"));
    EXPECT_THAT(moved.details.tags, ElementsAre(meta::ChangedTag{"a", hash("one")}));
}

TEST_P(JournalContract, APushHasWhatAnEventAboutItTells) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("a")}, at(1))).has_value());
    auto manifest = a_manifest(app, "two", {tag("a"), tag("b")}, at(2));
    manifest.subject = digest("one");
    manifest.artifact_type = "application/\"quoted\"";
    manifest.annotations = {{"a", "\"b\""}, {"c", "ü"}};
    manifest.pushed_by.request = "5f2a";
    ASSERT_TRUE(put(manifest).has_value());
    auto const pushed = run(journal().entries({.action = "manifest.push", .limit = 1})).value().items.at(0);
    EXPECT_EQ(pushed.digest, hash("two"));
    EXPECT_EQ(pushed.media_type, image_type);
    EXPECT_EQ(pushed.size, 3U);
    EXPECT_EQ(pushed.details.subject, hash("one"));
    EXPECT_EQ(pushed.details.artifact_type, manifest.artifact_type);
    EXPECT_THAT(pushed.details.tags, ElementsAre(meta::ChangedTag{"a", hash("one")}, meta::ChangedTag{"b"}));
    EXPECT_EQ(pushed.details.annotations, R"({"a":"\"b\"","c":"ü"})");
    EXPECT_EQ(pushed.details.more_annotations, 0U);
    EXPECT_EQ(pushed.by.request, "5f2a");
    auto const moved = run(journal().entries({.action = "tag.move"})).value().items.at(0);
    EXPECT_EQ(moved.by.request, "5f2a");
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
    EXPECT_EQ(run(journal().entries({.action = "blob.push"})).value().items.at(0).at, at(1));
    auto const mounted = run(journal().entries({.action = "blob.mount"})).value().items.at(0);
    EXPECT_EQ(mounted.details.source, "team/app");
    EXPECT_EQ(mounted.size, 5U);
    EXPECT_EQ(detail_of(mounted), "from team/app");
    EXPECT_EQ(mounted.at, at(3));
    EXPECT_EQ(mounted.repository, "b");
    EXPECT_EQ(mounted.by, bob);
}

TEST_P(JournalContract, WhatIsRemovedIsNotedWithWhatItWas) {
    link(app, "layer");
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("a"), tag("b"), tag("c")})).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("a"), bob, at(2))).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(3))).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(4))).has_value());
    EXPECT_THAT(
        noted(),
        ElementsAre("blob.push|" + hash("layer") + "|", "manifest.push|" + hash("m") + "|tags a, b, c",
                    "tag.delete|a|" + hash("m"), "manifest.delete|" + hash("m") + "|with 2 tags",
                    "blob.delete|" + hash("layer") + "|"));
    EXPECT_THAT(subjects({.by = "bob", .limit = 1}), ElementsAre(hash("layer")));
    auto const removed = run(journal().entries({.action = "manifest.delete"})).value().items.at(0);
    EXPECT_THAT(removed.details.tags,
                ElementsAre(meta::ChangedTag{"b", hash("m")}, meta::ChangedTag{"c", hash("m")}));
    auto const untagged = run(journal().entries({.action = "tag.delete"})).value().items.at(0);
    EXPECT_THAT(untagged.details.tags, ElementsAre(meta::ChangedTag{"a", hash("m")}));
}

TEST_P(JournalContract, AManifestWithVeryManyTagsNamesSomeAndCountsTheRest) {
    std::vector<oci::Tag> tags;
    for (std::size_t i = 0; i < meta::max_changed_tags + 5; ++i) tags.push_back(tag("t" + std::to_string(i)));
    ASSERT_TRUE(put(a_manifest(app, "m", tags)).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(3))).has_value());
    auto const removed = run(journal().entries({.action = "manifest.delete"})).value().items.at(0);
    EXPECT_EQ(removed.details.tags.size(), meta::max_changed_tags);
    EXPECT_EQ(removed.details.more_tags, 5U);
    EXPECT_EQ(detail_of(removed), "with 1005 tags");
    auto const more = run(journal().entries({.action = "tag.delete"})).value().items;
    ASSERT_EQ(more.size(), 1U) << "those that it does not name";
    EXPECT_EQ(more[0].by, bob);
    EXPECT_EQ(more[0].at, at(3));
    EXPECT_EQ(more[0].details.tags.size(), 5U);
    EXPECT_EQ(detail_of(more[0]), hash("m") + ", with 4 other tags");
    for (auto const& gone : more[0].details.tags) {
        EXPECT_THAT(removed.details.tags, ::testing::Not(::testing::Contains(gone)));
        EXPECT_EQ(gone.previous, hash("m"));
    }
}

TEST_P(JournalContract, WhatFailsIsNotNoted) {
    auto manifest = a_manifest(app, "m", {tag("t")});
    manifest.required_blobs = {digest("missing")};
    EXPECT_EQ(put(manifest).error().code, Errc::manifest_blob_unknown);
    EXPECT_FALSE(run(catalog().delete_tag(app, tag("t"), bob, at(2))).has_value());
    EXPECT_FALSE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(2))).has_value());
    EXPECT_FALSE(run(links().unlink_blob(app, digest("m"), {}, bob, at(2))).has_value());
    EXPECT_THAT(subjects(), IsEmpty());
}

TEST_P(JournalContract, WhoMayOnlyCreateTagsMovesNone) {
    ASSERT_TRUE(put(creating(a_manifest(app, "one", {tag("a")}))).has_value());
    EXPECT_TRUE(put(creating(a_manifest(app, "one", {tag("a"), tag("b")}))).has_value()) << "a push again";
    auto const refused = put(creating(a_manifest(app, "two", {tag("new"), tag("a")})));
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_THAT(refused.error().message, HasSubstr("tag a already exists and you may only create tags"));
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
