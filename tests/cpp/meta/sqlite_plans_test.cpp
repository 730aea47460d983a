#include "meta/make_facts.h"
#include "meta/purge_statements.h"
#include "meta/raw_db.h"
#include "meta/repository_statements.h"
#include "meta/sql_texts.h"
#include "meta/sqlite/snapshot.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "meta/statements.h"
#include "meta/tag_statements.h"
#include "run.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace {

void do_everything_with_scrub(meta::ScrubFacts& scrub) {
    static_cast<void>(run(scrub.quarantine(digest("b"), at(2))));
    static_cast<void>(run(scrub.quarantined()));
    static_cast<void>(run(scrub.release(digest("b"))));
    static_cast<void>(run(scrub.save_position({digest("b"), at(2)})));
    static_cast<void>(run(scrub.position()));
}

void do_everything(meta::MetaStore& store) {
    auto& catalog = store.catalog();
    auto& links = store.links();
    auto const app = repo("app");
    SystemRandom random;
    auto const id = Uuid::random(random);
    meta::Page const page{{}, 10};
    meta::ReferrerVisitor const take = [](meta::ReferrerRow const&) { return true; };
    static_cast<void>(run(store.uploads().open({id, app, oci::Algorithm::sha256, "", at(1)})));
    static_cast<void>(run(store.uploads().find(app, id)));
    static_cast<void>(run(store.uploads().idle_since(at(2), {}, 10)));
    static_cast<void>(run(store.uploads().claim(app, id, "here")));
    static_cast<void>(run(store.uploads().write({{id, 1}, 1, "state", at(2)})));
    static_cast<void>(run(store.uploads().begin_run({at(3)}, std::chrono::seconds(1))));
    static_cast<void>(run(store.uploads().exchange_run_record({at(3)})));
    static_cast<void>(run(store.uploads().key({})));
    for (auto const& whose : {meta::UploadFilter{meta::UploadFilter::Kind::repository, "team/app"},
                              meta::UploadFilter{meta::UploadFilter::Kind::caller, "ann"}}) {
        static_cast<void>(run(store.uploads().count(whose)));
        static_cast<void>(run(store.uploads().oldest(whose, {}, 10)));
    }
    static_cast<void>(run(links.link_blob(app, {digest("b"), 1}, meta::UploadClaim{id, 2}, bob, at(1))));
    static_cast<void>(run(store.uploads().close({id, 2})));
    static_cast<void>(run(links.mount_blob(app, repo("b"), digest("b"), bob, at(1))));
    static_cast<void>(run(links.holders(digest("b"), {"app", 10})));
    static_cast<void>(run(links.unlink_blob(repo("b"), digest("b"), {.unreferenced = true}, bob, at(2))));
    static_cast<void>(run(catalog.put_manifest(a_manifest(app, "child"))));
    auto manifest = a_manifest(app, "m", {tag("t"), tag("u")});
    manifest.blobs = manifest.required_blobs = {digest("b")};
    manifest.manifests = manifest.required_manifests = {digest("child")};
    manifest.subject = digest("s");
    EXPECT_TRUE(run(catalog.put_manifest(manifest)).has_value());
    static_cast<void>(run(catalog.repositories(page)));
    static_cast<void>(run(catalog.tags(app, page)));
    static_cast<void>(run(catalog.tags(repo("none"), page)));
    static_cast<void>(run(catalog.resolve(app, tag("t"))));
    static_cast<void>(run(catalog.manifest(app, digest("m"))));
    static_cast<void>(run(catalog.tags_on(app, digest("b"), page)));
    static_cast<void>(run(links.blob(app, digest("b"))));
    static_cast<void>(run(catalog.referrers(app, digest("s"), {}, page, take)));
    static_cast<void>(run(catalog.referrers(app, digest("s"), "type", page, take)));
    auto& audit = store.audit();
    static_cast<void>(run(audit.links("", 10)));
    static_cast<void>(run(audit.manifests("", 10)));
    static_cast<void>(run(audit.tags("", 10)));
    static_cast<void>(run(audit.sessions("", 10)));
    static_cast<void>(run(audit.usage(digest("b"))));
    do_everything_with_scrub(store.scrub());
    auto& scrub = store.scrub();
    EXPECT_TRUE(run(scrub.quarantine(digest("m"), at(2))).has_value());
    auto seen = a_manifest(app, "child", {tag("t")});
    seen.expected_tags = {{tag("t"), std::nullopt}};
    EXPECT_TRUE(run(catalog.put_manifest(seen)).has_value()) << "quarantined as it was, it counts as none";
    meta::TagCondition const seen_at{.set_at = at(9)};
    static_cast<void>(run(catalog.delete_tag(app, tag("u"), bob, at(2), seen_at)));
    static_cast<void>(run(catalog.delete_tag(app, tag("u"), bob, at(2))));
    static_cast<void>(run(catalog.delete_manifest(app, digest("m"), {}, bob, at(2))));
}

void do_everything_with_what_jobs_need(meta::MetaStore& store) {
    EXPECT_TRUE(run(store.places().save({"job", "place", at(1)})).has_value());
    EXPECT_TRUE(run(store.places().place("job")).has_value());
    static_cast<void>(run(store.scrub().is_quarantined(digest("b"))));
    auto& catalog = store.catalog();
    for (auto const* const content : {"one", "two", "two"}) {
        EXPECT_TRUE(run(catalog.put_manifest(a_manifest(repo("moved"), content, {tag("t")}))).has_value());
    }
    // By number, by age with a later entry, and by age without one.
    EXPECT_GT(run(catalog.prune_history({{}, 1}, 0, 100)).value().removed, 0U);
    static_cast<void>(run(catalog.prune_history({at(9), 0}, 0, 100)));
}

void do_everything_with_the_collection(meta::MetaStore& store) {
    auto& queue = store.collection();
    auto const app = repo("collected");
    meta::ReviewCutoffs const cutoffs{at(9), at(9)};
    static_cast<void>(run(queue.place()));
    for (auto const* const content : {"layer", "again"}) {
        EXPECT_TRUE(run(store.links().link_blob(app, {digest(content), 1}, {}, bob, at(1))).has_value());
    }
    EXPECT_TRUE(run(store.links().link_blob(app, {digest("again"), 1}, {}, bob, at(2))).has_value());
    for (auto const* const content : {"one", "two"}) {
        auto manifest = a_manifest(app, content);
        manifest.subject = digest("subject");
        EXPECT_TRUE(run(store.catalog().put_manifest(manifest)).has_value());
    }
    std::vector<oci::Digest> const all{digest("layer"), digest("one"), digest("two"), digest("none")};
    std::vector<meta::Candidate> candidates;
    for (auto const& each : all) candidates.push_back({"collected", each, at(1)});
    EXPECT_TRUE(run(queue.enqueue(candidates, {})).has_value());
    EXPECT_EQ(run(queue.due(cutoffs, 10)).value().size(), all.size());
    static_cast<void>(run(queue.report().counts(cutoffs)));
    auto& report = queue.report();
    EXPECT_FALSE(
        run(report.plan({.cutoffs = cutoffs, .unread = {{"collected", digest("layer"), at(1), true}}}))
            .value()
            .removals.empty());
    for (auto const& each : all) static_cast<void>(run(report.holdings(each, 10)));
    static_cast<void>(run(report.usages({{}, 10})));
    EXPECT_GT(run(report.usage(app)).value().bytes, 0U);
    EXPECT_GT(run(report.details(app)).value().exclusive, 0U);
    EXPECT_EQ(run(queue.review(app, all, cutoffs)).value().condemned.size(), 3U);
    EXPECT_TRUE(run(queue.lift(app, {digest("one")}, at(2))).has_value());
    EXPECT_EQ(run(queue.purge(app, all, {at(1), at(1)}, at(9))).value().manifests, 1U);
    static_cast<void>(run(queue.unheld(all)));
    static_cast<void>(run(queue.settle(candidates, {})));
    for (auto const* const from : {"", "1 0 ", "2 0 ", "3 0 "}) {
        EXPECT_TRUE(run(queue.find(from, 100, at(9))).has_value());
    }
}

void do_everything_with_what_was_collected(meta::MetaStore& store) {
    do_everything_with_many_candidates(store.collection());
    auto& queue = store.collection();
    auto& report = queue.report();
    auto const app = repo("collected");
    EXPECT_TRUE(run(store.catalog().delete_manifest(app, digest("one"), {}, bob, at(3))).has_value());
    EXPECT_TRUE(run(store.catalog().put_manifest(a_manifest(app, "one", {tag("t")}))).has_value());
    EXPECT_TRUE(run(store.catalog().delete_manifest(app, digest("one"), {}, bob, at(4))).has_value());
    EXPECT_TRUE(run(store.links().link_blob(app, {digest("blob"), 1}, {}, bob, at(1))).has_value());
    EXPECT_TRUE(run(store.links().unlink_blob(app, digest("blob"), {}, bob, at(4))).has_value());
    EXPECT_TRUE(run(queue.restore({app, tag("t"), {}, {}}, bob, at(5))).has_value());
    EXPECT_TRUE(run(queue.restore({app, {}, digest("blob"), {}}, bob, at(5))).has_value());
    static_cast<void>(run(queue.restore({app, tag("t"), {}, at(1)}, bob, at(5))));
    for (auto const* const each : {"one", "blob"}) {
        EXPECT_FALSE(run(report.holdings(digest(each), 10)).value().empty());
    }
    EXPECT_FALSE(run(store.catalog().history(app, tag("t"), {}, 10)).value().empty());
    do_everything_with_a_purge(store);
}

void do_everything_with_usage(meta::MetaStore& store) {
    auto& report = store.collection().report();
    auto const app = repo("used");
    EXPECT_TRUE(run(store.links().link_blob(app, {digest("again"), 1}, {}, bob, at(1))).has_value());
    auto image = a_manifest(app, "image", {tag("image")});
    image.blobs = {digest("again")};
    image.limits = {{1'000'000, 100}, {1'000'000, 100}};
    EXPECT_TRUE(run(store.catalog().put_manifest(image)).has_value());
    auto signature = a_manifest(app, "signature");
    signature.subject = digest("image");
    EXPECT_TRUE(run(store.catalog().put_manifest(signature)).has_value());
    EXPECT_GT(run(report.caller_usage("user:ann")).value().manifests, 0U);
    EXPECT_FALSE(run(report.caller_usages({{}, 10})).value().items.empty());
    EXPECT_EQ(run(report.image(app, tag("image"), 10)).value().parts.size(), 3U);
    EXPECT_EQ(run(report.holdings(digest("signature"), 10)).value().size(), 1U);
    EXPECT_TRUE(run(store.catalog().delete_manifest(app, digest("image"), {}, bob, at(4))).has_value());
    EXPECT_EQ(run(report.holdings(digest("signature"), 10)).value().size(), 1U);
}

void do_everything_with_retention(meta::MetaStore& store) {
    auto& retention = store.retention();
    auto const app = repo("collected");
    EXPECT_TRUE(run(retention.tags(app, {{}, 10})).has_value());
    EXPECT_TRUE(run(retention.manifests(app, {{}, 10})).has_value());
    EXPECT_TRUE(run(retention.edges(app, {}, 10)).has_value());
    EXPECT_TRUE(run(retention.links(app, {{}, 10})).has_value());
    EXPECT_TRUE(run(retention.held_elsewhere(app, {digest("b")})).has_value());
    for (auto const* const state : {"ready", "ready"}) {
        auto const plan = run(retention.add_plan({0, at(1), state, "{}"})).value();
        EXPECT_TRUE(run(retention.add_pieces(plan, {{1, "keep", "app", "[]"}})).has_value());
        EXPECT_TRUE(run(retention.change_plan({plan, at(1), "ready", "{}"}, "ready")).has_value());
        EXPECT_TRUE(run(retention.plan(plan)).has_value());
        EXPECT_TRUE(run(retention.pieces({plan, 0, "", 10})).has_value());
        EXPECT_TRUE(run(retention.pieces({plan, 0, "keep", 10})).has_value());
    }
    EXPECT_EQ(run(retention.plans({}, 10)).value().size(), 2U);
    EXPECT_TRUE(run(retention.remove_plans({1})).has_value());
    auto& policies = store.retention_policies();
    EXPECT_TRUE(run(policies.set({"p", "{}", at(1)}, 1, {})).has_value());
    EXPECT_EQ(run(policies.policies()).value().size(), 1U);
    EXPECT_TRUE(run(policies.remove("p", {})).has_value());
}

void do_everything_with_pulls(meta::Pulls& pulls) {
    auto const app = repo("used");
    EXPECT_TRUE(run(pulls.begin(at(1))).has_value());
    EXPECT_EQ(run(pulls.counted_since()).value(), at(1));
    EXPECT_TRUE(run(pulls.begin_again(at(1))).has_value());
    EXPECT_TRUE(run(pulls.record({{"used", "kept", digest("kept"), 1, 1}}, at(2))).has_value());
    EXPECT_EQ(run(pulls.of_tags(app, {"kept"})).value().at(0).of_manifest->pulls, 1U);
    EXPECT_EQ(run(pulls.last_pulled(app, {}, 10)).value().size(), 1U);
}

void do_everything_with_accounts(meta::MetaStore& store) {
    auto& accounts = store.accounts();
    auto& tokens = store.tokens();
    meta::AccountFact const account{.name = "ann", .created_at = at(1)};
    meta::TokenFact token{.id = "1", .account = "ann", .secret_hash = "", .scopes = {}, .created_at = at(1)};
    EXPECT_TRUE(run(accounts.add(account, bob)).has_value());
    EXPECT_TRUE(run(tokens.add(token, bob)).has_value());
    token.id = "2";
    token.refresh = true;
    EXPECT_TRUE(run(tokens.add(token, bob)).has_value());
    static_cast<void>(run(accounts.accounts({{}, 10})));
    static_cast<void>(run(tokens.tokens({.refresh = true})));
    static_cast<void>(run(tokens.tokens({.account = "ann", .refresh = true})));
    static_cast<void>(run(tokens.token("1")));
    static_cast<void>(run(tokens.note_use({{"1", at(2)}})));
    static_cast<void>(run(tokens.remove("1", bob, at(2))));
    EXPECT_TRUE(run(accounts.change("ann", {.password_hash = "x"}, bob, at(2))).has_value());
    EXPECT_TRUE(run(accounts.remove("ann", bob, at(2))).has_value());
    EXPECT_TRUE(run(store.keys().add({"k", "pem", at(1)}, at(1), bob)).has_value());
    static_cast<void>(run(store.keys().keys()));
}

void do_everything_with_the_journal(meta::Journal& journal) {
    EXPECT_TRUE(run(journal.append({{.kind = meta::ChangeKind::login, .refused = true}})).has_value());
    for (std::string const repository : {"", "app"}) {
        for (std::string const by : {"", "ann"}) {
            for (std::string const action : {"", "login", "account."}) {
                for (auto const refused : {std::optional<bool>(), std::optional(true)}) {
                    EXPECT_TRUE(run(journal.entries({.before = 1,
                                                     .since = at(1),
                                                     .until = at(2),
                                                     .by = by,
                                                     .repository = repository,
                                                     .action = action,
                                                     .refused = refused}))
                                    .has_value());
                }
            }
        }
    }
    EXPECT_TRUE(run(journal.after(1, 10)).has_value());
    EXPECT_TRUE(run(journal.repositories_after(1, 10)).has_value());
    EXPECT_TRUE(run(journal.last()).has_value());
    EXPECT_TRUE(run(journal.prune_before(at(1), 1, 10)).has_value());
}

void do_everything_with_consumers(meta::Consumers& consumers, meta::Journal& journal) {
    EXPECT_TRUE(run(journal.append({{.kind = meta::ChangeKind::login}})).has_value());
    auto const last = run(journal.last()).value();
    auto const from = run(consumers.join("webhook:a")).value().place;
    meta::ConsumerStep step{.name = "webhook:a", .from = from, .to = last};
    step.hold = {{.id = last, .parked = true}};
    step.release = {1};
    EXPECT_TRUE(run(consumers.advance(step)).has_value());
    EXPECT_EQ(run(consumers.list()).value().size(), 1U);
    EXPECT_EQ(run(consumers.parked("webhook:a", 0, 10)).value().items.size(), 1U);
    EXPECT_TRUE(run(consumers.expire(at(0), 10)).has_value());
    EXPECT_EQ(run(consumers.replay("webhook:a", {}, at(1))).value(), 1U);
    EXPECT_EQ(run(consumers.waiting("webhook:a", 0, 10)).value().items.size(), 1U);
    EXPECT_EQ(run(consumers.discard("webhook:a", last)).value(), 0U);
    EXPECT_TRUE(run(consumers.slowest()).has_value());
    EXPECT_TRUE(run(consumers.remove("webhook:a")).has_value());
}

void do_everything_with_a_snapshot(std::string const& path) {
    auto snapshot = meta::SqliteSnapshot::take(path, path + ".snapshot").value();
    EXPECT_FALSE(snapshot.content("", 10).value().empty());
    EXPECT_TRUE(snapshot.names(digest("child")).value());
    EXPECT_FALSE(snapshot.is_quarantined(digest("none")).value());
}

/// The index that a statement of this kind is to use.
void expect_index(std::string const& sql, std::vector<std::string> const& plan, bool recursive) {
    if (sql.find("WHERE listed = 1") != std::string::npos) {
        EXPECT_THAT(plan, Contains(HasSubstr("repository_listed (name>?)"))) << sql;
    }
    if (sql.find("artifact_type = ?3") != std::string::npos) {
        EXPECT_THAT(plan, Contains(HasSubstr("manifest_referrer_type"))) << sql;
    }
    if (sql.find("digest = ?12 AND name > ?11") != std::string::npos) {
        EXPECT_THAT(plan, Contains(HasSubstr("tag_digest (repository=? AND digest=? AND name>?)"))) << sql;
    }
    if (recursive && sql.find("name > ?3") != std::string::npos) {
        EXPECT_THAT(plan, Contains(HasSubstr("tag_digest (repository=? AND digest=? AND name>?)"))) << sql;
    }
    if (sql.find("CROSS JOIN repository") != std::string::npos &&
        sql.find("l.digest = ?1 AND l.repository > ?2") != std::string::npos) {
        EXPECT_THAT(plan, Contains(HasSubstr("link_digest (digest=? AND repository>?)"))) << sql;
    }
    // Whatever page it is, the index leads to its first tag.
    for (auto const& [order, step] :
         {std::pair{"(moved_at, name) < ", "tag_pushed (repository=? AND (moved_at,name)<(?,?))"},
          std::pair{"(moved_at, name) > ", "tag_pushed (repository=? AND (moved_at,name)>(?,?))"},
          std::pair{"(image_size, name) < ", "tag_size (repository=? AND (image_size,name)<(?,?))"},
          std::pair{"(image_size, name) > ", "tag_size (repository=? AND (image_size,name)>(?,?))"},
          std::pair{"(pulled_at, name) < ", "tag_pull_time (repository=? AND (pulled_at,name)<(?,?))"},
          std::pair{"(pulled_at, name) > ", "tag_pull_time (repository=? AND (pulled_at,name)>(?,?))"},
          std::pair{"(version, name) < ",
                    "tag_version (repository=? AND version>? AND (version,name)<(?,?))"},
          std::pair{"(version, name) > ", "tag_version (repository=? AND (version,name)>(?,?))"},
          std::pair{"version IS NOT NULL FROM tag", "PRIMARY KEY (repository=? AND name>?)"},
          std::pair{"EXISTS (SELECT 1 FROM tag_pull", "PRIMARY KEY (repository=? AND name>?)"},
          std::pair{"(k.bytes, k.repository) < ", "_rank_bytes ((bytes,repository)<(?,?))"},
          std::pair{"(k.bytes, k.repository) > ", "_rank_bytes ((bytes,repository)>(?,?))"},
          std::pair{"(k.pushed_at, k.repository) < ", "_rank_pushed ((pushed_at,repository)<(?,?))"},
          std::pair{"(k.pushed_at, k.repository) > ", "_rank_pushed ((pushed_at,repository)>(?,?))"},
          std::pair{"k.pushed_at = 0", "_rank_pushed (pushed_at=? AND repository>?)"},
          std::pair{"FROM tag WHERE repository = ?1 AND name >= ",
                    "PRIMARY KEY (repository=? AND name>? AND name<?)"}}) {
        if (sql.find(order) != std::string::npos) {
            EXPECT_THAT(plan, Contains(HasSubstr(step))) << sql;
        }
    }
    if (sql.find("(at, id) < (?2, ?3)") != std::string::npos) {
        EXPECT_THAT(plan, Contains(HasSubstr("=? AND at>? AND at<?"))) << sql;
        bool const by_action = sql.find("INDEXED BY journal_action") != std::string::npos;
        if (by_action) EXPECT_THAT(plan, Contains(HasSubstr("COVERING INDEX journal_action"))) << sql;
    }
}

}  // namespace

TEST(SqlitePlans, NoStatementScansATableOrSorts) {
    auto const directory = meta::TemporaryDirectory::make().value();
    auto const path = (directory.path() / "meta.db").string();
    Observers observers;
    std::set<std::string> statements;
    // What brings a database up to date, or begins to count, reads tables whole, once.
    static_cast<void>(
        meta::SqliteStore::open(path, observers.log, observers.metrics, meta::CallerCounting::on).value());
    {
        Statements const watching;
        auto const store = meta::SqliteStore::open(path, observers.log, observers.metrics).value();
        do_everything(*store);
        do_everything_with_what_jobs_need(*store);
        do_everything_with_usage(*store);
        do_everything_with_the_collection(*store);
        do_everything_with_what_was_collected(*store);
        do_everything_with_repositories(*store);
        delete_more_tags_than_a_change_names(*store);
        push_what_is_pulled(store->catalog());
        do_everything_with_pulls(store->pulls());
        do_everything_with_retention(*store);
        do_everything_with_accounts(*store);
        do_everything_with_the_journal(store->journal());
        do_everything_with_consumers(store->consumers(), store->journal());
        do_everything_with_a_snapshot(path);
        statements = watching.seen();
        EXPECT_THAT(watching.seen_prepared_again(), IsEmpty());
    }
    RawDb raw(path);
    int planned = 0;
    for (auto const& sql : statements) {
        if (!is_sql(sql) || sql.find("sqlite_schema") != std::string::npos) continue;
        if (sql.find("vacuum_") != std::string::npos) continue;  // What SQLite copies a database with.
        auto const plan = raw.rows("EXPLAIN QUERY PLAN " + sql);
        bool const recursive = sql.starts_with("WITH RECURSIVE");
        auto const scanned = [&](std::string const& step) {
            if (step.ends_with("SCAN CONSTANT ROW")) return false;
            // The queue of a recursion, what it found, and what is one row.
            for (auto const* const own : {"SCAN h", "SCAN holder", "SCAN home"}) {
                if (recursive && step.ends_with(own)) return false;
            }
            return step.find("SCAN") != std::string::npos;
        };
        EXPECT_TRUE(std::ranges::none_of(plan, scanned)) << sql << ::testing::PrintToString(plan);
        if (recursive) {
            EXPECT_THAT(plan, Contains(HasSubstr("edge_child (repository=? AND child=?)"))) << sql;
            EXPECT_THAT(plan, Contains(HasSubstr("tag_digest (repository=? AND digest=?"))) << sql;
        } else {
            EXPECT_THAT(plan, Not(Contains(HasSubstr("TEMP B-TREE")))) << sql;
        }
        expect_index(sql, plan, recursive);
        ++planned;
    }
    EXPECT_GE(planned, 50) << "the statements were not seen";
    for (auto const& text : sql_of(OCILOT_SOURCES "/cpp/meta/sqlite")) {
        auto const has_it = [&](std::string const& sql) { return sql.find(text) != std::string::npos; };
        EXPECT_TRUE(std::ranges::any_of(statements, has_it)) << "no plan was looked at of: " << text;
    }
}
