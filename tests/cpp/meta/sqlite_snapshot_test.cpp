#include "meta/make_facts.h"
#include "meta/raw_db.h"
#include "meta/sqlite/snapshot.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

namespace {

class SqliteSnapshots : public ::testing::Test {
  protected:
    [[nodiscard]] std::string file(std::string const& name) const {
        return (directory.path() / name).string();
    }
    void start() { store = meta::SqliteStore::open(source, observers.log, observers.metrics).value(); }

    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::string source = file("meta.sqlite");
    std::string target = file("snapshot.sqlite");
    Observers observers;
    std::unique_ptr<meta::SqliteStore> store;
};

std::vector<std::string> digests(std::vector<meta::NamedContent> const& content) {
    std::vector<std::string> found;
    for (auto const& each : content) found.push_back(each.digest);
    return found;
}

}  // namespace

TEST_F(SqliteSnapshots, NamesWhatRepositoriesHoldAndWhatCanBeRestored) {
    start();
    auto const app = repo("app");
    ASSERT_TRUE(run(store->links().link_blob(app, {digest("layer"), 5}, {}, bob, at(1))).has_value());
    ASSERT_TRUE(run(store->links().link_blob(repo("b"), {digest("layer"), 5}, {}, bob, at(1))).has_value());
    ASSERT_TRUE(run(store->links().link_blob(app, {digest("gone"), 4}, {}, bob, at(1))).has_value());
    ASSERT_TRUE(run(store->links().unlink_blob(app, digest("gone"), {}, bob, at(2))).has_value());
    ASSERT_TRUE(run(store->catalog().put_manifest(a_manifest(app, "manifest"))).has_value());
    auto snapshot = meta::SqliteSnapshot::take(source, target).value();
    ASSERT_TRUE(run(store->catalog().put_manifest(a_manifest(app, "later"))).has_value());
    auto const all = snapshot.content("", 100).value();
    EXPECT_THAT(digests(all),
                UnorderedElementsAre(digest("layer").str(), digest("gone").str(), digest("manifest").str()));
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &meta::NamedContent::digest));
    EXPECT_THAT(snapshot.content(all.back().digest, 100).value(), IsEmpty());
    EXPECT_THAT(digests(snapshot.content(all.front().digest, 1).value()), ElementsAre(all[1].digest));
    EXPECT_TRUE(snapshot.names(digest("gone")).value());
    EXPECT_FALSE(snapshot.names(digest("later")).value());
    EXPECT_TRUE(meta::is_named_now(source, digest("later")).value());
    EXPECT_THAT(snapshot.damage().value(), IsEmpty());
}

TEST_F(SqliteSnapshots, HasNoUploadSessionsAndIsForItsOwnerAlone) {
    start();
    SystemRandom random;
    auto const id = Uuid::random(random);
    ASSERT_TRUE(run(store->uploads().open({id, repo("app"), oci::Algorithm::sha256, "", at(1)})).has_value());
    static_cast<void>(meta::SqliteSnapshot::take(source, target).value());
    EXPECT_THAT(RawDb(target).rows("SELECT count(*) FROM upload"), ElementsAre(HasSubstr("0")));
    EXPECT_TRUE(run(store->uploads().find(repo("app"), id)).has_value()) << "the registry keeps them";
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(target).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(SqliteSnapshots, ReplacesWhatAKilledOneHasLeft) {
    start();
    for (auto const* const part : {"", "-journal", "-wal"}) {
        std::ofstream(target + part) << "no database";
    }
    static_cast<void>(meta::SqliteSnapshot::take(source, target).value());
    EXPECT_FALSE(std::filesystem::exists(target + "-journal"));
}

TEST_F(SqliteSnapshots, IsTakenOfAStoppedRegistryAndWritesNothingBesideIt) {
    start();
    ASSERT_TRUE(run(store->catalog().put_manifest(a_manifest(repo("app"), "manifest"))).has_value());
    store.reset();
    auto snapshot = meta::SqliteSnapshot::take(source, target).value();
    EXPECT_TRUE(snapshot.names(digest("manifest")).value());
    EXPECT_FALSE(std::filesystem::exists(source + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(source + "-shm"));
    ASSERT_TRUE(meta::SqliteSnapshot::copy(target, file("copy.sqlite")).has_value());
    EXPECT_TRUE(meta::SqliteSnapshot::open(file("copy.sqlite")).value().names(digest("manifest")).value());
}

TEST_F(SqliteSnapshots, AreNotOfOtherDatabasesNorOfNewerVersions) {
    EXPECT_EQ(meta::SqliteSnapshot::take(source, target).error().code, Errc::config);
    RawDb(file("other.sqlite")).rows("PRAGMA user_version = 1000");
    EXPECT_EQ(meta::SqliteSnapshot::open(file("other.sqlite")).error().code, Errc::config);
    start();
    RawDb(source).rows("PRAGMA user_version = 1000");
    EXPECT_THAT(meta::SqliteSnapshot::take(source, target).error().message, HasSubstr("newer version"));
}

TEST_F(SqliteSnapshots, HasPullsAndBeginsToCountThemAgain) {
    start();
    auto const app = repo("app");
    ASSERT_TRUE(run(store->catalog().put_manifest(a_manifest(app, "manifest", {tag("v1")}))).has_value());
    ASSERT_TRUE(run(store->pulls().begin(at(1))).has_value());
    ASSERT_TRUE(run(store->pulls().record({{"app", "v1", digest("manifest"), 3}}, at(2))).has_value());
    static_cast<void>(meta::SqliteSnapshot::take(source, target).value());
    EXPECT_EQ(run(store->pulls().counted_since()).value(), at(1));
    auto const restored = meta::SqliteStore::open(target, observers.log, observers.metrics).value();
    EXPECT_EQ(run(restored->pulls().of_tags(app, {"v1"})).value().at(0).of_tag, (meta::PullRecord{at(2), 3}));
    EXPECT_EQ(run(restored->pulls().counted_since()).value(), std::nullopt)
        << "pulls after the snapshot are not in it";
}
