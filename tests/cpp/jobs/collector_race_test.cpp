// Clients and the garbage collection meet at one image, at every step of either: what a client was answered
// is so, nothing is there without its bytes, and nothing is left that nobody needs. What several clients do
// at once is played in interleavings_test.cpp.
#include "jobs/collector_fixture.h"
#include "jobs/stepping_meta.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <limits>

using namespace ocilot;
using namespace ocilot::test;
using std::chrono::seconds;

namespace {

/// What a client does with an image that is about to go.
enum class Does : std::uint8_t {
    push,        ///< as docker: asks for each blob, pushes those that are not there, then the manifest
    push_whole,  ///< pushes every blob without asking
    mount,       ///< into another repository, and pushes what cannot be mounted
    tag,         ///< asks for the manifest by digest and gives it a tag; pushes it if it is not there
    index,       ///< asks for the manifest by digest and names it in an index; pushes it if it is not there
};
std::vector<Does> const all{Does::push, Does::push_whole, Does::mount, Does::tag, Does::index};

struct Image {
    std::string config;
    std::string layer;
    std::string manifest;
};

class CollectorRace : public CollectorTest {
  protected:
    /// An image of its own whose tag is gone and whose grace is over.
    Image garbage() {
        auto const number = std::to_string(++images_);
        Image made{"{\"n\":" + number + "}", "layer " + number, {}};
        made.manifest = image(push(made.config), {push(made.layer)});
        EXPECT_TRUE(push_manifest(made.manifest, tag("old" + number)).has_value());
        collect_all();
        delete_tag("old" + number);
        collect_all();
        pass(grace + seconds(1));
        return made;
    }

    Task<Result<>> push_one(registry::Registry& registry, oci::RepositoryName const& to, std::string bytes) {
        TextSource body(bytes);
        auto const digest = sha256(bytes);
        CO_CHECK(co_await registry::push_blob(registry, nobody, to, {body, {}, {}}, digest));
        co_return Result<>();
    }
    Task<Result<>> put(registry::Registry& registry, oci::RepositoryName const& to, std::string bytes,
                       oci::Reference reference, std::string_view type = oci_manifest) {
        CO_CHECK(co_await registry::push_manifest(registry, {nobody, to, reference, {}, type, bytes}));
        co_return Result<>();
    }
    Task<Result<>> push_missing(registry::Registry& registry, Image made, Step step) {
        for (auto const& bytes : {made.config, made.layer}) {
            auto const found = co_await registry::stat_blob(registry, name, sha256(bytes));
            co_await step("after HEAD of a blob");
            if (found.has_error()) {
                CO_CHECK(co_await push_one(registry, name, bytes));
                co_await step("after a blob");
            }
        }
        co_return Result<>();
    }
    Task<Result<>> act(registry::Registry& registry, Does what, Image made, Step step) {
        auto const digest = sha256(made.manifest);
        oci::Reference const latest = tag("new" + std::to_string(images_));
        if (what == Does::push_whole) {
            CO_CHECK(co_await push_one(registry, name, made.config));
            co_await step("between two blobs");
            CO_CHECK(co_await push_one(registry, name, made.layer));
            co_await step("before the manifest");
            co_return co_await put(registry, name, made.manifest, latest);
        }
        if (what == Does::mount) {
            for (auto const& bytes : {made.config, made.layer}) {
                auto const mounted =
                    co_await registry::mount_blob(registry, nobody, name, elsewhere, sha256(bytes));
                co_await step("after a mount");
                if (mounted.has_error()) {
                    CO_CHECK(co_await push_one(registry, elsewhere, bytes));
                }
            }
            co_return co_await put(registry, elsewhere, made.manifest, latest);
        }
        if (what != Does::push) {
            auto const found = co_await registry::stat_manifest(registry, name, digest);
            co_await step("after HEAD of the manifest");
            if (found.has_error()) {
                CO_CHECK(co_await push_missing(registry, made, step));
                CO_CHECK(co_await put(registry, name, made.manifest, digest));
                co_await step("after the manifest");
            }
        } else {
            CO_CHECK(co_await push_missing(registry, made, step));
        }
        if (what == Does::index) {
            co_return co_await put(registry, name, index_of(digest), latest, oci_index);
        }
        // With the manifest's content asked for before, as a client that copies does.
        if (what == Does::tag) {
            CO_CHECK(co_await push_missing(registry, made, step));
        }
        co_return co_await put(registry, name, made.manifest, latest);
    }
    static std::string index_of(oci::Digest const& child) {
        return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
               R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
               child.str() + R"(","size":3}]})";
    }

    registry::Registry with(blob::BlobStore& store, meta::MetaStore& facts) {
        return {store, facts, open_gate, clock, random, *sessions, manifests, {}};
    }

    /// All of the image can be pulled, now and when every grace is over.
    void expect_whole(Does what, Image const& made) {
        auto const& repository = what == Does::mount ? elsewhere : name;
        for (int later = 0; later < 2; ++later) {
            for (auto const& bytes : {made.config, made.layer}) {
                EXPECT_TRUE(has_link(repository, sha256(bytes))) << "later " << later;
                EXPECT_TRUE(has_bytes(sha256(bytes))) << "later " << later;
            }
            auto const pulled = run(meta->catalog().manifest(repository, sha256(made.manifest)));
            EXPECT_TRUE(pulled.has_value()) << "later " << later;
            EXPECT_TRUE(has_bytes(sha256(made.manifest)));
            pass(grace + pending + seconds(1));
            restart_collector();
            collect_all();
        }
    }
    void expect_no_garbage(Does what) {
        auto const& repository = what == Does::mount ? elsewhere : name;
        oci::Reference const latest = tag("new" + std::to_string(images_));
        ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, repository, latest)).has_value());
        collect_all();
        pass(grace + pending + seconds(1));
        collect_all();
        EXPECT_EQ(stored(), 0U);
    }

    /// Does it beside the round, which goes on when it is done, or when it may wait for the round.
    Task<> come_beside(bool now, bool may_wait, bool& came, bool& done, Does what, Image const& made) {
        if (!now) co_return;
        came = true;
        auto const executor = co_await asio::this_coro::executor;
        auto finish = [&done](std::exception_ptr, Result<> acted) {
            EXPECT_TRUE(acted.has_value()) << acted.error().message;
            done = true;
        };
        asio::co_spawn(executor, act(parts, what, made, no_step), finish);
        int turns = may_wait ? 1000 : std::numeric_limits<int>::max();
        while (!done && turns-- > 0) co_await asio::post(executor, use_task);
    }
    /// Rounds until nothing more goes, and until the client is done.
    Task<> all_of(jobs::Collector& stepping, bool const& came, bool const& done) {
        auto const executor = co_await asio::this_coro::executor;
        for (;;) {
            auto const removed = co_await stepping.round(round);
            EXPECT_TRUE(removed.has_value());
            if (removed.has_error() || *removed == 0) break;
        }
        while (came && !done) co_await asio::post(executor, use_task);
    }
    Task<> round_now(bool now, bool& met) {
        if (!now) co_return;
        met = true;
        for (;;) {
            auto const removed = co_await collector->round(round);
            EXPECT_TRUE(removed.has_value());
            if (removed.has_error() || *removed == 0) co_return;
        }
    }
    static Task<> no_step(std::string_view) { co_return; }

    oci::RepositoryName const elsewhere = repository("elsewhere");
    int images_ = 0;
};

}  // namespace

TEST_F(CollectorRace, AClientThatComesAtAnyStepOfARoundLosesNothing) {
    for (auto const what : all) {
        for (std::size_t at = 0;; ++at) {
            auto const made = garbage();
            SCOPED_TRACE(testing::Message() << "client " << static_cast<int>(what) << ", step " << at);
            std::size_t steps = 0;
            bool came = false;
            bool done = false;
            Step const come_in = [&](std::string_view step) -> Task<> {
                return come_beside(steps++ == at, step.ends_with("stopped"), came, done, what, made);
            };
            SteppingStore store(blobs, come_in);
            SteppingMeta facts(*meta, come_in);
            auto registry = with(store, facts);
            jobs::Collector stepping(registry, store, {grace, pending, 0}, log, metrics);
            run(all_of(stepping, came, done));
            if (!came) {
                EXPECT_GT(steps, 10U);
                break;
            }
            ASSERT_TRUE(done);
            expect_whole(what, made);
            expect_no_garbage(what);
            ASSERT_FALSE(HasFailure());
        }
    }
}

TEST_F(CollectorRace, ARoundThatComesAtAnyStepOfAClientTakesNothingOfItAway) {
    for (auto const what : all) {
        for (std::size_t at = 0;; ++at) {
            auto const made = garbage();
            SCOPED_TRACE(testing::Message() << "client " << static_cast<int>(what) << ", step " << at);
            std::size_t steps = 0;
            bool met = false;
            Step const come_in = [&](std::string_view) -> Task<> { return round_now(steps++ == at, met); };
            SteppingStore store(blobs, come_in);
            auto registry = with(store, *meta);
            auto const acted = run(act(registry, what, made, come_in));
            ASSERT_TRUE(acted.has_value()) << acted.error().message;
            expect_whole(what, made);
            expect_no_garbage(what);
            ASSERT_FALSE(HasFailure());
            if (!met) break;
        }
    }
}
