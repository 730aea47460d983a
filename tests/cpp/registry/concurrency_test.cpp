// Many at once on the real stores: one wins, the others are told, nobody sees half of anything. Also run with
// ThreadSanitizer: ./dev test --sanitize=thread
#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "registry/contexts.h"
#include "registry/fixture.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;

namespace {

constexpr int rounds = 1000;
constexpr std::size_t lanes = 4;

/// A registry on the real stores, worked on from several threads.
class Concurrency : public ::testing::Test {
  protected:
    TempDir dir{memory_directory()};
    MemorySink sink;
    ManualClock clock;
    SystemRandom random;
    Metrics metrics;
    Log log{sink, clock, LogFormat::text, LogLevel::warn};
    BlockingPool pool{4};
    std::unique_ptr<blob::FilesystemStore> blobs =
        blob::FilesystemStore::open(dir.path, pool, random).value();
    std::unique_ptr<meta::MetaStore> meta =
        meta::SqliteStore::open((dir.path / "ocilot/meta.sqlite").string(), log, metrics).value();
    policy::OpenGate gate;
    registry::UploadSessions sessions{{}, clock, random};
    registry::ManifestCache manifests{1 << 20};
    registry::Registry parts{*blobs, *meta, gate, clock, random, sessions, manifests, {}};
    policy::Caller nobody;
    oci::RepositoryName name = repository("team/app");
    Contexts contexts{lanes};
};

struct In {
    registry::Registry& parts;
    policy::Caller const& caller;
    oci::RepositoryName const& name;
};

Task<> push_whole(In in, std::string text, oci::Digest digest) {
    TextSource body(text);
    auto const pushed =
        co_await registry::push_blob(in.parts, in.caller, in.name, {body, {}, text.size()}, digest);
    EXPECT_TRUE(pushed.has_value()) << pushed.error().message;
}

Task<Result<>> push_parts_or(In in, std::string_view text, oci::Digest const& digest) {
    auto const started = registry::start_upload(in.parts, in.caller, in.name, digest.algorithm());
    CO_TRY(auto const ref, registry::find_upload(in.parts, in.caller, in.name, started.segment));
    TextSource head(text.substr(0, text.size() / 2));
    TextSource tail(text.substr(text.size() / 2));
    registry::Chunk const first{head, std::nullopt, std::nullopt};
    registry::Chunk const last{tail, std::nullopt, std::nullopt};
    CO_CHECK(co_await registry::append_upload(in.parts, ref, first));
    CO_CHECK(co_await registry::finish_upload(in.parts, ref, last, digest));
    co_return Result<>();
}

Task<> push_parts(In in, std::string text, oci::Digest digest) {
    auto const pushed = co_await push_parts_or(in, text, digest);
    EXPECT_TRUE(pushed.has_value()) << pushed.error().message;
}

/// All bytes of a blob, or the error that says it is not there.
Task<Result<std::string>> pull(In in, oci::Digest digest) {
    CO_TRY(auto const blob, co_await registry::pull_blob(in.parts, in.name, digest));
    std::string text(blob->size(), '\0');
    auto const bytes = std::as_writable_bytes(std::span(text));
    for (std::size_t at = 0; at < text.size();) {
        auto const piece = bytes.subspan(at, std::min<std::size_t>(1000, text.size() - at));
        CO_TRY(auto const n, co_await blob->read(at, piece));
        at += n;
    }
    co_return text;
}

std::string layer(int round) {
    return fmt::format("layer {} ", round) + std::string(3000, static_cast<char>('a' + round % 26));
}

}  // namespace

TEST_F(Concurrency, ManyPushingOneLayerAllSucceedAndItIsThereOnce) {
    In const in{parts, nobody, name};
    for (int round = 0; round < rounds; ++round) {
        auto const text = layer(round);
        auto const digest = sha256(text);
        std::vector<Task<>> pushes;
        for (std::size_t i = 0; i < lanes; ++i) {
            pushes.push_back(i % 2 == 0 ? push_whole(in, text, digest) : push_parts(in, text, digest));
        }
        contexts.run(std::move(pushes));
        ASSERT_EQ(run(pull(in, digest)).value(), text);
    }
    EXPECT_TRUE(run(blobs->uploads()).value().empty());
}

namespace {

/// An image manifest of the config `{}`, unlike those of other numbers.
std::string manifest(int number) {
    return R"({"schemaVersion":2,"annotations":{"n":")" + std::to_string(number) +
           R"("},"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
           sha256("{}").str() + R"(","size":2},"layers":[]})";
}

Task<> move_tag(In in, std::string manifest, int times, std::atomic<int>& moving) {
    auto const reference = tag("moving");
    for (int i = 0; i < times; ++i) {
        registry::ManifestUpload const upload{
            in.caller, in.name, reference, {}, "application/vnd.oci.image.manifest.v1+json", manifest};
        auto const pushed = co_await registry::push_manifest(in.parts, upload);
        EXPECT_TRUE(pushed.has_value()) << pushed.error().message;
    }
    moving.fetch_sub(1);
}

Task<> look_at_tag(In in, std::vector<std::string> manifests, std::atomic<int>& moving, int& looks) {
    auto const reference = tag("moving");
    while (moving.load() > 0) {
        auto const fact = co_await registry::stat_manifest(in.parts, in.name, reference);
        EXPECT_TRUE(fact.has_value()) << fact.error().message;
        auto const found = co_await registry::pull_manifest(in.parts, in.name, reference);
        EXPECT_TRUE(found.has_value()) << found.error().message;
        if (fact.has_error() || found.has_error()) co_return;
        EXPECT_NE(std::ranges::find(manifests, *found->bytes), manifests.end());
        EXPECT_EQ(sha256(*found->bytes), found->fact.digest);
        ++looks;
    }
}

}  // namespace

TEST_F(Concurrency, AMovingTagIsNeverUnknownAndAlwaysOneOfItsManifests) {
    In const in{parts, nobody, name};
    run(push_whole(in, "{}", sha256("{}")));
    std::atomic<int> first{1};
    run(move_tag(in, manifest(0), 1, first));
    std::atomic<int> moving{2};
    std::array<int, 2> looks{};
    std::vector<std::string> const both{manifest(0), manifest(1)};
    std::vector<Task<>> tasks;
    tasks.push_back(move_tag(in, both[0], rounds, moving));
    tasks.push_back(move_tag(in, both[1], rounds, moving));
    tasks.push_back(look_at_tag(in, both, moving, looks[0]));
    tasks.push_back(look_at_tag(in, both, moving, looks[1]));
    contexts.run(std::move(tasks));
    EXPECT_GT(looks[0] + looks[1], 0);
}

namespace {

/// A push under a condition; counts whether it won or was refused.
Task<> push_if(In in, std::string bytes, meta::TagCondition condition, std::atomic<int>& won,
               std::atomic<int>& refused) {
    auto const reference = tag("raced");
    registry::ManifestUpload const upload{.caller = in.caller,
                                          .repository = in.name,
                                          .reference = reference,
                                          .more_tags = {},
                                          .content_type = "application/vnd.oci.image.manifest.v1+json",
                                          .bytes = bytes,
                                          .condition = std::move(condition)};
    auto const pushed = co_await registry::push_manifest(in.parts, upload);
    if (pushed.has_value()) ++won;
    if (pushed.has_error() && pushed.error().code == Errc::precondition_failed) ++refused;
}

}  // namespace

TEST_F(Concurrency, OfRacingConditionalPushesExactlyOneWins) {
    In const in{parts, nobody, name};
    run(push_whole(in, "{}", sha256("{}")));
    meta::TagCondition condition{.none_match = meta::TagCondition::Content{.any = true}};
    for (int round = 0; round < 100; ++round) {
        std::atomic<int> won = 0;
        std::atomic<int> refused = 0;
        std::vector<Task<>> pushes;
        for (int lane = 0; lane < static_cast<int>(lanes); ++lane) {
            auto const number = round * static_cast<int>(lanes) + lane;
            pushes.push_back(push_if(in, manifest(number), condition, won, refused));
        }
        contexts.run(std::move(pushes));
        ASSERT_EQ(won, 1) << round;
        ASSERT_EQ(refused, static_cast<int>(lanes) - 1) << round;
        auto const there = run(registry::stat_manifest(parts, name, tag("raced"))).value();
        condition = {.match = meta::TagCondition::Content{.digests = {there.digest.str()}}};
    }
}

namespace {

constexpr std::string_view first_part = "the first part, which says that it starts at 0";
constexpr std::string_view other_part = "another part, which goes wherever the upload is";

/// One session and what four requests at once were answered.
struct Race {
    std::string segment;  ///< of the URL
    std::optional<Result<std::uint64_t>> first{};
    std::optional<Result<std::uint64_t>> other{};
    std::optional<Result<meta::BlobFact>> finished{};
    std::optional<Result<>> cancelled{};
};

Task<> patch(In in, Race& race, std::string_view text, std::optional<std::uint64_t> at,
             std::optional<Result<std::uint64_t>>& answer) {
    TextSource body(text);
    registry::Chunk const chunk{body, at, text.size()};
    auto const ref = registry::find_upload(in.parts, in.caller, in.name, race.segment).value();
    answer.emplace(co_await registry::append_upload(in.parts, ref, chunk));
}

Task<> finish(In in, Race& race) {
    TextSource nothing("");
    registry::Chunk const chunk{nothing, std::nullopt, 0};
    auto const ref = registry::find_upload(in.parts, in.caller, in.name, race.segment).value();
    auto const digest = sha256(first_part);
    race.finished.emplace(co_await registry::finish_upload(in.parts, ref, chunk, digest));
}

Task<> cancel(In in, Race& race) {
    auto const ref = registry::find_upload(in.parts, in.caller, in.name, race.segment).value();
    race.cancelled.emplace(co_await registry::cancel_upload(in.parts, ref));
}

template <class R>
void expect_told(R const& answer, std::initializer_list<Errc> errors) {
    if (answer.has_value()) return;
    EXPECT_NE(std::ranges::find(errors, answer.error().code), errors.end()) << answer.error().message;
}

/// What the session must hold after the race, if it lives.
std::string held(Race const& race) {
    return std::string(race.first->has_value() && **race.first == first_part.size() ? first_part : "") +
           std::string(race.other->has_value() ? other_part : "");
}

Task<> check(In in, Race const& race) {
    expect_told(*race.first, {Errc::range_invalid, Errc::upload_busy, Errc::upload_unknown});
    expect_told(*race.other, {Errc::upload_busy, Errc::upload_unknown});
    expect_told(*race.finished, {Errc::digest_invalid, Errc::upload_busy, Errc::upload_unknown});
    expect_told(*race.cancelled, {Errc::upload_busy, Errc::upload_unknown});
    EXPECT_FALSE(race.finished->has_value() && race.cancelled->has_value());
    auto const ref = registry::find_upload(in.parts, in.caller, in.name, race.segment).value();
    auto const offset = co_await registry::upload_offset(in.parts, ref);
    if (race.finished->has_value()) {
        auto const stored = co_await pull(in, sha256(first_part));
        EXPECT_EQ(stored.value(), first_part);
    }
    if (race.finished->has_value() || race.cancelled->has_value()) {
        EXPECT_EQ(offset.error().code, Errc::upload_unknown);
        co_return;
    }
    auto const text = held(race);
    EXPECT_EQ(offset.value(), text.size());
    TextSource nothing("");
    registry::Chunk const chunk{nothing, std::nullopt, 0};
    auto const digest = sha256(text);
    auto const stored = co_await registry::finish_upload(in.parts, ref, chunk, digest);
    EXPECT_TRUE(stored.has_value()) << stored.error().message;
}

}  // namespace

TEST_F(Concurrency, TwoPatchesAPutAndADeleteOnOneSessionNeverMixAndEndItOnce) {
    In const in{parts, nobody, name};
    constexpr int at_once = 8;
    for (int round = 0; round < rounds; round += at_once) {
        std::vector<Race> races;
        for (int i = 0; i < at_once; ++i) {
            auto started = registry::start_upload(parts, nobody, name, oci::Algorithm::sha256);
            races.push_back({.segment = std::move(started.segment)});
        }
        std::vector<Task<>> tasks;
        for (auto& race : races) {
            tasks.push_back(patch(in, race, first_part, 0, race.first));
            tasks.push_back(patch(in, race, other_part, std::nullopt, race.other));
            tasks.push_back(finish(in, race));
            tasks.push_back(cancel(in, race));
        }
        contexts.run(std::move(tasks));
        for (auto const& race : races) run(check(in, race));
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
    EXPECT_TRUE(run(blobs->uploads()).value().empty());
    EXPECT_EQ(sessions.size(), 0U);
}

namespace {

Task<> pull_whole_or_nothing(In in, std::string text, oci::Digest digest) {
    auto const pulled = co_await pull(in, digest);
    if (pulled.has_value()) {
        EXPECT_EQ(*pulled, text);
    }
    expect_told(pulled, {Errc::blob_unknown});
}

Task<> unlink(In in, oci::Digest digest, std::atomic<int>& deleted) {
    auto const answer = co_await registry::delete_blob(in.parts, in.caller, in.name, digest);
    if (answer.has_value()) ++deleted;
    expect_told(answer, {Errc::blob_unknown});
}

/// As a garbage collector will: the bytes themselves go.
Task<> remove_bytes(blob::BlobUpkeep& store, oci::Digest digest) {
    auto const answer = co_await store.remove(digest);
    expect_told(answer, {Errc::blob_unknown});
}

}  // namespace

TEST_F(Concurrency, APullDuringADeleteGivesTheWholeBlobOrNone) {
    In const in{parts, nobody, name};
    for (int round = 0; round < rounds; ++round) {
        auto const text = layer(round);
        auto const digest = sha256(text);
        run(push_whole(in, text, digest));
        std::atomic<int> deleted{0};
        std::vector<Task<>> tasks;
        tasks.push_back(pull_whole_or_nothing(in, text, digest));
        tasks.push_back(unlink(in, digest, deleted));
        tasks.push_back(unlink(in, digest, deleted));
        tasks.push_back(remove_bytes(*blobs, digest));
        tasks.push_back(pull_whole_or_nothing(in, text, digest));
        contexts.run(std::move(tasks));
        ASSERT_EQ(deleted, 1);
        ASSERT_EQ(run(registry::stat_blob(parts, name, digest)).error().code, Errc::blob_unknown);
        run(push_whole(in, text, digest));
        ASSERT_EQ(run(pull(in, digest)).value(), text);
    }
}
