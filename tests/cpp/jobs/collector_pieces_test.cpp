// What is collected in pieces side by side comes out as if one came after the other.
#include "jobs/collector_fixture.h"
#include "jobs/forwarding_store.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::seconds;

namespace {

/// A store in which a removal takes longer than what the metadata do meanwhile.
class SlowStore final : public ForwardingStore {
    using Ticks = std::chrono::steady_clock;
    using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;

  public:
    using ForwardingStore::ForwardingStore;
    Task<Result<blob::RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) override {
        Timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(20));
        co_await timer.async_wait(use_task);
        largest = std::max(largest, digests.size());
        if (on_removal) on_removal();
        if (auto const why = std::exchange(refusal, std::nullopt)) co_return *why;
        co_return co_await ForwardingStore::remove_all(std::move(digests));
    }

    std::function<void()> on_removal;
    std::optional<Error> refusal;  ///< of the next removal
    std::size_t largest = 0;       ///< number of blobs whose pushes waited for one removal
};

class CollectorPieces : public CollectorTest {
  protected:
    void SetUp() override {
        collector.emplace(parts, slow_, jobs::CollectRules{grace, pending, 0}, log, metrics);
        collect();
    }

    /// An image of so many layers, without its tag.
    void large_garbage(std::size_t count) {
        std::vector<oci::Digest> layers;
        for (std::size_t number = 0; number < count; ++number)
            layers.push_back(push(fmt::format("{}", number)));
        ASSERT_TRUE(push_manifest(image(push("{}"), layers), tag("v1")).has_value());
        collect();
        delete_tag("v1");
        collector->free_now();
    }
    [[nodiscard]] std::uint64_t due() {
        return run(meta->collection().report().counts(collector->cutoffs())).value().due;
    }
    /// With a layer of its own each.
    void push_everywhere(std::size_t repositories, std::vector<oci::Digest> const& shared) {
        push("{}");
        for (std::size_t number = 0; number < repositories; ++number) {
            auto const other = repository(fmt::format("team/fork-{}", number));
            auto layers = shared;
            layers.push_back(push(fmt::format("own layer {}", number)));
            auto const text = image(sha256("{}"), layers);
            mount(other, sha256("{}"));
            for (auto const& layer : layers) mount(other, layer);
            ASSERT_TRUE(
                run(registry::push_manifest(parts, {nobody, other, tag("v1"), {}, oci_manifest, text}))
                    .has_value());
        }
    }
    void mount(oci::RepositoryName const& to, oci::Digest const& digest) {
        ASSERT_TRUE(run(registry::mount_blob(parts, nobody, name, to, digest)).has_value());
    }
    void delete_everywhere(std::size_t repositories) {
        for (std::size_t number = 0; number < repositories; ++number) {
            auto const other = repository(fmt::format("team/fork-{}", number));
            ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, other, tag("v1"))).has_value());
        }
    }

    SlowStore slow_{blobs};
};

}  // namespace

TEST_F(CollectorPieces, WhatSeveralRepositoriesShareGoesWithTheLastOfThemAtOnce) {
    constexpr std::size_t repositories = 4;  // Of two neighbours the second one meets the first one.
    std::vector<oci::Digest> layers;
    for (auto const* const layer : {"one", "two", "three"}) layers.push_back(push(layer));
    push_everywhere(repositories, layers);
    // Links of the repository that they were mounted from are gone first.
    pass(grace + seconds(1));
    collect_all();
    ASSERT_FALSE(has_link(layers.front()));
    auto const images = stored();
    delete_everywhere(repositories);
    collector->free_now();
    collect();
    EXPECT_EQ(stored(), 0U) << "not only when a push could have been under way";
    EXPECT_EQ(collector->totals().blobs, images);
    EXPECT_EQ(collector->totals().missing, 0U);
}

TEST_F(CollectorPieces, MoreThanAPieceGoesInOneRound) {
    constexpr std::size_t count = 300;
    large_garbage(count);
    collect();
    EXPECT_EQ(stored(), 0U);
    EXPECT_EQ(collector->totals().blobs, count + 2);
    EXPECT_EQ(collector->totals().missing, 0U);
    EXPECT_LE(slow_.largest, 128U) << "pushes of twice as many wait at most";
    EXPECT_EQ(due(), 0U);
}

TEST_F(CollectorPieces, WhatIsUnderWayComesToItsEndWhenARoundIsCancelled) {
    constexpr std::size_t count = 600;
    large_garbage(count);
    jobs::Round cancelled;
    int removals = 0;
    slow_.on_removal = [&] {
        if (++removals == 2) cancelled.cancel();  // The first one was the manifest.
    };
    EXPECT_EQ(run(collector->round(cancelled)).error().code, Errc::cancelled);
    EXPECT_GT(stored(), 0U) << "it begins with nothing more";
    EXPECT_EQ(due(), stored()) << "what is gone has left the queue, what has left it is gone";
    collect();
    EXPECT_EQ(stored(), 0U);
    EXPECT_EQ(collector->totals().missing, 0U);
    EXPECT_EQ(due(), 0U);
}

TEST_F(CollectorPieces, APieceWithWhichTheStoreFailsKeepsNoOther) {
    constexpr std::size_t count = 600;
    large_garbage(count);
    int removals = 0;
    slow_.on_removal = [&] {
        if (++removals == 2) slow_.refusal = Error{Errc::io, "the disk is away"};
    };
    EXPECT_EQ(run(collector->round({})).error().code, Errc::io);
    EXPECT_GT(removals, 2) << "those behind it come to their end";
    EXPECT_GT(stored(), 0U);
    EXPECT_EQ(due(), stored()) << "what was removed has left the queue, and nothing else has";
    collect();
    EXPECT_EQ(stored(), 0U);
    EXPECT_EQ(collector->totals().missing, 0U);
    EXPECT_EQ(due(), 0U);
}
