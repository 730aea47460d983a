// The store's promises on a disk that loses its power at any step, or fails at any call.
#include "blob/faulty_disk.h"

#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <atomic>
#include <cerrno>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <optional>
#include <set>

using namespace ocilot;
using namespace ocilot::blob;
using namespace ocilot::test;
using oci::Algorithm;

namespace {

std::span<std::byte const> span_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

oci::Digest digest_of(std::string_view text) {
    return oci::digest_of(Algorithm::sha256, text);
}

std::string read_file(std::filesystem::path const& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Result<> commit(Upload& upload, oci::Digest const& digest) {
    TRY(auto const proven, run(upload.digest(Algorithm::sha256)));
    if (proven != digest) return Error{Errc::digest_invalid, "not what was sent"};
    return run(upload.commit(digest));
}

/// The same bytes in every world, so that equal disks are found equal.
class CountingRandom final : public Random {
  public:
    void fill(std::span<std::byte> out) override {
        auto const number = ++number_;
        for (auto& byte : out) byte = static_cast<std::byte>(number);
    }

  private:
    std::atomic<unsigned> number_{0};
};

/// The texts of blobs: whether each must be there; nothing is said of those that an operation works on.
using Promises = std::map<std::string, bool>;

/// A store on a disk with a record, and what the store has promised after each step of it.
class World {
  public:
    explicit World(bool nameless = true, std::size_t most = SIZE_MAX) {
        record.nameless = nameless;
        record.most = most;
        auto opened = FilesystemStore::open(dir.path, pool, random,
                                            std::make_unique<FaultyDisk>(dir.path.string(), record));
        store = std::move(opened.value());
        first_step = record.steps.size();
        first_call = record.calls;
    }

    Result<> put(std::string const& text) {
        unsure(text);
        return promised(text, true, run(store->put(digest_of(text), span_of(text))));
    }
    Result<> remove(std::string const& text) {
        unsure(text);
        return promised(text, false, run(store->remove(digest_of(text))));
    }
    Result<> push(std::string const& text) {
        unsure(text);
        return promised(text, true, push_in_two(text, false));
    }
    /// With a chunk in the middle that is taken back.
    Result<> push_with_a_mistake(std::string const& text) {
        unsure(text);
        return promised(text, true, push_in_two(text, true));
    }
    /// The operations that ran beside each other are over: whatever can be seen now must last.
    void promise_what_is_seen(std::string const& text) {
        promise(text, run(store->stat(digest_of(text))).has_value());
    }

    [[nodiscard]] Promises promises_after(std::size_t steps) const {
        Promises promises;
        for (auto const& [step, text, there] : told_) {
            if (step > steps) break;
            promises.erase(text);
            if (there) promises[text] = *there;
        }
        return promises;
    }

    TempDir dir{memory_directory()};
    CountingRandom random;
    BlockingPool pool{2};
    FaultyDisk::Record record;
    std::unique_ptr<FilesystemStore> store;
    std::size_t first_step = 0;  ///< after the start
    std::size_t first_call = 0;
    bool promising = true;  ///< whether an answer is a promise: not if another operation undoes it meanwhile

  private:
    struct Told {
        std::size_t step;
        std::string text;
        std::optional<bool> there;
    };

    Result<> push_in_two(std::string const& text, bool with_a_mistake) {
        auto const all = span_of(text);
        TRY(auto const upload, run(store->create(Uuid::random(random), Algorithm::sha256)));
        CHECK(run(upload->append(all.first(all.size() / 2))));
        if (with_a_mistake) {
            upload->set_savepoint();
            CHECK(run(upload->append(span_of("a chunk longer than it said"))));
            CHECK(run(upload->roll_back()));
        }
        CHECK(run(upload->append(all.subspan(all.size() / 2))));
        return commit(*upload, digest_of(text));
    }
    void unsure(std::string const& text) { tell(text, std::nullopt); }
    void promise(std::string const& text, bool there) { tell(text, there); }
    void tell(std::string const& text, std::optional<bool> there) {
        std::lock_guard const lock(record.mutex);
        told_.push_back({record.steps.size(), text, there});
    }
    Result<> promised(std::string const& text, bool there, Result<> done) {
        if (done.has_value() && promising) promise(text, there);
        return done;
    }

    std::vector<Told> told_;
};

/// No file is visible as a blob but with the bytes of its digest.
void expect_blobs_whole(std::filesystem::path const& root) {
    auto const blobs = root / "docker/registry/v2/blobs";
    if (!std::filesystem::exists(blobs)) return;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(blobs)) {
        if (!entry.is_regular_file()) continue;
        EXPECT_EQ(entry.path().filename(), "data");
        EXPECT_EQ(digest_of(read_file(entry.path())).hex(), entry.path().parent_path().filename());
    }
}

void expect_kept(FilesystemStore& store, Promises const& promises) {
    for (auto const& [text, there] : promises) {
        auto const blob = run(store.open(digest_of(text)));
        EXPECT_EQ(blob.has_value(), there) << text;
        if (blob.has_error() || !there) continue;
        std::string read(static_cast<std::size_t>((*blob)->size()), '\0');
        ASSERT_TRUE(run((*blob)->read(0, std::as_writable_bytes(std::span(read)))));
        EXPECT_EQ(read, text);
    }
}

/// A store opens on what is left, keeps every promise, shows no torn blob and works as ever.
void expect_survives(DiskTree const& tree, Promises const& promises, BlockingPool& pool) {
    TempDir dir{memory_directory()};
    SystemRandom random;
    write_tree(dir.path, tree);
    expect_blobs_whole(dir.path);
    auto const store = FilesystemStore::open(dir.path, pool, random).value();
    expect_kept(*store, promises);
    for (auto const& id : run(store->uploads()).value()) {
        auto const upload = run(store->resume(id, Algorithm::sha256, {}));
        ASSERT_TRUE(upload.has_value()) << upload.error().message;
        EXPECT_TRUE(run((*upload)->discard()));
    }
    for (auto const* const again : {"first blob", "second blob"}) {
        EXPECT_TRUE(run(store->put(digest_of(again), span_of(again))));
        expect_kept(*store, {{again, true}});
    }
}

using Tried = std::set<std::pair<DiskTree, Promises>>;

/// Cuts the power after every step from `first` on, and looks at each disk that was not `tried` before.
void cut_everywhere(World& world, std::size_t first, Tried& tried) {
    for (auto step = first; step <= world.record.steps.size(); ++step) {
        auto const promises = world.promises_after(step);
        for (auto& tree : PowerCut(std::span(world.record.steps).first(step)).disks()) {
            auto const [it, is_new] = tried.emplace(std::move(tree), promises);
            if (is_new) expect_survives(it->first, promises, world.pool);
            if (testing::Test::HasFailure()) {
                ADD_FAILURE() << "power cut after step " << step << " of " << world.record.steps.size();
                return;
            }
        }
    }
}

std::string const text = "first blob";

struct Scenario {
    char const* name;
    void (*play)(World&, std::vector<Result<>>&);
};

std::vector<Scenario> const scenarios{
    {"commit", [](World& world, std::vector<Result<>>& done) { done.push_back(world.push(text)); }},
    {"commit after a chunk was taken back",
     [](World& world, std::vector<Result<>>& done) { done.push_back(world.push_with_a_mistake(text)); }},
    {"put", [](World& world, std::vector<Result<>>& done) { done.push_back(world.put(text)); }},
    {"remove",
     [](World& world, std::vector<Result<>>& done) {
         done.push_back(world.put(text));
         done.push_back(world.remove(text));
     }},
    {"put after remove",
     [](World& world, std::vector<Result<>>& done) {
         done.push_back(world.push(text));
         done.push_back(world.remove(text));
         done.push_back(world.put(text));
     }},
    {"commit after remove",
     [](World& world, std::vector<Result<>>& done) {
         done.push_back(world.put(text));
         done.push_back(world.remove(text));
         done.push_back(world.push(text));
     }},
    {"push again",
     [](World& world, std::vector<Result<>>& done) {
         done.push_back(world.push(text));
         done.push_back(world.put(text));
         done.push_back(world.push(text));
     }},
};

/// With and without files that have no name.
class FaultyDiskTest : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Files, FaultyDiskTest, testing::Bool(),
                         [](auto const& variant) { return variant.param ? "Nameless" : "Named"; });

}  // namespace

TEST_P(FaultyDiskTest, APowerCutAtAnyStepLosesNothingAcknowledgedAndShowsNothingTorn) {
    for (auto const& scenario : scenarios) {
        SCOPED_TRACE(scenario.name);
        World world(GetParam());
        std::vector<Result<>> done;
        scenario.play(world, done);
        for (auto const& one : done) ASSERT_TRUE(one.has_value()) << one.error().message;
        Tried tried;
        cut_everywhere(world, world.first_step, tried);
        EXPECT_GT(tried.size(), 10U);
        ASSERT_FALSE(HasFailure());
    }
}

TEST_P(FaultyDiskTest, APowerCutDuringTheFirstStartLeavesADirectoryThatStarts) {
    World world(GetParam());
    ASSERT_TRUE(world.put(text));
    Tried tried;
    cut_everywhere(world, 0, tried);
    EXPECT_GT(tried.size(), 10U);
}

TEST_P(FaultyDiskTest, APowerCutDuringTwoOperationsOnOneDigestBreaksNoPromise) {
    using Operation = Result<> (World::*)(std::string const&);
    std::vector<std::pair<Operation, Operation>> const pairs{
        {&World::push, &World::push},   {&World::push, &World::put},   {&World::put, &World::push},
        {&World::push, &World::remove}, {&World::put, &World::remove}, {&World::remove, &World::push},
    };
    Tried tried;
    for (auto const& [outer, inner] : pairs) {
        // The second operation runs whole before each call of the first one in turn.
        for (std::size_t at = 0;; ++at) {
            World world(GetParam());
            if (outer == &World::remove) {
                ASSERT_TRUE(world.put(text));
            }
            world.promising = outer != &World::remove && inner != &World::remove;
            auto const first = world.record.steps.size();
            auto const pause = world.record.calls + at;
            bool met = false;
            world.record.before = [&, inner = inner](std::size_t call) {
                if (call != pause || std::exchange(met, true)) return;
                auto const done = (world.*inner)(text);
                EXPECT_TRUE(done.has_value() || done.error().code == Errc::blob_unknown)
                    << done.error().message;
            };
            auto const done = (world.*outer)(text);
            EXPECT_TRUE(done.has_value() || done.error().code == Errc::blob_unknown) << done.error().message;
            if (!met) break;
            world.promise_what_is_seen(text);
            cut_everywhere(world, first, tried);
            ASSERT_FALSE(HasFailure()) << "second operation before call " << at;
        }
    }
}

TEST_P(FaultyDiskTest, AFailureOfAnyCallIsReportedAndLeavesNothingHalf) {
    for (auto const& scenario : scenarios) {
        for (int const error : {-EIO, -ENOSPC, -EMFILE}) {
            for (bool const lasting : {false, true}) {
                for (std::size_t at = 0;; ++at) {
                    SCOPED_TRACE(testing::Message()
                                 << scenario.name << ", call " << at << ", errno " << -error);
                    World world(GetParam());
                    world.record.error = error;
                    world.record.first_failing = world.first_call + at;
                    world.record.last_failing = lasting ? SIZE_MAX - 1 : world.record.first_failing;
                    std::vector<Result<>> done;
                    scenario.play(world, done);
                    bool const met = world.record.calls > world.record.first_failing;
                    world.record.error = 0;
                    auto const promises = world.promises_after(world.record.steps.size());
                    expect_blobs_whole(world.dir.path);
                    expect_kept(*world.store, promises);
                    expect_survives(PowerCut(world.record.steps).worst(), promises, world.pool);
                    // The fault is gone: everything works as if it had never been.
                    ASSERT_TRUE(world.push(text));
                    ASSERT_TRUE(world.remove(text));
                    ASSERT_TRUE(world.put(text));
                    expect_survives(PowerCut(world.record.steps).worst(), {{text, true}}, world.pool);
                    ASSERT_FALSE(HasFailure());
                    if (!met) break;
                }
            }
        }
    }
}

TEST_P(FaultyDiskTest, ShortWritesAreGoneOnWith) {
    World world(GetParam(), 1);
    ASSERT_TRUE(world.push(text));
    ASSERT_TRUE(world.put("second blob"));
    expect_survives(PowerCut(world.record.steps).worst(), {{text, true}, {"second blob", true}}, world.pool);
}

namespace {

/// What the metadata know of an upload, durably, from `step` on.
struct RecordedState {
    std::size_t step;
    std::string state;
};

/// Goes on with the upload that a power cut left, as if its row said `state`.
void expect_continues(DiskTree const& tree, Uuid id, std::string const& state, BlockingPool& pool) {
    TempDir dir{memory_directory()};
    SystemRandom random;
    write_tree(dir.path, tree);
    auto files = std::make_unique<SystemFiles>();
    auto const store =
        FilesystemStore::open(dir.path, pool, random, std::move(files), Uuid::random(random)).value();
    auto const resumed = run(store->resume(id, Algorithm::sha256, state));
    if (resumed.has_error()) {
        EXPECT_EQ(resumed.error().code, Errc::upload_unknown);
        return;
    }
    auto const digest = run((*resumed)->digest(Algorithm::sha256)).value();
    ASSERT_TRUE(run((*resumed)->commit(digest)));
    expect_blobs_whole(dir.path);
}

}  // namespace

TEST_P(FaultyDiskTest, AnUploadThatGoesOnAfterAPowerCutBecomesNoTornBlob) {
    World world(GetParam());
    SystemRandom random;
    auto const id = Uuid::random(random);
    std::vector<RecordedState> states;
    auto const upload = run(world.store->create(id, Algorithm::sha256)).value();
    auto const record = [&] { states.push_back({world.record.steps.size(), upload->state()}); };
    for (std::string_view const part : {"first half, ", "second half, ", "third half"}) {
        ASSERT_TRUE(run(upload->append(span_of(part))));
        record();
        if (part.starts_with("second")) {
            ASSERT_TRUE(run(upload->sync()));
            record();
        }
    }
    for (auto step = world.first_step; step <= world.record.steps.size(); ++step) {
        for (auto const& tree : PowerCut(std::span(world.record.steps).first(step)).disks()) {
            for (auto const& known : states) {
                if (known.step <= step) expect_continues(tree, id, known.state, world.pool);
            }
            ASSERT_FALSE(HasFailure()) << "power cut after step " << step;
        }
    }
}
