#include "meta/make_facts.h"
#include "meta/raw_db.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "run.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

class SqliteStoreTest : public ::testing::Test {
  protected:
    Result<std::unique_ptr<meta::SqliteStore>> open(std::string const& at_path) {
        return meta::SqliteStore::open(at_path, observers.log, observers.metrics);
    }
    std::string path_of(std::string_view name) { return (directory.path() / name).string(); }
    static Result<> put(meta::SqliteStore& store, meta::NewManifest manifest) {
        return run(store.catalog().put_manifest(std::move(manifest)));
    }

    Observers observers;
    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::string path = path_of("meta.db");
    oci::RepositoryName app = repo("team/app");
};

}  // namespace

TEST_F(SqliteStoreTest, EverythingIsThereAfterAReopen) {
    SystemRandom random;
    auto const id = Uuid::random(random);
    {
        auto const store = open(path).value();
        ASSERT_TRUE(put(*store, a_manifest(app, "m", {tag("t")})).has_value());
        ASSERT_TRUE(run(store->uploads().open({id, app, oci::Algorithm::sha256, "", at(1)})).has_value());
    }
    EXPECT_FALSE(std::filesystem::exists(path + "-wal")) << "the log is emptied at close";
    auto const store = open(path).value();
    EXPECT_EQ(run(store->catalog().resolve(app, tag("t"))).value().digest, digest("m"));
    EXPECT_TRUE(run(store->uploads().find(app, id)).has_value());
}

TEST_F(SqliteStoreTest, TheKeysInItAreForItsOwnerAlone) {
    namespace fs = std::filesystem;
    auto const others = [](std::string const& file) {
        return fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all);
    };
    {
        auto const store = open(path).value();
        ASSERT_TRUE(put(*store, a_manifest(app, "m")).has_value());
        for (auto const* part : {"", "-wal", "-shm"}) EXPECT_EQ(others(path + part), fs::perms::none) << part;
    }
    fs::permissions(path, fs::perms(0644));
    auto const store = open(path).value();
    EXPECT_EQ(others(path), fs::perms::group_read) << "one that an older version made";
}

TEST_F(SqliteStoreTest, WhatWasAcknowledgedIsThereAfterACrash) {
    auto const store = open(path).value();
    ASSERT_TRUE(put(*store, a_manifest(app, "m", {tag("t")})).has_value());
    auto const copy = path_of("copy.db");
    std::filesystem::copy_file(path, copy);
    std::filesystem::copy_file(path + "-wal", copy + "-wal");
    auto const after_crash = open(copy).value();
    EXPECT_EQ(run(after_crash->catalog().resolve(app, tag("t"))).value().digest, digest("m"));
}

TEST_F(SqliteStoreTest, AnyToolCanReadTheFactsWhileTheStoreIsOpen) {
    auto const store = open(path).value();
    auto manifest = a_manifest(app, "m", {tag("t")}, at(7));
    manifest.blobs = {digest("b"), digest("b")};
    manifest.manifests = {digest("c")};
    manifest.annotations = {{"k", "v"}};
    ASSERT_TRUE(put(*store, manifest).has_value());
    RawDb raw(path);
    EXPECT_THAT(raw.rows("SELECT name, listed FROM repository"), ElementsAre("team/app|1"));
    EXPECT_THAT(raw.rows("SELECT name, digest, moved_at FROM tag"),
                ElementsAre("t|" + digest("m").str() + "|7000000"));
    EXPECT_THAT(raw.rows("SELECT child, kind FROM edge ORDER BY kind"),
                ElementsAre(digest("b").str() + "|blob", digest("c").str() + "|manifest"));
    EXPECT_THAT(raw.rows("SELECT annotations ->> 'k', pushed_by, subject FROM manifest"),
                ElementsAre("v|ann|null"));
}

TEST_F(SqliteStoreTest, APushAgainKeepsTheTimeOfTheFirst) {
    auto const store = open(path).value();
    ASSERT_TRUE(put(*store, a_manifest(app, "m", {}, at(1))).has_value());
    ASSERT_TRUE(put(*store, a_manifest(app, "m", {tag("t")}, at(2))).has_value());
    EXPECT_THAT(RawDb(path).rows("SELECT pushed_at FROM manifest"), ElementsAre("1000000"));
}

TEST_F(SqliteStoreTest, TheHistoryOfATagTellsEveryMoveOnceAndOutlivesTheRepository) {
    auto const store = open(path).value();
    ASSERT_TRUE(put(*store, a_manifest(app, "one", {tag("t")}, at(1))).has_value());
    ASSERT_TRUE(put(*store, a_manifest(app, "one", {tag("t")}, at(2))).has_value());
    ASSERT_TRUE(put(*store, a_manifest(app, "two", {tag("t"), tag("u")}, at(3))).has_value());
    ASSERT_TRUE(run(store->catalog().delete_tag(app, tag("t"), bob, at(4))).has_value());
    ASSERT_TRUE(run(store->catalog().delete_manifest(app, digest("one"), {}, bob, at(5))).has_value());
    ASSERT_TRUE(run(store->catalog().delete_manifest(app, digest("two"), {}, bob, at(6))).has_value());
    auto const one = digest("one").str();
    auto const two = digest("two").str();
    RawDb raw(path);
    EXPECT_THAT(raw.rows("SELECT tag, digest, changed_by, changed_at / 1000000 FROM tag_history ORDER BY id"),
                ElementsAre("t|" + one + "|ann|1", "t|" + two + "|ann|3", "u|" + two + "|ann|3",
                            "t|null|bob|4", "u|null|bob|6"));
    EXPECT_THAT(raw.rows("SELECT count(*) FROM edge"), ElementsAre("0"));
    EXPECT_THAT(raw.rows("SELECT count(*) FROM repository"), ElementsAre("0"));
}

TEST_F(SqliteStoreTest, AMemoryStoreLeavesNothingBehind) {
    ASSERT_EQ(::setenv("TMPDIR", directory.path().c_str(), 1), 0);
    {
        auto const store = open(":memory:").value();
        ASSERT_TRUE(put(*store, a_manifest(app, "m", {tag("t")})).has_value());
        EXPECT_EQ(run(store->catalog().resolve(app, tag("t"))).value().digest, digest("m"));
        EXPECT_FALSE(std::filesystem::is_empty(directory.path()));
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
    ::unsetenv("TMPDIR");
}

TEST_F(SqliteStoreTest, ADatabaseOfANewerVersionIsRefusedUntouched) {
    static_cast<void>(open(path).value());
    RawDb(path).rows("PRAGMA user_version = 99");
    auto const refused = open(path);
    EXPECT_EQ(refused.error().code, Errc::config);
    EXPECT_THAT(refused.error().message, HasSubstr("newer version of ocilot (schema 99"));
    EXPECT_THAT(refused.error().message, HasSubstr(path));
}

TEST_F(SqliteStoreTest, NobodyElseReadsTheSecrets) {
    namespace fs = std::filesystem;
    auto const open_to = [](std::string const& file, fs::perms whom) {
        return (fs::status(file).permissions() & whom) != fs::perms::none;
    };
    {
        auto const store = open(path).value();
        ASSERT_TRUE(put(*store, a_manifest(app, "m")).has_value());
        for (auto const* part : {"", "-wal"}) {
            EXPECT_FALSE(open_to(path + part, fs::perms::group_all | fs::perms::others_all)) << part;
        }
    }
    fs::permissions(path, fs::perms::group_read | fs::perms::others_read, fs::perm_options::add);
    auto const store = open(path).value();
    ASSERT_TRUE(put(*store, a_manifest(app, "n")).has_value());
    EXPECT_TRUE(open_to(path, fs::perms::group_read)) << "a group that was let in stays so";
    for (auto const* part : {"", "-wal"}) EXPECT_FALSE(open_to(path + part, fs::perms::others_all)) << part;
}

TEST_F(SqliteStoreTest, ADatabaseOfAnotherProgramIsRefusedUntouched) {
    RawDb(path).rows("CREATE TABLE theirs (x)");
    EXPECT_THAT(open(path).error().message, HasSubstr("of another program"));
    EXPECT_THAT(RawDb(path).rows("SELECT name FROM sqlite_schema"), ElementsAre("theirs"));
    EXPECT_THAT(RawDb(path).rows("PRAGMA journal_mode"), ElementsAre("delete"));
}

TEST_F(SqliteStoreTest, WhatCannotBeOpenedIsOneSentenceThatNamesThePath) {
    auto const nowhere = open(path_of("nowhere/meta.db"));
    EXPECT_EQ(nowhere.error().code, Errc::config);
    EXPECT_THAT(nowhere.error().message, HasSubstr(path_of("nowhere/meta.db")));
    std::ofstream(path) << std::string(4096, 'x');
    auto const noise = open(path);
    EXPECT_EQ(noise.error().code, Errc::config);
    EXPECT_THAT(noise.error().message, HasSubstr("file is not a database"));
    EXPECT_EQ(open("").error().code, Errc::config);
}

TEST_F(SqliteStoreTest, DamagedFactsAreAnErrorNotAnAnswer) {
    auto const store = open(path).value();
    auto referrer = a_manifest(app, "m", {tag("t")});
    referrer.subject = digest("s");
    ASSERT_TRUE(put(*store, referrer).has_value());
    RawDb(path).rows("UPDATE manifest SET annotations = '[1]'");
    meta::ReferrerVisitor const take = [](meta::ReferrerRow const&) { return true; };
    EXPECT_EQ(run(store->catalog().referrers(app, digest("s"), {}, {{}, 9}, take)).error().code, Errc::io);
    RawDb(path).rows(
        "PRAGMA foreign_keys = OFF; UPDATE manifest SET digest = 'x'; UPDATE tag SET digest = 'x'");
    EXPECT_EQ(run(store->catalog().resolve(app, tag("t"))).error().code, Errc::io);
}
