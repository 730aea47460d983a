// What clients were told is there stays for the manifest that they push next.
#include "jobs/collector_fixture.h"

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::seconds;

namespace {

using CollectorProbes = CollectorTest;

}  // namespace

TEST_F(CollectorProbes, WhatAClientAskedForBeforeTheFirstRoundStays) {
    auto const layer = push("layer");
    pass(grace + seconds(1));
    forget_memory();
    ASSERT_TRUE(run(registry::stat_blob(parts, name, layer)).has_value());
    restart_collector();
    collect_all();
    EXPECT_TRUE(has_link(layer));
    pass(grace + seconds(1));
    collect_all();
    EXPECT_FALSE(has_link(layer)) << "nothing has named it since";
}

TEST_F(CollectorProbes, ABlobThatAClientAskedForStaysForItsManifest) {
    auto const layer = push("layer");
    auto const config = push("{}");
    pass(grace + seconds(1));
    ASSERT_TRUE(run(registry::stat_blob(parts, name, layer)).has_value());
    ASSERT_TRUE(run(registry::stat_blob(parts, name, config)).has_value());
    collect_all();
    EXPECT_TRUE(has_link(layer));
    EXPECT_TRUE(push_manifest(image(config, {layer}), tag("v1")).has_value());
}
