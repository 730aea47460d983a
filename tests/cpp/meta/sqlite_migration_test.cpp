#include "meta/change_text.h"
#include "meta/make_facts.h"
#include "meta/raw_db.h"
#include "meta/schema_4.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "run.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

namespace {

/// A database of schema 4, opened by this version.
class OldDatabase : public ::testing::Test {
  protected:
    void SetUp() override {
        RawDb(path).rows(schema_4);
        store = meta::SqliteStore::open(path, observers.log, observers.metrics).value();
    }
    std::vector<std::string> repositories() {
        return run(store->catalog().repositories({{}, 10})).value().items;
    }
    /// The journal as people read it, youngest first.
    std::vector<std::string> journal(meta::JournalQuery query = {}) {
        std::vector<std::string> found;
        for (auto const& change : run(store->journal().entries(std::move(query))).value().items) {
            found.push_back(std::string(to_string(change.kind)) + "|" + std::string(subject_of(change)) +
                            "|" + detail_of(change));
        }
        return found;
    }

    Time const opened_at = SystemClock().now();
    Observers observers;
    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::string path = (directory.path() / "meta.db").string();
    std::unique_ptr<meta::SqliteStore> store;
    oci::RepositoryName const app = repo("team/app");
};

std::string hash(std::string_view content) {
    return digest(content).str();
}

/// Takes away what came with schema 22, but for the table of edges: with the key it had, it is the same.
std::string const moved_edges =
    "DROP VIEW held_edge; DROP INDEX removed_manifest_live; "
    "ALTER TABLE removed_manifest DROP COLUMN live_id; ";

/// Takes away what came with schema 21 and 22.
std::string const one_queue = moved_edges + "DROP TABLE review_now; ";

/// Takes away what came with schema 19 to 22.
std::string const unversioned =
    one_queue + "DROP TABLE released_subject; DROP INDEX tag_version; ALTER TABLE tag DROP COLUMN version; ";

/// Takes away what came with schema 16 to 22.
std::string const unranked =
    unversioned +
    "DROP INDEX review_due; CREATE INDEX review_due ON review (fresh, released_at); DROP TABLE pin; DROP "
    "TRIGGER repository_ranked; DROP TRIGGER repository_unranked; DROP TABLE "
    "repository_rank; ";

}  // namespace

TEST_F(OldDatabase, IsReadAsItWas) {
    auto& catalog = store->catalog();
    EXPECT_THAT(repositories(), ElementsAre("other", "team/app"));
    EXPECT_THAT(run(catalog.tags(app, {{}, 10})).value().items, ElementsAre("latest", "v1"));
    EXPECT_EQ(run(catalog.resolve(app, tag("latest"))).value().digest, digest("two"));
    EXPECT_EQ(run(catalog.manifest(app, digest("sig"))).error().code, Errc::manifest_unknown)
        << "quarantined";
    EXPECT_THAT(run(catalog.tags_on(app, digest("layer"), {{}, 10})).value().items,
                ElementsAre("latest", "v1"));
    EXPECT_EQ(run(store->links().blob(repo("only/blobs"), digest("layer"))).value().size, 5U);
    EXPECT_EQ(run(store->accounts().account("ann")).value().groups, std::vector<std::string>{"team"});
    EXPECT_EQ(run(store->tokens().token("00ff")).value().note, "runner");
    EXPECT_EQ(run(store->keys().keys()).value().size(), 1U);
    EXPECT_EQ(run(store->scrub().position()).value()->after, digest("one"));
}

TEST_F(OldDatabase, KeepsItsUploadSessionsAndCountsThemAsJustWrittenTo) {
    auto const sessions = run(store->uploads().idle_since(Time::max(), {}, 10)).value();
    ASSERT_EQ(sessions.size(), 1U);
    auto const& session = sessions.front();
    EXPECT_EQ(session.repository, app);
    EXPECT_EQ(session.offset, 0U);
    EXPECT_EQ(session.state, "");
    EXPECT_EQ(session.epoch, 1);
    EXPECT_GE(session.last_write_at, opened_at - std::chrono::seconds(1));
    EXPECT_LE(session.last_write_at, SystemClock().now());
}

TEST_F(OldDatabase, ItsJournalIsReadAsItWas) {
    EXPECT_THAT(journal(),
                ElementsAre("access|push|no rule lets eve push", "tag.delete|old|" + hash("one"),
                            "tag.move|latest|" + hash("one"), "manifest.push|" + hash("two") + "|tags latest",
                            "manifest.push|" + hash("one") + "|tags latest, v1",
                            "blob.mount|" + hash("layer") + "|from team/app",
                            "token.add|00ff|of ann, only repository:x:pull",
                            "account.add|ann|user, password, groups team, admin", "key.add|kid|"));
    EXPECT_THAT(journal({.by = "bob"}), ElementsAre("tag.delete|old|" + hash("one")));
    auto const changes = run(store->journal().after(6, 10)).value().items;
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_THAT(changes[0].details.tags, ElementsAre(meta::ChangedTag{"latest"}));
    EXPECT_EQ(changes[2].times, 12U);
    EXPECT_TRUE(changes[2].refused);
}

TEST_F(OldDatabase, IsWrittenTo) {
    auto const add = [&](meta::NewManifest manifest) { return run(store->catalog().put_manifest(manifest)); };
    ASSERT_TRUE(add(a_manifest(app, "three", {tag("latest")}, at(9))).has_value());
    EXPECT_THAT(journal({.limit = 2}),
                ElementsAre("tag.move|latest|from " + hash("two") + " to " + hash("three"),
                            "manifest.push|" + hash("three") + "|tags latest"));
    EXPECT_EQ(run(store->journal().last()).value(), 11);
    ASSERT_TRUE(add(a_manifest(repo("only/blobs"), "m", {}, at(9))).has_value());
    EXPECT_THAT(repositories(), ElementsAre("only/blobs", "other", "team/app"));
    for (auto const* content : {"one", "two", "three", "sig"}) {
        ASSERT_TRUE(run(store->catalog().delete_manifest(app, digest(content), {}, bob, at(10))).has_value());
    }
    ASSERT_TRUE(
        run(store->catalog().delete_manifest(repo("other"), digest("one"), {}, bob, at(10))).has_value());
    EXPECT_THAT(repositories(), ElementsAre("only/blobs"));
    EXPECT_THAT(RawDb(path).rows("SELECT name FROM repository ORDER BY name"),
                ElementsAre("only/blobs", "team/app"))
        << "a repository stays while it holds a link";
    EXPECT_THAT(RawDb(path).rows("PRAGMA foreign_key_check"), IsEmpty());
    EXPECT_THAT(RawDb(path).rows("PRAGMA integrity_check"), ElementsAre("ok"));
}

TEST_F(OldDatabase, HasTheSchemaOfANewOneAfterwards) {
    auto const fresh = (directory.path() / "fresh.db").string();
    static_cast<void>(meta::SqliteStore::open(fresh, observers.log, observers.metrics).value());
    auto const* const columns =
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value FROM sqlite_schema m "
        "JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.name";
    auto const* const indexes =
        "SELECT m.name, i.seqno, i.name FROM sqlite_schema m JOIN pragma_index_info(m.name) i "
        "WHERE m.type = 'index' ORDER BY m.name, i.seqno";
    EXPECT_EQ(RawDb(path).rows(columns), RawDb(fresh).rows(columns));
    EXPECT_EQ(RawDb(path).rows(indexes), RawDb(fresh).rows(indexes));
    EXPECT_EQ(RawDb(path).rows("PRAGMA user_version"), RawDb(fresh).rows("PRAGMA user_version"));
}

TEST(OlderDatabase, LosesAnEdgeOfNoManifestAndOpens) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    RawDb(path).rows(schema_4);
    RawDb(path).rows(
        "PRAGMA foreign_keys = OFF; INSERT INTO edge SELECT 4711, child, kind FROM edge LIMIT 1");
    EXPECT_TRUE(meta::SqliteStore::open(path, observers.log, observers.metrics).has_value());
    EXPECT_THAT(RawDb(path).rows("SELECT 1 FROM edge WHERE manifest = 4711"), IsEmpty());
}

TEST(OlderDatabase, OfSchema7GetsWhatCameLaterAndKeepsTheRest) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    auto const app = repo("team/app");
    ASSERT_TRUE(run(open()->catalog().put_manifest(a_manifest(app, "m", {tag("t")}))).has_value());
    RawDb(path).rows(
        "DROP TABLE repository_alias; DROP TRIGGER usage_link_added; DROP TRIGGER usage_link_removed; "
        "DROP TRIGGER usage_manifest_added; DROP TRIGGER usage_manifest_removed; DROP TRIGGER "
        "usage_tag_added; DROP TRIGGER usage_tag_removed; DROP TRIGGER usage_repository_removed; "
        "DROP TABLE usage; DROP TABLE retention_plan; DROP TABLE retention_piece; "
        "DROP TABLE caller_usage; ALTER TABLE link DROP COLUMN charged_to; "
        "ALTER TABLE manifest DROP COLUMN charged_to; ALTER TABLE tag DROP COLUMN charged_to; "
        "ALTER TABLE removed_link DROP COLUMN charged_to; "
        "ALTER TABLE removed_manifest DROP COLUMN charged_to; "
        "DROP TRIGGER tag_pull_removed; DROP TRIGGER manifest_pull_removed; "
        "DROP TABLE tag_pull; DROP TABLE manifest_pull; "
        "DROP INDEX tag_pushed; DROP INDEX tag_size; ALTER TABLE tag DROP COLUMN image_size; "
        "ALTER TABLE tag DROP COLUMN pushed_by; ALTER TABLE manifest DROP COLUMN image_size; "
        "ALTER TABLE removed_manifest DROP COLUMN image_size; "
        "DROP TABLE consumer; DROP TABLE held_change; DROP TABLE retention_policy; " +
        unranked + "PRAGMA user_version = 7");
    {
        auto const store = open();
        EXPECT_FALSE(store->catalog().admin().has_aliases());
        ASSERT_TRUE(run(store->catalog().admin().set_alias(repo("old"), app, bob, at(2))).has_value());
    }
    auto const store = open();
    EXPECT_TRUE(store->catalog().admin().has_aliases());
    auto const manifest = a_manifest(app, "m").fact;
    EXPECT_EQ(run(store->collection().report().usage(app)).value(), (meta::Usage{manifest.size, 0, 1, 1}));
    EXPECT_EQ(run(store->catalog().admin().alias(repo("old"))).value(), app);
    EXPECT_THAT(run(store->retention().plans({}, 1)).value(), IsEmpty());
    EXPECT_EQ(run(store->pulls().counted_since()).value(), std::nullopt);
    ASSERT_TRUE(run(store->pulls().record({{"team/app", "t", digest("m"), 2}}, at(3))).has_value());
    EXPECT_EQ(run(store->pulls().of_tags(app, {"t"})).value().at(0).of_tag, (meta::PullRecord{at(3), 2}));
    EXPECT_EQ(run(store->catalog().resolve(app, tag("t"))).value().digest, digest("m"));
}

TEST(OlderDatabase, TheImagesOfItsTagsHaveSizesAndPushers) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    auto const app = repo("team/app");
    {
        auto const store = open();
        auto& catalog = store->catalog();
        for (auto const* const layer : {"layer", "another"}) {
            std::string_view const text(layer);
            ASSERT_TRUE(
                run(store->links().link_blob(app, {digest(text), text.size()}, {}, bob, at(1))).has_value());
        }
        auto image = a_manifest(app, "image", {tag("v1")});
        image.blobs = {digest("layer"), digest("another")};
        auto index = a_manifest(app, "index", {tag("all")});
        index.manifests = {digest("image"), digest("elsewhere")};
        for (auto const& manifest : {image, index, a_manifest(app, "gone", {tag("gone")})})
            ASSERT_TRUE(run(catalog.put_manifest(manifest)).has_value());
        ASSERT_TRUE(run(catalog.delete_manifest(app, digest("gone"), {}, bob, at(2))).has_value());
    }
    RawDb(path).rows(
        "DROP INDEX tag_pushed; DROP INDEX tag_size; ALTER TABLE tag DROP COLUMN image_size; "
        "ALTER TABLE tag DROP COLUMN pushed_by; ALTER TABLE manifest DROP COLUMN image_size; "
        "ALTER TABLE removed_manifest DROP COLUMN image_size; "
        "DROP TABLE consumer; DROP TABLE held_change; DROP TABLE retention_policy; " +
        unranked + "PRAGMA user_version = 12");
    auto const store = open();
    meta::TagQuery const by_size{.order = meta::TagOrder::size};
    auto const rows = run(store->catalog().admin().tags(app, by_size)).value();
    ASSERT_EQ(rows.items.size(), 2U);
    EXPECT_EQ(rows.items[0].name, "v1");
    EXPECT_EQ(rows.items[0].size, std::string("imagelayeranother").size());
    EXPECT_EQ(rows.items[0].pushed_by, "ann");
    EXPECT_EQ(rows.items[1].name, "all");
    EXPECT_EQ(rows.items[1].size, std::string("indeximagelayeranother").size());
    meta::RestoreRequest request{.repository = app};
    request.tag = tag("gone");
    ASSERT_TRUE(run(store->collection().restore(request, bob, at(3))).has_value());
    EXPECT_EQ(run(store->catalog().admin().tags(app, by_size)).value().items[0].size, 4U);
}

TEST(OlderDatabase, OfSchema13GetsConsumersThatStartAtItsLastChange) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    ASSERT_TRUE(run(open()->catalog().put_manifest(a_manifest(repo("app"), "m", {tag("t")}))).has_value());
    RawDb(path).rows("DROP TABLE consumer; DROP TABLE held_change; DROP TABLE retention_policy; " + unranked +
                     "PRAGMA user_version = 13");
    auto const store = open();
    EXPECT_THAT(run(store->consumers().list()).value(), IsEmpty());
    EXPECT_EQ(run(store->consumers().join("webhook:a")).value().place, run(store->journal().last()).value());
    EXPECT_EQ(run(store->catalog().resolve(repo("app"), tag("t"))).value().digest, digest("m"));
}

TEST(OlderDatabase, OfSchema14HasNoPoliciesYet) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    static_cast<void>(open());
    RawDb(path).rows("DROP TABLE retention_policy; " + unranked + "PRAGMA user_version = 14");
    auto const store = open();
    auto& stored = store->retention_policies();
    EXPECT_THAT(run(stored.policies()).value(), IsEmpty());
    EXPECT_TRUE(run(stored.set({"a", "{}", at(1), "ann"}, 1, {})).value());
}

TEST(OlderDatabase, OfSchema15HasAnOrderOfItsRepositories) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    {
        auto const store = open();
        for (auto const* const name : {"long name", "small", "medium"}) {
            auto const manifest = a_manifest(repo(std::string(name, 4)), name, {tag("t")});
            ASSERT_TRUE(run(store->catalog().put_manifest(manifest)).has_value());
        }
    }
    RawDb(path).rows(unranked + "PRAGMA user_version = 15");
    auto const store = open();
    auto const sorted = run(store->catalog().admin().sorted({.descending = true})).value();
    ASSERT_EQ(sorted.items.size(), 3U);
    EXPECT_EQ(sorted.items[0].name, "long");
    EXPECT_EQ(sorted.items[1].name, "medi");
    EXPECT_EQ(sorted.items[2].name, "smal");
    ASSERT_TRUE(run(store->catalog().put_manifest(a_manifest(repo("new"), "m", {tag("t")}))).has_value());
    EXPECT_EQ(run(store->catalog().admin().sorted({})).value().items.size(), 4U);
}

TEST(OlderDatabase, OfSchema18HasAnOrderOfItsVersions) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    auto const app = repo("team/app");
    auto const versions = "SELECT name, hex(version) FROM tag ORDER BY name";
    auto manifest = a_manifest(app, "m");
    for (auto const* const name : {"1.10.0", "v1.9.0", "1.10.0-rc.1", "main", "1.9"})
        manifest.tags.push_back(tag(name));
    ASSERT_TRUE(run(open()->catalog().put_manifest(manifest)).has_value());
    auto const written = RawDb(path).rows(versions);
    RawDb(path).rows(unversioned + "PRAGMA user_version = 18");
    auto const store = open();
    auto const sorted = run(store->catalog().admin().tags(app, {.order = meta::TagOrder::version})).value();
    std::vector<std::string> names;
    for (auto const& row : sorted.items) names.push_back(row.name);
    EXPECT_THAT(names, ElementsAre("v1.9.0", "1.10.0-rc.1", "1.10.0", "1.9", "main"));
    EXPECT_EQ(RawDb(path).rows(versions), written) << "the keys of the upgrade are those of a push";
}

TEST(OlderDatabase, OfSchema20KeepsWhatIsDueAtOnce) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    static_cast<void>(open());
    RawDb(path).rows(one_queue + "INSERT INTO review VALUES ('app', '" + hash("purged") +
                     "', 9, 2), ('app', '" + hash("fresh") + "', 9, 1); PRAGMA user_version = 20");
    auto const store = open();
    auto const due = run(store->collection().due({Time(), Time()}, 10)).value();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0], (meta::Candidate{"app", digest("purged"), Time(Time::duration(9)), false, true}));
}

TEST(OlderDatabase, OfSchema21PurgesWhatItHadCondemned) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    auto const open = [&] { return meta::SqliteStore::open(path, observers.log, observers.metrics).value(); };
    auto const app = repo("team/app");
    {
        auto const store = open();
        auto image = a_manifest(app, "image", {tag("v1")});
        image.blobs = {digest("layer")};
        ASSERT_TRUE(run(store->catalog().put_manifest(image)).has_value());
        ASSERT_TRUE(run(store->catalog().delete_manifest(app, digest("image"), {}, bob, at(2))).has_value());
    }
    RawDb(path).rows("UPDATE removed_manifest SET condemned = 1; " + moved_edges +
                     "PRAGMA user_version = 21");
    auto const store = open();
    auto& queue = store->collection();
    ASSERT_TRUE(run(queue.enqueue({{app.str(), digest("image"), at(2)}}, {})).has_value());
    EXPECT_EQ(run(queue.review(app, {digest("image")}, {at(2), at(2)})).value().condemned.size(), 1U);
    EXPECT_EQ(run(queue.purge(app, {digest("image")}, {at(2), at(2)}, at(2))).value().manifests, 1U);
    auto const due = run(queue.due({Time(), Time()}, 10)).value();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].digest, digest("layer"));
}

TEST(OlderDatabase, IsBroughtUpToDateAStepAtATime) {
    Observers observers;
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    RawDb(path).rows(schema_4);
    RawDb(path).rows(
        "DROP TABLE account; DROP TABLE token; DROP TABLE signing_key; DROP TABLE journal; "
        "PRAGMA user_version = 2");
    auto const store = meta::SqliteStore::open(path, observers.log, observers.metrics).value();
    ASSERT_TRUE(run(store->catalog().put_manifest(a_manifest(repo("new"), "m", {tag("t")}))).has_value());
    EXPECT_EQ(run(store->journal().entries({})).value().items.size(), 1U);
}
