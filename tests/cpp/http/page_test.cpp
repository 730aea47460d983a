#include "http/core/page.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

Result<PageQuery> page(std::string_view query) {
    return PageQuery::parse(*Query::parse(query), 100, 1000);
}

TEST(PageQuery, TakesNAndLast) {
    EXPECT_EQ(page("")->size, 100U);
    EXPECT_EQ(page("")->last, std::nullopt);
    EXPECT_EQ(page("n=7&last=v1")->size, 7U);
    EXPECT_EQ(page("n=7&last=v1")->page().after, "v1");
    EXPECT_EQ(page("n=1&n=2")->size, 1U);
}

TEST(PageQuery, CutsLargeNumbersToTheLimit) {
    EXPECT_EQ(page("n=1001")->size, 1000U);
    EXPECT_EQ(page("n=1000000000")->size, 1000U);
    EXPECT_EQ(page("n=2147483647")->size, 1000U);
}

TEST(PageQuery, AsksForSomethingEvenForNothing) {
    EXPECT_EQ(page("n=0")->size, 0U);
    EXPECT_EQ(page("n=0")->page().limit, 1U);
}

TEST(PageQuery, RefusesWhatIsNoNumber) {
    for (auto const* query :
         {"n=-1", "n=abc", "n=", "n", "n=1x", "n=+1", "n= 1", "n=99999999999999999999", "n=1.5"}) {
        auto const wanted = page(query);
        ASSERT_TRUE(wanted.has_error()) << query;
        EXPECT_EQ(wanted.error().code, Errc::pagination_invalid) << query;
    }
}

TEST(Links, KeepEveryParameter) {
    EXPECT_EQ(next_link("/v2/a/tags/list", {{"last", "v+1"}, {"n", "7"}}),
              R"(</v2/a/tags/list?last=v%2B1&n=7>; rel="next")");
}

}  // namespace
}  // namespace ocilot::http
