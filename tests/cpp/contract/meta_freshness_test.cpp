#include "contract/meta_store_fixture.h"

#include <thread>

// What a store keeps in memory never outlives a write.

using namespace ocilot;
using namespace ocilot::test;

TEST_P(MetaStoreContract, WhoeverAsksAfterAWriteSeesIt) {
    constexpr int rounds = 100;
    for (std::string_view const image : {"even", "odd"}) ASSERT_TRUE(put(a_manifest(app, image)).has_value());
    std::vector<std::thread> threads;
    for (int writer = 0; writer < 4; ++writer) {
        threads.emplace_back([this, writer] {
            auto const mine = tag("t" + std::to_string(writer));
            for (int i = 0; i < rounds; ++i) {
                std::string_view const image = i % 2 == 0 ? "even" : "odd";
                ASSERT_TRUE(put(a_manifest(app, image, {mine})).has_value());
                for (int look = 0; look < 2; ++look) {
                    ASSERT_EQ(run(catalog().resolve(app, mine)).value().digest, digest(image));
                }
            }
            ASSERT_TRUE(run(catalog().delete_tag(app, mine, {}, at(9))).has_value());
            ASSERT_EQ(run(catalog().resolve(app, mine)).error().code, Errc::manifest_unknown);
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST_P(MetaStoreContract, WhatWasKnownIsUnknownOnceItIsQuarantined) {
    link(app, "b");
    ASSERT_TRUE(run(links().blob(app, digest("b"))).has_value());
    ASSERT_TRUE(run(store->scrub().quarantine(digest("b"), at(2))).has_value());
    EXPECT_EQ(run(links().blob(app, digest("b"))).error().code, Errc::blob_unknown);
}
