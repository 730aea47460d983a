#include "jobs/collector_fixture.h"
#include "jobs/retention.h"
#include "meta/sqlite/temporary_directory.h"

#include <fstream>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

class PinImagesTest : public test::CollectorTest {
  protected:
    /// What the list says from now on.
    void write(std::string const& text) { std::ofstream(list) << text; }
    Result<std::size_t> pin() { return run(retention.pin(round)); }
    std::vector<meta::Pin> pins() { return run(meta->collection().releases().pins({}, 100)).value(); }

    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::string const list = (directory.path() / "used.txt").string();
    BlockingPool pool{1};
    jobs::Retention retention{
        {parts, pool},
        {jobs::RetentionRules::parse(
             R"([{"name":"p","repositories":["team/**"],"except":["team/old"],"keep":[{"in-use":"file:)" +
             list + R"("}]}])")
             .value()},
        log,
        metrics};
};

}  // namespace

TEST_F(PinImagesTest, WhatAListNamesByDigestIsKeptUntilItDoesNot) {
    auto const image = push_image("layer", "v1");
    push_image("other", "v1");
    write("host.example/" + name.str() + "@" + image.str() + "\nteam/app:v2\nteam/old@" + image.str() +
          "\nelse@" + image.str() + "\n");
    EXPECT_EQ(pin().value(), 1U);
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), image}));
    EXPECT_EQ(pin().value(), 0U) << "it is there already";
    collect();
    pass(2 * grace);
    collect_all();
    EXPECT_TRUE(has_manifest(image));
    write("# none\n");
    EXPECT_EQ(pin().value(), 1U);
    EXPECT_THAT(pins(), IsEmpty());
    pass(grace / 2);
    collect_all();
    EXPECT_TRUE(has_manifest(image)) << "its grace has just begun";
    pass(grace);
    collect_all();
    EXPECT_FALSE(has_manifest(image));
    EXPECT_FALSE(has_bytes(image));
}

TEST_F(PinImagesTest, AListThatCannotBeReadChangesNothing) {
    auto const image = push_image("layer", "v1");
    write(name.str() + "@" + image.str() + "\n");
    EXPECT_EQ(pin().value(), 1U);
    for (auto const* const text : {"", "team/app:v1\nnothing that is a reference\n"}) {
        write(text);
        EXPECT_THAT(pin().error().message, HasSubstr("cannot read the list of images in use"));
        EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), image}));
    }
}

TEST_F(PinImagesTest, AListMayNameARepositoryByItsAlias) {
    auto const image = push_image("layer", "v1");
    auto const old = oci::RepositoryName::parse("elsewhere/app").value();
    ASSERT_TRUE(run(meta->catalog().admin().set_alias(old, name, {}, clock.now())).has_value());
    write(old.str() + "@" + image.str() + "\n");
    EXPECT_EQ(pin().value(), 1U);
    EXPECT_THAT(pins(), ElementsAre(meta::Pin{name.str(), image}));
}

TEST_F(PinImagesTest, ManyPinsChangeInPieces) {
    std::string text;
    for (int number = 0; number < 1300; ++number)
        text += name.str() + "@" + sha256(std::to_string(number)).str() + "\n";
    write(text);
    EXPECT_EQ(pin().value(), 1300U);
    EXPECT_EQ(pin().value(), 0U);
    write("# none\n");
    EXPECT_EQ(pin().value(), 1300U);
    EXPECT_THAT(pins(), IsEmpty());
}
