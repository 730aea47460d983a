#include "meta/make_facts.h"
#include "meta/raw_db.h"
#include "meta/schema_4.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "run.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using meta::CallerCounting;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

class SqliteCallerCounting : public ::testing::Test {
  protected:
    void open(CallerCounting counting) {
        store.reset();
        store = meta::SqliteStore::open(path, observers.log, observers.metrics, counting).value();
    }
    void push(std::string_view content) {
        ASSERT_TRUE(run(store->links().link_blob(app, {digest(content), content.size()}, {}, ann, at(1)))
                        .has_value());
    }
    meta::Usage usage() { return run(store->collection().report().caller_usage("user:ann")).value(); }

    static constexpr std::string_view line = "counting usage of callers";

    Observers observers;
    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::string path = (directory.path() / "meta.db").string();
    std::unique_ptr<meta::SqliteStore> store;
    oci::RepositoryName const app = repo("team/app");
};

}  // namespace

TEST_F(SqliteCallerCounting, BeginsWithWhatWasPushedBefore) {
    open(CallerCounting::off);
    for (auto const* const content : {"layer", "other"}) push(content);
    auto const image = a_manifest(app, "image", {tag("v1"), tag("v2")});
    ASSERT_TRUE(run(store->catalog().put_manifest(image)).has_value());
    EXPECT_EQ(usage(), meta::Usage()) << "nobody wants to know";
    open(CallerCounting::on);
    auto const whole = meta::Usage{10 + image.fact.size, 2, 1, 2};
    EXPECT_EQ(usage(), whole);
    EXPECT_THAT(observers.sink.text(), HasSubstr(line));
    ASSERT_TRUE(run(store->links().unlink_blob(app, digest("other"), {}, bob, at(2))).has_value());
    push("third");
    EXPECT_EQ(usage(), whole);
}

TEST_F(SqliteCallerCounting, GoesOnAfterARestartAndEndsWhenNobodyWantsIt) {
    open(CallerCounting::on);
    push("layer");
    auto const counted = [&] {
        auto const text = observers.sink.text();
        auto const first = text.find(line);
        return first != text.npos && text.find(line, first + 1) == text.npos;
    };
    ASSERT_TRUE(counted());
    for (auto const counting : {CallerCounting::as_it_was, CallerCounting::on}) {
        open(counting);
        push(counting == CallerCounting::on ? "two" : "one");
    }
    EXPECT_EQ(usage(), (meta::Usage{11, 3, 0, 0}));
    EXPECT_TRUE(counted()) << "what is counted already is not counted again";
    open(CallerCounting::off);
    EXPECT_EQ(usage(), meta::Usage());
    push("three");
    EXPECT_THAT(RawDb(path).rows("SELECT name FROM sqlite_schema WHERE name LIKE 'caller_usage_%'"),
                IsEmpty())
        << "no push pays for it";
    open(CallerCounting::as_it_was);
    EXPECT_EQ(usage(), meta::Usage());
    open(CallerCounting::on);
    EXPECT_EQ(usage(), (meta::Usage{16, 4, 0, 0}));
}

TEST_F(SqliteCallerCounting, NoRowIsWrittenByEveryPushOfACaller) {
    open(CallerCounting::on);
    for (auto const* const content : {"1", "22", "333", "1 of as many as four"}) push(content);
    EXPECT_EQ(
        RawDb(path).rows("SELECT shard, blobs FROM caller_usage WHERE caller = 'user:ann' ORDER BY shard"),
        (std::vector<std::string>{"1|1", "2|1", "3|1", "4|1"}));
    EXPECT_EQ(usage().blobs, 4U);
}

TEST_F(SqliteCallerCounting, WhatAnOlderSchemaHadIsNobodys) {
    RawDb(path).rows(schema_4);
    open(CallerCounting::on);
    auto const callers = [&] {
        return run(store->collection().report().caller_usages({{}, 9})).value().items;
    };
    EXPECT_GT(run(store->collection().report().usage(app)).value().bytes, 0U);
    EXPECT_THAT(callers(), IsEmpty());
    ASSERT_TRUE(run(store->links().unlink_blob(app, digest("layer"), {}, ann, at(9))).has_value());
    ASSERT_TRUE(run(store->catalog().delete_manifest(app, digest("two"), {}, ann, at(9))).has_value());
    ASSERT_TRUE(run(store->collection().restore({app, tag("latest"), {}, {}}, ann, at(10))).has_value());
    EXPECT_EQ(run(store->catalog().resolve(app, tag("latest"))).value().digest, digest("two"));
    EXPECT_THAT(callers(), IsEmpty()) << "who restores it does not bring it";
    push("new");
    EXPECT_EQ(usage(), (meta::Usage{3, 1, 0, 0}));
}
