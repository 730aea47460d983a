#pragma once

#include "meta/change.h"
#include "meta/make_facts.h"
#include "meta/store.h"
#include "run.h"

#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ocilot::test {

inline void push_what_is_pulled(meta::Catalog& catalog) {
    auto const kept = a_manifest(repo("used"), "kept", {tag("kept")});
    EXPECT_TRUE(run(catalog.put_manifest(kept)).has_value());
}

inline void delete_more_tags_than_a_change_names(meta::MetaStore& store) {
    std::vector<oci::Tag> many;
    for (std::size_t n = 0; n <= meta::max_changed_tags; ++n) many.push_back(tag("t" + std::to_string(n)));
    auto const manifest = a_manifest(repo("many"), "many", many);
    auto const& name = manifest.repository;
    auto& catalog = store.catalog();
    EXPECT_TRUE(run(catalog.put_manifest(manifest)).has_value());
    EXPECT_TRUE(run(catalog.delete_manifest(name, manifest.fact.digest, {}, bob, at(9))).has_value());
    EXPECT_TRUE(run(catalog.put_manifest(manifest)).has_value());
    EXPECT_TRUE(run(catalog.admin().remove(name, bob, at(10))).has_value());
}

}  // namespace ocilot::test
