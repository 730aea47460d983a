#include "oci/image_name.h"

#include <gtest/gtest.h>
#include <string>

using ocilot::oci::ImageName;

namespace {

std::string const digest = "sha256:" + std::string(64, 'a');

/// `repository tag digest`, with `-` for what is not there.
std::string read(std::string const& text) {
    auto const image = ImageName::parse(text);
    if (image.has_error()) return "none";
    return image->repository.str() + " " + (image->tag ? image->tag->str() : "-") + " " +
           (image->digest ? image->digest->str() : "-");
}

}  // namespace

TEST(ImageName, HasATagADigestOrBoth) {
    EXPECT_EQ(read("team/app:v1"), "team/app v1 -");
    EXPECT_EQ(read("team/app"), "team/app latest -");
    EXPECT_EQ(read("team/app@" + digest), "team/app - " + digest);
    EXPECT_EQ(read("team/app:v1@" + digest), "team/app v1 " + digest);
}

TEST(ImageName, TheRegistryDoesNotCount) {
    for (std::string const host : {"registry.example.com/", "localhost/", "host:5000/", "[::1]:5000/"}) {
        EXPECT_EQ(read(host + "team/app:v1"), "team/app v1 -") << host;
    }
    EXPECT_EQ(read("team/app/web:v1"), "team/app/web v1 -") << "the first component has neither dot nor port";
}

TEST(ImageName, RefusesAllElse) {
    for (std::string const text :
         {"", "team/App", "team/app:", "team/app@", "team/app:v 1", "team/app@sha256:ab", "team/app@v1",
          "host.example/", "docker://host.example/team/app", "/team/app", "team/app:v1:v2",
          "host.example\x1b[2J/team/app", "ho st:1/team/app"}) {
        EXPECT_EQ(read(text), "none") << text;
    }
    EXPECT_EQ(read(digest), "none") << "the ID of an image is not a repository with a tag";
    EXPECT_EQ(read("host.example/" + digest), "none");
    EXPECT_EQ(read(std::string(252, 'h') + ".io/team/app"), "team/app latest -");
    EXPECT_EQ(read(std::string(253, 'h') + ".io/team/app"), "none");
}
