// A push and the scrub meet at one digest, at every step: what the push was answered 201 for is there.
#include "jobs/scrub.h"
#include "jobs/stepping_store.h"
#include "registry/fixture.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

using namespace ocilot;
using namespace ocilot::test;

namespace {

/// What is pushed: a blob in one request, one by an upload session, a manifest.
enum class Way : std::uint8_t { whole, session, manifest };

class ScrubRace : public RegistryTest {
  protected:
    void SetUp() override {
        text_ = image(push("{}"), {});
        ASSERT_TRUE(push_manifest(text_, tag("v1")).has_value());
        push(text_ + "!");
    }
    [[nodiscard]] std::string text(Way way) const { return way == Way::manifest ? text_ : text_ + "!"; }

    void rot(oci::Digest const& digest) {
        std::string rotten = text_;
        rotten.back() = '?';
        ASSERT_TRUE(run(blobs.put(digest, std::as_bytes(std::span(rotten)))).has_value());
    }

    Task<Result<>> push_by(registry::Registry& registry, Way way) {
        auto const bytes = text(way);
        auto const digest = sha256(bytes);
        TextSource body(bytes);
        if (way == Way::manifest) {
            registry::ManifestUpload const upload{nobody, name, tag("v1"), {}, oci_manifest, bytes};
            CO_CHECK(co_await registry::push_manifest(registry, upload));
        } else if (way == Way::whole) {
            registry::Chunk const whole{body, {}, {}};
            CO_CHECK(co_await registry::push_blob(registry, nobody, name, whole, digest));
        } else {
            auto const started = registry::start_upload(registry, nobody, name, oci::Algorithm::sha256);
            CO_TRY(auto const session, registry::find_upload(registry, nobody, name, started.segment));
            registry::Chunk const last{body, {}, {}};
            CO_CHECK(co_await registry::finish_upload(registry, session, last, digest));
        }
        co_return Result<>{};
    }
    jobs::Round const uncancelled;
    Task<Result<std::size_t>> scrub(registry::Registry& registry, blob::BlobUpkeep& store) {
        jobs::ScrubRules const gently{.rate = 0, .save_position_every = std::chrono::seconds(60)};
        return jobs::scrub(registry, store, gently, uncancelled, log, metrics);
    }
    /// Pushes beside the scrub, which goes on when the push is done, or waits for the scrub.
    Task<> push_beside(Way way, bool now, bool waits, bool& done) {
        if (!now) co_return;
        auto const executor = co_await asio::this_coro::executor;
        auto finish = [&done](std::exception_ptr, Result<> pushed) {
            EXPECT_TRUE(pushed.has_value());
            done = true;
        };
        asio::co_spawn(executor, push_by(parts, way), finish);
        while (!waits && !done) co_await asio::post(executor, use_task);
        for (int turn = 0; turn < 100; ++turn) co_await asio::post(executor, use_task);
        EXPECT_EQ(done, !waits);
    }
    Task<> scrub_now(bool now) {
        if (!now) co_return;
        auto const round = co_await scrub(parts, blobs);
        EXPECT_TRUE(round.has_value());
    }
    registry::Registry with(blob::BlobStore& store) {
        return {store, *meta, open_gate, clock, random, *sessions, manifests, {}};
    }

    /// The facts say that it is there, and the bytes are right.
    void expect_there(Way way) {
        auto const digest = sha256(text(way));
        if (way == Way::manifest) {
            registry::ManifestCache empty{0};
            registry::Registry registry{blobs, *meta, open_gate, clock, random, *sessions, empty, {}};
            EXPECT_EQ(*run(registry::pull_manifest(registry, name, tag("v1"))).value().bytes, text(way));
        } else {
            auto const blob = run(registry::pull_blob(parts, name, digest));
            ASSERT_TRUE(blob.has_value()) << blob.error().message;
            std::string read(static_cast<std::size_t>((*blob)->size()), '\0');
            ASSERT_TRUE(run((*blob)->read(0, std::as_writable_bytes(std::span(read)))).has_value());
            EXPECT_EQ(read, text(way));
        }
        EXPECT_EQ(run(meta->scrub().quarantined()).value(), 0U);
    }

    std::string text_;
};

std::vector<Way> const ways{Way::whole, Way::session, Way::manifest};

}  // namespace

TEST_F(ScrubRace, APushThatComesAtAnyStepOfTheScrubIsNotLost) {
    for (auto const way : ways) {
        for (std::size_t at = 0;; ++at) {
            SCOPED_TRACE(testing::Message() << "way " << static_cast<int>(way) << ", step " << at);
            rot(sha256(text(way)));
            std::size_t steps = 0;
            bool pushed = false;
            bool began = false;
            Step const come_in = [&](std::string_view step) -> Task<> {
                bool const now = steps++ == at;
                began = began || now;
                return push_beside(way, now, step.find("quarantine") != step.npos, pushed);
            };
            SteppingStore store(blobs, come_in);
            auto registry = with(store);
            ASSERT_TRUE(run(scrub(registry, store)).has_value());
            if (!began) {
                EXPECT_GT(steps, 6U);
                ASSERT_TRUE(run(push_by(parts, way)).has_value()) << "heals what the scrub took away";
                break;
            }
            EXPECT_TRUE(pushed);
            expect_there(way);
            ASSERT_FALSE(HasFailure());
        }
    }
}

TEST_F(ScrubRace, AScrubThatComesAtAnyStepOfAPushTakesNothingOfItAway) {
    for (auto const way : ways) {
        for (std::size_t at = 0;; ++at) {
            SCOPED_TRACE(testing::Message() << "way " << static_cast<int>(way) << ", step " << at);
            rot(sha256(text(way)));
            std::size_t steps = 0;
            bool met = false;
            Step const come_in = [&](std::string_view) -> Task<> {
                bool const now = steps++ == at;
                met = met || now;
                return scrub_now(now);
            };
            SteppingStore store(blobs, come_in);
            auto registry = with(store);
            auto const pushed = run(push_by(registry, way));
            ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
            if (!met) break;
            expect_there(way);
            ASSERT_FALSE(HasFailure());
        }
    }
}

TEST_F(ScrubRace, APushReplacesRottenBytesBeforeAnyScrubFindsThem) {
    for (auto const way : ways) {
        rot(sha256(text(way)));
        ASSERT_TRUE(run(push_by(parts, way)).has_value());
        expect_there(way);
        EXPECT_EQ(run(scrub(parts, blobs)).value(), 0U);
        expect_there(way);
    }
}

TEST_F(ScrubRace, APushHealsWhatACrashLeftMarkedAndNotTakenAway) {
    for (auto const way : ways) {
        auto const digest = sha256(text(way));
        rot(digest);
        ASSERT_TRUE(run(meta->scrub().quarantine(digest, clock.now())).has_value());
        ASSERT_TRUE(run(push_by(parts, way)).has_value());
        expect_there(way);
    }
}
