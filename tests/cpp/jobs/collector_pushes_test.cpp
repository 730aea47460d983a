// A collection beside pushes, by counts: it works in small transactions, and a push gets in between any two.
#include "jobs/collector_fixture.h"
#include "jobs/stepping_meta.h"

#include <map>

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::seconds;

namespace {

constexpr std::size_t batch = 256;
constexpr std::size_t many_layers = 600;

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
        sessions->probes().set_now(steady.now());
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

    std::vector<oci::Digest> pushed_;
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
    EXPECT_GE(steps["after review"], least) << "no transaction takes all";
    EXPECT_GE(steps["after purge"], least);
    EXPECT_GE(steps["after remove_all, stopped"], least);
    EXPECT_GT(pushed_.size(), 10 * least);
    for (auto const& digest : pushed_) {
        EXPECT_TRUE(has_link(digest));
        EXPECT_TRUE(has_bytes(digest));
    }
}
