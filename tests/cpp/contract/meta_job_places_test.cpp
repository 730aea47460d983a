#include "contract/meta_store_fixture.h"

using namespace ocilot;
using namespace ocilot::test;

namespace {

class MetaJobPlacesContract : public MetaStoreContract {};

}  // namespace

TEST_P(MetaJobPlacesContract, EachJobHasItsLastPlace) {
    auto& places = store->places();
    EXPECT_EQ(run(places.place("one")).value(), std::nullopt);
    ASSERT_TRUE(run(places.save({"one", "first", at(1)})).has_value());
    ASSERT_TRUE(run(places.save({"two", "", at(2)})).has_value());
    ASSERT_TRUE(run(places.save({"one", "second", at(3)})).has_value());
    auto const one = run(places.place("one")).value().value();
    EXPECT_EQ(one.job, "one");
    EXPECT_EQ(one.place, "second");
    EXPECT_EQ(one.noted_at, at(3));
    EXPECT_EQ(run(places.place("two")).value().value().place, "");
}

OCILOT_META_KINDS(MetaJobPlacesContract);
