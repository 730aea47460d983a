#pragma once

#include "meta/make_facts.h"
#include "meta/store.h"
#include "run.h"

#include <gtest/gtest.h>

namespace ocilot::test {

/// Runs every statement about whole repositories and their lists.
inline void do_everything_with_repositories(meta::MetaStore& store) {
    auto& admin = store.catalog().admin();
    auto const here = repo("here");
    auto const there = repo("there");
    meta::Page const page{{}, 10};
    EXPECT_TRUE(run(store.links().link_blob(here, {digest("b"), 1}, {}, bob, at(1))).has_value());
    EXPECT_TRUE(run(store.catalog().put_manifest(a_manifest(here, "m", {tag("t")}))).has_value());
    EXPECT_EQ(run(admin.list("he", page)).value().items.size(), 1U);
    EXPECT_EQ(run(admin.find(here)).value().blobs, 1U);
    using enum meta::TagOrder;
    for (auto const order : {name, pushed, size, pulled, version}) {
        for (bool const descending : {false, true}) {
            meta::TagQuery const query{.order = order, .descending = descending};
            EXPECT_EQ(run(admin.tags(here, query)).value().items.size(), 1U);
        }
    }
    EXPECT_EQ(run(admin.rank({"here", "none"})).value(), 1U);
    for (auto const order : {meta::RepositoryOrder::bytes, meta::RepositoryOrder::pushed}) {
        for (bool const descending : {false, true}) {
            meta::RepositoryQuery const query{.order = order, .descending = descending, .prefix = "here"};
            EXPECT_EQ(run(admin.sorted(query)).value().items.size(), 1U);
        }
    }
    EXPECT_TRUE(run(admin.set_alias(repo("old"), here, bob, at(2))).has_value());
    EXPECT_EQ(run(admin.alias(repo("old"))).value(), here);
    EXPECT_EQ(run(admin.aliases(page)).value().items.size(), 1U);
    EXPECT_TRUE(run(admin.rename({here, there, true}, bob, at(3))).has_value());
    EXPECT_TRUE(run(admin.remove_alias(here, bob, at(4))).has_value());
    EXPECT_EQ(run(admin.remove(there, bob, at(5))).value().manifests, 1U);
}

}  // namespace ocilot::test
