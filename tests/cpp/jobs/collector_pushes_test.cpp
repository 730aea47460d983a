// A collection beside pushes, by counts: it works in small transactions, and a push gets in between any two.
#include "jobs/collector_fixture.h"
#include "jobs/forwarding_store.h"
#include "jobs/stepping_meta.h"

#include <algorithm>
#include <map>

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::seconds;

namespace {

constexpr std::size_t batch = 1'024;  // Of candidates that are queued.
constexpr std::size_t piece = 128;    // Of those that are collected.
constexpr std::size_t many_layers = 2'400;

class CollectorPushes : public CollectorTest {
  protected:
    /// An image with many layers, whose tag is gone and whose grace is over.
    std::vector<oci::Digest> large_garbage() {
        std::vector<oci::Digest> layers;
        for (std::size_t n = 0; n < many_layers; ++n) layers.push_back(push("layer " + std::to_string(n)));
        EXPECT_TRUE(push_manifest(image(push("{}"), layers), tag("old")).has_value());
        collect_all();
        delete_tag("old");
        collect_all();
        pass(grace + seconds(1));
        return layers;
    }
    /// A whole push, which has to end before the collection takes its next step.
    Task<> push_another() {
        auto const bytes = "pushed " + std::to_string(pushed_.size());
        auto const digest = sha256(bytes);
        TextSource body(bytes);
        auto const done = co_await registry::push_blob(parts, nobody, name, {body, {}, {}}, digest);
        EXPECT_TRUE(done.has_value());
        pushed_.push_back(digest);
    }

    /// Without bytes: only the metadata know it.
    meta::NewManifest a_referrer(oci::Digest const& subject, std::size_t number) {
        return {.repository = name,
                .fact = {sha256("referrer " + std::to_string(number)), std::string(oci_manifest), 3},
                .required_blobs = {},
                .required_manifests = {},
                .blobs = {},
                .manifests = {},
                .subject = subject,
                .artifact_type = {},
                .annotations = {},
                .tags = {},
                .pushed_by = {},
                .pushed_at = clock.now()};
    }

    std::vector<oci::Digest> pushed_;
};

Task<> nothing() {
    co_return;
}

/// A store that removes no bytes.
class StuckStore final : public ForwardingStore {
  public:
    using ForwardingStore::ForwardingStore;
    Task<Result<blob::RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) override {
        blob::RemovedBlobs answer;
        for (auto const& digest : digests) answer.failed.emplace_back(digest, Error{Errc::io, "read-only"});
        co_return answer;
    }
};

}  // namespace

TEST_F(CollectorPushes, APushGetsInBetweenAnyTwoStepsOfACollection) {
    auto const garbage = large_garbage();
    std::map<std::string, std::size_t, std::less<>> steps;
    Step const push_in = [&](std::string_view step) -> Task<> {
        ++steps[std::string(step)];
        return push_another();
    };
    SteppingStore store(blobs, push_in);
    SteppingMeta facts(*meta, push_in);
    registry::Registry registry{store, facts, open_gate, clock, random, *sessions, manifests, {}};
    jobs::Collector stepping(registry, store, {grace, pending, 0}, log, metrics);
    while (run(stepping.round(round)).value() > 0) {
    }
    for (auto const& digest : garbage) {
        EXPECT_FALSE(has_link(digest));
        EXPECT_FALSE(has_bytes(digest));
    }
    constexpr auto least = (many_layers + batch - 1) / batch;
    constexpr auto pieces = (many_layers + piece - 1) / piece;
    EXPECT_GE(steps["after review"], pieces) << "no transaction takes all";
    EXPECT_GE(steps["after purge"], pieces);
    EXPECT_GE(steps["after remove_all, stopped"], pieces);
    EXPECT_GT(pushed_.size(), 10 * least);
    for (auto const& digest : pushed_) {
        EXPECT_TRUE(has_link(digest));
        EXPECT_TRUE(has_bytes(digest));
    }
}

TEST_F(CollectorPushes, TheTagsOfALargeDeletionAreQueuedInPieces) {
    std::size_t enqueued = 0;
    SteppingMeta facts(*meta, [&](std::string_view step) -> Task<> {
        if (step == "before enqueue") ++enqueued;
        return nothing();
    });
    registry::Registry registry{blobs, facts, open_gate, clock, random, *sessions, manifests, {}};
    jobs::Collector stepping(registry, blobs, {grace, pending, 0}, log, metrics);
    auto const text = image(push("{}"), {push("layer")});
    for (std::size_t n = 0; n < meta::max_changed_tags + batch + 1; ++n) {
        ASSERT_TRUE(push_manifest(text, tag("t" + std::to_string(n))).has_value());
    }
    while (run(stepping.round(round)).value() > 0) {
    }
    ASSERT_TRUE(delete_manifest(sha256(text)).has_value());
    enqueued = 0;
    run(stepping.round(round)).value();
    EXPECT_EQ(enqueued, 2U) << "no transaction has more candidates than a batch and those of one change";
    pass(grace + seconds(1));
    while (run(stepping.round(round)).value() > 0) {
    }
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorPushes, AnImageWithManyReferrersGoesInSmallTransactions) {
    constexpr std::size_t most_rows = 2'048;
    constexpr std::size_t referrers = 20'000;
    auto const image = push_image("layer", "v1");
    for (std::size_t n = 0; n < referrers; ++n) {
        ASSERT_TRUE(run(meta->catalog().put_manifest(a_referrer(image, n))).has_value());
    }
    collect_all();
    pass(grace + seconds(1));
    collect_all();
    ASSERT_TRUE(delete_manifest(image).has_value());
    collect_all();
    pass(grace + seconds(1));
    std::size_t before = 0;
    std::size_t most = 0;
    SteppingMeta facts(*meta, [&](std::string_view step) -> Task<> {
        if (!step.ends_with("purge")) return nothing();
        auto const counts = run(meta->collection().report().counts({steady.now(), steady.now()})).value();
        auto const queued = counts.due + counts.waiting;
        if (step == "after purge" && queued > before) most = std::max(most, queued - before);
        before = queued;
        return push_another();
    });
    registry::Registry registry{blobs, facts, open_gate, clock, random, *sessions, manifests, {}};
    jobs::Collector stepping(registry, blobs, {grace, pending, 0}, log, metrics);
    while (run(stepping.round(round)).value() > 0) {
    }
    EXPECT_GT(most, most_rows / 2) << "it is not done one by one";
    EXPECT_LE(most, most_rows);
    EXPECT_FALSE(has_manifest(image));
    EXPECT_EQ(run(meta->collection().report().usage(name)).value().manifests, 0U);
    for (auto const& digest : pushed_) EXPECT_TRUE(has_link(digest));
}

TEST_F(CollectorPushes, BytesThatCouldNotBeRemovedAreTriedAgainWhereverTheProcessEnded) {
    struct Killed : std::exception {};
    StuckStore store(blobs);
    for (int last = 0, steps = 1; last < steps; ++last) {
        push_image("layer", "v1");
        delete_tag("v1");
        collect_all();
        pass(grace + seconds(1));
        steps = 0;
        SteppingMeta facts(*meta, [&](std::string_view) -> Task<> {
            if (steps++ == last) throw Killed();
            return nothing();
        });
        registry::Registry registry{blobs, facts, open_gate, clock, random, *sessions, manifests, {}};
        jobs::Collector stuck(registry, store, {grace, pending, 0}, log, metrics);
        try {
            while (run(stuck.round(round)).value() > 0) {
            }
        } catch (Killed const&) {
            steps = last + 2;  // There is a step that was not tried.
        }
        EXPECT_GT(stored(), 0U);
        restart_collector();
        pass(grace + pending + seconds(1));
        collect_all();
        EXPECT_EQ(stored(), 0U) << "after step " << last;
    }
}

TEST_F(CollectorPushes, ChangesWhoseCandidatesCouldNotBeStoredAreReadAgain) {
    SteppingMeta facts(*meta, [](std::string_view) -> Task<> { co_return; });
    registry::Registry registry{blobs, facts, open_gate, clock, random, *sessions, manifests, {}};
    jobs::Collector stepping(registry, blobs, {grace, pending, 0}, log, metrics);
    ASSERT_TRUE(run(stepping.round(round)).has_value());
    push_image("layer", "v1");
    delete_tag("v1");
    facts.refuse_enqueue({Errc::unavailable, "too many writes wait"});
    EXPECT_EQ(run(stepping.round(round)).error().code, Errc::unavailable);
    ASSERT_TRUE(run(stepping.round(round)).has_value());
    pass(grace + seconds(1));
    while (run(stepping.round(round)).value() > 0) {
    }
    EXPECT_EQ(stored(), 0U);
}

TEST_F(CollectorPushes, TheWalkOverTheStoreLeavesPushesUnderWayAlone) {
    auto const walk = [this] {
        collector.emplace(parts, blobs,
                          jobs::CollectRules{.grace = grace, .pending = pending, .after_crash = true}, log,
                          metrics);
        collect();
        return run(meta->collection().report().counts(collector->cutoffs())).value().waiting;
    };
    auto const digest = sha256("layer");
    {
        // Bytes come before their facts.
        auto const push = run(sessions->pushes().begin(digest));
        ASSERT_TRUE(run(blobs.put(digest, std::as_bytes(std::span(std::string_view("layer"))))).has_value());
        EXPECT_EQ(walk(), 0U);
    }
    EXPECT_EQ(walk(), 1U) << "without facts it is an orphan";
}

TEST_F(CollectorPushes, AtASteadyPaceEverythingGoes) {
    large_garbage();
    // The belt runs empty before the next piece is due.
    collector.emplace(parts, blobs, jobs::CollectRules{.grace = grace, .pending = pending, .rate = 10'000},
                      log, metrics);
    EXPECT_GT(collect(), many_layers);
    EXPECT_EQ(stored(), 0U);
    EXPECT_EQ(collect(), 0U);
}
