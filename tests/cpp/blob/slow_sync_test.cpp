// A disk that syncs slowly holds up those who write, and nobody else.
#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>
#include <latch>

using namespace ocilot;
using namespace ocilot::blob;

namespace {

Task<> keep(FilesystemStore& store, std::string text, int& stored) {
    auto const bytes = std::as_bytes(std::span(text));
    auto const put = co_await store.put(oci::digest_of(oci::Algorithm::sha256, text), bytes);
    EXPECT_TRUE(put.has_value());
    ++stored;
}

}  // namespace

TEST(SlowSync, HoldsUpNeitherColdReadsNorRemovalsNorProbes) {
    test::TempDir const dir;
    SystemRandom random;
    BlockingPool writing(2);
    BlockingPool reading(1);
    BlockingPool removing(1);
    BlockingPool probing(1);
    auto files = std::make_unique<test::TestDisk>(dir.path);
    auto& disk = *files;
    auto const store =
        FilesystemStore::open(dir.path, {writing, reading, removing, probing}, random, std::move(files))
            .value();
    int stored = 0;
    test::run(keep(*store, "hello", stored));

    // More syncs than there are threads that write, and none of them ends.
    std::latch may_end(1);
    std::atomic<bool> stuck = true;
    auto const prober =
        test::run(probing.run([]() -> Result<std::thread::id> { return std::this_thread::get_id(); }));
    disk.before = [&](std::string const& line) {
        if (stuck && line.starts_with("sync") && std::this_thread::get_id() != *prober) may_end.wait();
    };
    asio::io_context context(1);
    for (auto const* text : {"one", "two", "three", "four"}) {
        asio::co_spawn(context, keep(*store, text, stored), [](std::exception_ptr) {});
    }
    context.poll();

    EXPECT_TRUE(test::run(store->check()).has_value());
    disk.cold = true;
    auto const blob = test::run(store->open(oci::digest_of(oci::Algorithm::sha256, "hello"))).value();
    std::array<std::byte, 5> out{};
    EXPECT_EQ(test::run(blob->read(0, out)).value(), 5U);
    EXPECT_EQ(test::run(store->remove_all({oci::digest_of(oci::Algorithm::sha256, "hello")})).value().blobs,
              1U);
    EXPECT_EQ(stored, 1);

    stuck = false;
    may_end.count_down();
    context.run();
    EXPECT_EQ(stored, 5);
}
