#include "jobs/pull_sample.h"

#include "oci/digest.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <numeric>

using namespace ocilot;
using registry::PullEvents;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

std::vector<meta::PullCount> a_batch(std::vector<std::uint64_t> const& pulls) {
    auto const digest = oci::Digest::parse("sha256:" + std::string(64, 'a')).value();
    std::vector<meta::PullCount> batch;
    for (auto const count : pulls)
        batch.push_back({"app", "t" + std::to_string(batch.size()), digest, count});
    return batch;
}

std::uint64_t sum(std::vector<std::uint64_t> const& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

SystemRandom random_bytes;

}  // namespace

TEST(PullSample, OfNoEventsIsEmptyAndOfAllIsAll) {
    auto const batch = a_batch({3, 0, 1});
    EXPECT_THAT(jobs::pull_sample(batch, PullEvents::off, random_bytes), Each(0U));
    EXPECT_THAT(jobs::pull_sample(batch, PullEvents::all, random_bytes), ElementsAre(3, 0, 1));
    EXPECT_THAT(jobs::pull_sample({}, PullEvents::sampled, random_bytes), IsEmpty());
}

TEST(PullSample, OfFewNamesIsAll) {
    std::vector<std::uint64_t> pulls(jobs::max_pull_sample, 5);
    pulls.resize(300);  // Those that were only asked for are not in the way.
    EXPECT_EQ(jobs::pull_sample(a_batch(pulls), PullEvents::sampled, random_bytes), pulls);
}

TEST(PullSample, OfManyIsBoundedAndStandsForAllPulls) {
    for (std::size_t const names : {jobs::max_pull_sample + 1, std::size_t{1009}, std::size_t{20'000}}) {
        std::vector<std::uint64_t> pulls(names);
        auto const least = names == jobs::max_pull_sample + 1 ? 1U : 0U;
        for (std::size_t i = 0; i < names; ++i) pulls[i] = i % 5 + least;
        auto const told = jobs::pull_sample(a_batch(pulls), PullEvents::sampled, random_bytes);
        EXPECT_LE(std::ranges::count_if(told, [](auto count) { return count > 0; }),
                  static_cast<std::ptrdiff_t>(jobs::max_pull_sample));
        EXPECT_EQ(sum(told), sum(pulls)) << names;
        for (std::size_t i = 0; i < names; ++i) EXPECT_TRUE(pulls[i] > 0 || told[i] == 0) << i;
    }
}

TEST(PullSample, IsFair) {
    std::vector<std::uint64_t> pulls(400, 1);
    pulls[17] = 400;  // Half of all pulls.
    std::uint64_t of_one = 0;
    std::uint64_t of_another = 0;
    constexpr int rounds = 4000;
    for (int i = 0; i < rounds; ++i) {
        auto const told = jobs::pull_sample(a_batch(pulls), PullEvents::sampled, random_bytes);
        of_one += told[17];
        of_another += told[399];
    }
    EXPECT_NEAR(static_cast<double>(of_one) / rounds, 400, 2);
    EXPECT_NEAR(static_cast<double>(of_another) / rounds, 1, 0.3) << "more than six standard deviations";
}
