#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <array>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>

using namespace ocilot;
using namespace ocilot::blob;

namespace {

/// A store over a disk that can claim to have nothing in memory.
class ColdBlobs : public testing::Test {
  protected:
    ColdBlobs() {
        auto files = std::make_unique<test::TestDisk>(dir.path);
        disk = files.get();
        store = FilesystemStore::open(dir.path, pool, random, std::move(files)).value();
    }
    Result<> put_hello() {
        std::string_view const text = "hello";
        return test::run(store->put(hello, std::as_bytes(std::span(text))));
    }

    test::TempDir dir;
    SystemRandom random;
    BlockingPool pool{2};
    test::TestDisk* disk = nullptr;
    std::unique_ptr<FilesystemStore> store;
    oci::Digest const hello = oci::digest_of(oci::Algorithm::sha256, "hello");
};

}  // namespace

TEST_F(ColdBlobs, WhatIsInMemoryIsReadAtOnceAndTheRestByAThreadOfThePool) {
    ASSERT_TRUE(put_hello());
    auto const blob = test::run(store->open(hello)).value();
    std::set<std::thread::id> readers;
    std::mutex mutex;
    disk->before = [&](std::string const& line) {
        std::lock_guard const lock(mutex);
        if (line.starts_with("read")) readers.insert(std::this_thread::get_id());
    };
    std::array<std::byte, 5> out{};
    ASSERT_EQ(test::run(blob->read(0, out)).value(), 5U);
    EXPECT_EQ(readers, std::set{std::this_thread::get_id()});
    disk->cold = true;
    ASSERT_EQ(test::run(blob->read(0, out)).value(), 5U);
    EXPECT_EQ(readers.size(), 2U);
}

TEST_F(ColdBlobs, ABlobThatIsNotInMemoryIsReadBeforeItIsSent) {
    ASSERT_TRUE(put_hello());
    auto const blob = test::run(store->open(hello)).value();
    disk->cold = true;
    test::run(blob->load(0, 5));
    EXPECT_FALSE(disk->cold) << "somebody read it, and waited";
    disk->forget();
    test::run(blob->load(0, 5));
    EXPECT_EQ(disk->log().size(), 2U) << "a look at both ends";
}
