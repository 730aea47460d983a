#include "contract/meta_store_fixture.h"

#include <atomic>
#include <thread>

// Only one holder at a time, whoever asks.

using namespace ocilot;
using namespace ocilot::test;

namespace {

class LeasesContract : public MetaStoreContract {
  protected:
    std::optional<meta::Lease> acquire(std::string_view name, std::string_view holder) {
        return run(store->leases().acquire(name, holder, life)).value();
    }
    bool renew(meta::Lease const& lease) { return run(store->leases().renew(lease, life)).value(); }
    void release(meta::Lease const& lease) { ASSERT_TRUE(run(store->leases().release(lease)).has_value()); }

    static constexpr std::chrono::hours life{1};
};

}  // namespace

TEST_P(LeasesContract, OneHolderHasItUntilItIsReleased) {
    auto const first = acquire("scrub", "a");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->name, "scrub");
    EXPECT_EQ(first->holder, "a");
    EXPECT_FALSE(acquire("scrub", "b"));
    EXPECT_TRUE(renew(*first));
    EXPECT_FALSE(acquire("scrub", "b"));
    release(*first);
    EXPECT_TRUE(acquire("scrub", "b"));
    EXPECT_FALSE(acquire("scrub", "a"));
}

TEST_P(LeasesContract, NamesAreIndependent) {
    ASSERT_TRUE(acquire("scrub", "a"));
    EXPECT_TRUE(acquire("expire-uploads", "b"));
}

TEST_P(LeasesContract, EachAcquisitionHasAHigherEpoch) {
    auto const first = acquire("scrub", "a");
    auto const again = acquire("scrub", "a");
    ASSERT_TRUE(first && again);
    EXPECT_GT(again->epoch, first->epoch);
    release(*again);
    auto const other = acquire("scrub", "b");
    ASSERT_TRUE(other);
    EXPECT_GT(other->epoch, again->epoch);
}

TEST_P(LeasesContract, ALostLeaseIsNeitherRenewedNorReleased) {
    auto const lost = acquire("scrub", "a");
    ASSERT_TRUE(lost);
    release(*lost);
    EXPECT_FALSE(renew(*lost));
    auto const other = acquire("scrub", "b");
    ASSERT_TRUE(other);
    EXPECT_FALSE(renew(*lost));
    release(*lost);
    EXPECT_TRUE(renew(*other)) << "what the first holder does late is without effect";
    EXPECT_FALSE(acquire("scrub", "a"));
}

TEST_P(LeasesContract, OfManyThatAskAtOnceOneGetsIt) {
    constexpr int holders = 8;
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> got = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < holders; ++i) {
            threads.emplace_back([this, i, round, &got] {
                if (acquire("round " + std::to_string(round), std::to_string(i))) ++got;
            });
        }
        for (auto& thread : threads) thread.join();
        EXPECT_EQ(got, 1);
    }
}

OCILOT_META_KINDS(LeasesContract);
