#pragma once

#include "meta/make_facts.h"
#include "meta/store.h"
#include "run.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ocilot::test {

/// One with more tags that refer to it than a transaction takes out.
inline void do_everything_with_a_large_purge(meta::MetaStore& store) {
    auto const app = repo("purged");
    auto& queue = store.collection();
    EXPECT_TRUE(run(store.catalog().put_manifest(a_manifest(app, "large"))).has_value());
    auto signatures = a_manifest(app, "signatures");
    auto name = digest("large").str();
    name.replace(name.find(':'), 1, "-");
    for (int n = 0; n < 2'000; ++n) signatures.tags.push_back(tag(name + "." + std::to_string(n)));
    EXPECT_TRUE(run(store.catalog().put_manifest(signatures)).has_value());
    EXPECT_TRUE(run(queue.releases().image(app, digest("large"), bob, at(9))).has_value());
    std::vector<oci::Digest> const left{digest("large")};
    EXPECT_EQ(run(queue.review(app, left, {at(9), at(9)})).value().expired, left);
    EXPECT_TRUE(run(queue.purge(app, left, {at(9), at(9)}, at(9))).has_value());
}

/// Runs every statement of a purge.
inline void do_everything_with_a_purge(meta::MetaStore& store) {
    auto const app = repo("purged");
    EXPECT_TRUE(run(store.links().link_blob(app, {digest("layer"), 1}, {}, bob, at(1))).has_value());
    auto image = a_manifest(app, "purged image");
    image.blobs = {digest("layer")};
    EXPECT_TRUE(run(store.catalog().put_manifest(image)).has_value());
    auto& releases = store.collection().releases();
    EXPECT_TRUE(run(releases.image(app, digest("purged image"), bob, at(9))).has_value());
    EXPECT_FALSE(run(releases.image(app, digest("purged image"), bob, at(9))).has_value());
    meta::Pin const pin{app.str(), digest("purged image")};
    EXPECT_TRUE(run(releases.pin({{pin}, {}}, at(9))).has_value());
    EXPECT_EQ(run(releases.pins({}, 10)).value().size(), 1U);
    EXPECT_TRUE(run(store.catalog().put_manifest(image)).has_value());
    EXPECT_EQ(run(store.collection().report().holdings(digest("purged image"), 10)).value().size(), 1U);
    EXPECT_TRUE(run(releases.pin({{}, {pin}}, at(9))).has_value());
    EXPECT_TRUE(run(releases.image(app, digest("purged image"), bob, at(10))).has_value())
        << "its layer is a candidate already, of an earlier time";
    auto const due = run(store.collection().due({at(0), at(0)}, 10)).value();
    EXPECT_FALSE(due.empty());
    EXPECT_TRUE(run(store.collection().settle(due, {})).has_value());
    EXPECT_TRUE(run(releases.bytes({digest("bytes")}, at(9))).has_value());
    do_everything_with_a_large_purge(store);
}

inline void do_everything_with_many_candidates(meta::Collection& queue) {
    constexpr std::size_t many = 1'024;
    for (bool const purged : {true, false}) {
        std::vector<meta::Candidate> all;
        for (std::size_t i = 0; i < 2 * many; ++i)
            all.push_back(
                {"many", digest(std::to_string(i) + (purged ? "purged" : "")), at(1), false, purged});
        EXPECT_TRUE(run(queue.enqueue(std::move(all), {})).has_value());
        EXPECT_EQ(run(queue.due({at(1), at(1)}, many)).value().size(), many);
    }
}

}  // namespace ocilot::test
