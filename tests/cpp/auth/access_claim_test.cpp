#include "auth/access_claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using testing::HasSubstr;

namespace {

Result<std::vector<auth::Resource>> access_of(std::string const& json) {
    jose::Claims claims;
    claims.json = R"({"access":)" + json + "}";
    return auth::access_claim(claims);
}

}  // namespace

TEST(AccessClaim, NamesTypesAndActions) {
    auto const access = access_of(R"([{"type":"repository","name":"team/app","actions":["pull","push"]}])");
    ASSERT_TRUE(access.has_value()) << access.error().message;
    ASSERT_EQ(access->size(), 1U);
    EXPECT_EQ(access->front().str(), "repository:team/app:pull,push");
}

TEST(AccessClaim, MayBeWhatOtherServersWrite) {
    EXPECT_EQ(access_of("null").value().size(), 0U);
    EXPECT_EQ(access_of("[]").value().size(), 0U);
    EXPECT_EQ(access_of(R"([{"type":"repository","class":"","name":"a","actions":null}])").value().size(),
              1U);
    jose::Claims claims;
    claims.json = R"({"iss":"tokens"})";
    EXPECT_EQ(auth::access_claim(claims).value().size(), 0U);
}

TEST(AccessClaim, OfAnotherShapeIsRefused) {
    for (std::string const access : {"{}", "1", R"(["a"])", R"([{"type":1,"name":"a","actions":[]}])",
                                     R"([{"type":"repository","name":"a","actions":"pull"}])",
                                     R"([{"type":"repository","name":"a","actions":[1]}])"}) {
        auto const found = access_of(access);
        ASSERT_TRUE(found.has_error()) << access;
        EXPECT_EQ(found.error().code, Errc::unauthorized);
        EXPECT_THAT(found.error().message, HasSubstr(" is not a ")) << access;
    }
}

TEST(AccessClaim, CannotGrantAdministration) {
    auto const access = access_of(R"([{"type":"repository","name":"a","actions":["admin","delete"]}])");
    ASSERT_TRUE(access.has_value());
    EXPECT_EQ(access->front().rights.str(), "delete");
}
