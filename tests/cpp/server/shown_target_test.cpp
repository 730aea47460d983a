#include "server/shown_target.h"

#include <gtest/gtest.h>

using ocilot::server::shown_target;

TEST(ShownTarget, IsWhatCameWhereThereIsNoSecret) {
    for (std::string_view const target :
         {"/v2/", "/v2/a/manifests/1", "/token?service=a&scope=repository:a:pull&offline_token=true", "*", "",
          "/?", "/a?&&=&password&", "/a@b://c@d/?x=@", "http://host:5000/v2/?n=1", "host:443"}) {
        EXPECT_EQ(shown_target(target), target);
    }
}

TEST(ShownTarget, HidesTheValuesOfSecrets) {
    EXPECT_EQ(shown_target("/token?service=a&password=b%20c=d&scope=e"),
              "/token?service=a&password=***&scope=e");
    EXPECT_EQ(shown_target("/v2/?access_token=eyJ.eyJ.x"), "/v2/?access_token=***");
    EXPECT_EQ(shown_target("/?token=a&token=b&refresh_token="), "/?token=***&token=***&refresh_token=***");
}

TEST(ShownTarget, HidesTheUserOfAnAddress) {
    EXPECT_EQ(shown_target("http://alice:b@c@host:5000/v2/?token=d@e"), "http://***@host:5000/v2/?token=***");
    EXPECT_EQ(shown_target("https://alice@host"), "https://***@host");
}
