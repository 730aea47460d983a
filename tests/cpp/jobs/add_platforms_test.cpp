#include "jobs/add_platforms.h"

#include "registry/fixture.h"
#include "registry/platform_cache.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using events::Action;
using events::Event;

namespace {

class AddPlatforms : public RegistryTest {
  protected:
    Event pushed(std::string const& config, std::string_view config_type = image_config) {
        auto text = image(push(config), {});
        auto const at = text.find(image_config);
        text.replace(at, image_config.size(), config_type);
        EXPECT_TRUE(push_manifest(text, tag("v1")).has_value());
        return {.action = Action::manifest_pushed,
                .digest = sha256(text).str(),
                .media_type = std::string(oci_manifest)};
    }
    std::string platform_of(Event event) {
        run(jobs::add_platforms(parts, std::span(&event, 1)));
        return event.platform;
    }
    static constexpr std::string_view image_config = "application/vnd.oci.image.config.v1+json";
    static constexpr std::string_view arm = R"({"os":"linux","architecture":"arm64","variant":"v8"})";
};

}  // namespace

TEST_F(AddPlatforms, AnImageHasThatOfItsConfiguration) {
    auto event = pushed(std::string(arm));
    EXPECT_EQ(platform_of(event), "linux/arm64/v8");
    event.action = Action::tag_created;
    EXPECT_EQ(platform_of(event), "linux/arm64/v8");
    EXPECT_EQ(platform_of(pushed(R"({"os":"linux","architecture":"amd64"})")), "linux/amd64");
}

TEST_F(AddPlatforms, WhatIsNoImageAndWhatNamesNoneHasNone) {
    EXPECT_EQ(platform_of(pushed(R"({"os":"unknown","architecture":"unknown"})")), "") << "an attestation";
    EXPECT_EQ(platform_of(pushed("{}")), "");
    EXPECT_EQ(platform_of(pushed("not JSON")), "");
    EXPECT_EQ(platform_of(pushed(std::string(arm), "application/vnd.cncf.helm.config.v1+json")), "");
    EXPECT_EQ(platform_of({.action = Action::refused}), "");
    EXPECT_EQ(platform_of({.action = Action::manifest_pushed,
                           .digest = "sha256:no",
                           .media_type = std::string(oci_manifest)}),
              "");
}

TEST_F(AddPlatforms, OnlyPushesHaveOne) {
    auto event = pushed(std::string(arm));
    for (auto const action : {Action::manifest_deleted, Action::collected, Action::pulled}) {
        event.action = action;
        EXPECT_EQ(platform_of(event), "");
    }
    event.action = Action::manifest_pushed;
    event.subject = event.digest;
    EXPECT_EQ(platform_of(event), "") << "a signature is for no platform";
    event.subject.clear();
    event.media_type = "application/vnd.oci.image.index.v1+json";
    EXPECT_EQ(platform_of(event), "") << "an index is for many";
}

TEST_F(AddPlatforms, WhatIsGoneHasNoneUnlessItIsRemembered) {
    auto const config = sha256(arm);
    auto const event = pushed(std::string(arm));
    ASSERT_TRUE(run(blobs.remove(config)).has_value());
    EXPECT_EQ(platform_of(event), "");
    registry::PlatformCache cache;
    parts.platforms = &cache;
    EXPECT_EQ(platform_of(event), "");
    auto const other = pushed(std::string(arm) + "  ");
    EXPECT_EQ(platform_of(other), "linux/arm64/v8");
    ASSERT_TRUE(run(blobs.remove(sha256(std::string(arm) + "  "))).has_value());
    EXPECT_EQ(platform_of(other), "linux/arm64/v8") << "it was read before";
    parts.platforms = nullptr;
}
