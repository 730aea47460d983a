#include "oci/platform.h"

#include <gmock/gmock.h>

namespace ocilot::oci {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Platforms, OfAnIndexAreThoseOfItsImagesEachOnce) {
    auto const found = platforms_of_index(R"({"schemaVersion":2,"manifests":[
        {"digest":"a","platform":{"os":"linux","architecture":"amd64"}},
        {"digest":"b","platform":{"os":"linux","architecture":"arm64","variant":"v8","os.features":["x"]}},
        {"digest":"c","platform":{"os":"unknown","architecture":"unknown"}},
        {"digest":"d"},
        {"digest":"e","platform":{"os":"linux","architecture":"amd64"}},
        {"digest":"f","platform":{"os":"windows","architecture":"amd64"}}]})");
    EXPECT_THAT(found, ElementsAre("linux/amd64", "linux/arm64/v8", "windows/amd64"));
}

TEST(Platforms, OfAnImageAreInItsConfiguration) {
    EXPECT_THAT(platforms_of_config(R"({"architecture":"arm","os":"linux","variant":"v7",
                                        "config":{"os":"plan9"},"history":[{"created":"x"}]})"),
                ElementsAre("linux/arm/v7"));
    EXPECT_TRUE(is_image_config("application/vnd.oci.image.config.v1+json"));
    EXPECT_FALSE(is_image_config("application/vnd.cncf.helm.config.v1+json"));
}

TEST(Platforms, OfWhatNamesNoneAreNone) {
    for (auto const* text : {"", "{}", "[]", "null", "{", R"({"os":"linux"})", R"({"os":1,"architecture":2})",
                             R"({"os":"","architecture":"amd64"})"}) {
        EXPECT_THAT(platforms_of_config(text), IsEmpty()) << text;
    }
    for (auto const* text :
         {"", "{}", "[1]", R"({"manifests":{}})", R"({"manifests":[1,[],{"platform":[]}]})",
          R"({"manifests":[{"platform":{"os":"linux"}}]})"}) {
        EXPECT_THAT(platforms_of_index(text), IsEmpty()) << text;
    }
    auto const long_word = std::string(65, 'x');
    EXPECT_THAT(platforms_of_config(R"({"os":")" + long_word + R"(","architecture":"amd64"})"), IsEmpty());
}

TEST(Platforms, AreFoundHoweverDeepTheRestIs) {
    std::string const deep = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_THAT(platforms_of_config(R"({"os":"linux","architecture":"amd64","config":)" + deep + "}"),
                ElementsAre("linux/amd64"));
    EXPECT_THAT(platforms_of_index(R"({"manifests":[{"platform":{"os":"linux","architecture":"amd64"},"x":)" +
                                   deep + "}]}"),
                SizeIs(1));
}

}  // namespace
}  // namespace ocilot::oci
