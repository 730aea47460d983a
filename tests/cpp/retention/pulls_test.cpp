// Rules by pull: what counts as a pull of a tag, and what is not known does not delete.

#include "retention/a_repository.h"

#include <fmt/format.h>

namespace ocilot {
namespace {

using namespace test;
using std::chrono::days;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string const everything_else = R"("delete":[{"tags":"*","everything":true}])";
std::string const within_a_week = R"("keep":[{"tags":"*","pulled-within":"7d"}],)" + everything_else;
std::string const newest_two = R"("keep":[{"tags":"*","newest":2,"by":"pull"}],)" + everything_else;

TEST(RetentionByPull, APullOfATagIsNoneOfAnotherOnItsManifest) {
    auto const app = ARepository()
                         .tag("old", "m1", days(90))
                         .tag("used", "m1", days(90))
                         .pulled_by_tag("used", days(1))
                         .done();
    EXPECT_THAT(deleted(policy(within_a_week), app), ElementsAre("old"));
    EXPECT_EQ(why(policy(within_a_week), app, "used"), "tags *, pulled within 7d: pulled 1d ago");
}

TEST(RetentionByPull, APullByDigestIsOneOfEveryTagOnTheManifest) {
    auto const app =
        ARepository().tag("a", "m1", days(90)).tag("b", "m1", days(90)).pulled("m1", days(1)).done();
    EXPECT_THAT(deleted(policy(within_a_week), app), IsEmpty());
}

TEST(RetentionByPull, APullOfAPlatformIsOneOfItsIndexAtAnyDepth) {
    auto const app = ARepository()
                         .tag("v1", "outer", days(90))
                         .tag("v2", "other", days(90))
                         .manifest("inner", days(90))
                         .manifest("platform", days(90))
                         .child("outer", "inner")
                         .child("inner", "platform")
                         .pulled("platform", days(2))
                         .pulled("outer", days(30))
                         .done();
    EXPECT_THAT(deleted(policy(within_a_week), app), ElementsAre("v2"));
    EXPECT_EQ(why(policy(within_a_week), app, "v1"), "tags *, pulled within 7d: pulled 2d ago");
}

TEST(RetentionByPull, ATagThatWasPushedAgainIsYoung) {
    auto const app = ARepository().tag("v1", days(3)).pulled_by_tag("v1", days(50)).done();
    EXPECT_THAT(deleted(policy(within_a_week), app), IsEmpty());
    EXPECT_EQ(why(policy(within_a_week), app, "v1"),
              "tags *, pulled within 7d: not pulled since it was pushed 3d ago");
}

TEST(RetentionByPull, NothingIsDeletedBeforePullsWereCountedForLongEnough) {
    ARepository made;
    made.tag("v1", days(90)).tag("v2", days(90)).pulled_by_tag("v2", days(1));
    made.pulls_counted_since(days(6));
    EXPECT_THAT(deleted(policy(within_a_week), ARepository(made).done()), IsEmpty());
    EXPECT_EQ(why(policy(within_a_week), ARepository(made).done(), "v1"),
              "tags *, pulled within 7d: not pulled since counting began 6d ago");
    made.pulls_counted_since(days(8));
    EXPECT_THAT(deleted(policy(within_a_week), ARepository(made).done()), ElementsAre("v1"));
}

TEST(RetentionByPull, ARegistryThatDoesNotCountDeletesNothingByPull) {
    ARepository made;
    made.tag("v1", days(90)).tag("v2", days(80)).tag("v3", days(70)).pulls_counted_since({});
    auto const app = made.done();
    EXPECT_THAT(deleted(policy(within_a_week), app), IsEmpty());
    EXPECT_THAT(deleted(policy(newest_two), app), IsEmpty());
    EXPECT_EQ(why(policy(newest_two), app, "v1"),
              "tags *, newest 2 by pull: number 1, pulls are not counted");
}

TEST(RetentionByPull, ATagIsCountedOutOnlyByTagsThatArePulledLaterForSure) {
    ARepository made;
    for (int i = 0; i < 5; ++i) made.tag(fmt::format("v{}", i), days(90 + i));
    made.pulls_counted_since(days(10)).pulled_by_tag("v4", days(1));
    EXPECT_THAT(deleted(policy(newest_two), ARepository(made).done()), IsEmpty())
        << "any of the others may be the second";
    made.pulled_by_tag("v3", days(2));
    EXPECT_THAT(deleted(policy(newest_two), ARepository(made).done()), ElementsAre("v0", "v1", "v2"));
    made.tag("pushed", days(5));
    EXPECT_THAT(deleted(policy(newest_two), ARepository(made).done()),
                ElementsAre("pushed", "v0", "v1", "v2"));
}

TEST(RetentionByPull, ImagesAreCountedOnce) {
    ARepository made;
    made.tag("a", "m1", days(90)).tag("b", "m1", days(90)).tag("c", "m2", days(90)).tag("d", "m3", days(90));
    made.pulled("m1", days(1)).pulled("m2", days(2));
    auto const images = R"("keep":[{"tags":"*","newest":2,"by":"pull","count":"images"}],)";
    EXPECT_THAT(deleted(policy(images + everything_else), made.done()), ElementsAre("d"));
}

}  // namespace
}  // namespace ocilot
