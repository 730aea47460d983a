#pragma once

#include "base/blocking_pool.h"
#include "base/random.h"
#include "blob/filesystem/store.h"
#include "blob/memory/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::blob {

using oci::Algorithm;
using oci::digest_of;

inline std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// `n` bytes in which no two pieces of a round size are alike.
inline std::string pattern(std::size_t n) {
    std::string text(n, '\0');
    for (std::size_t i = 0; i < n; ++i) text[i] = static_cast<char>((i * 7 + i / 251) % 256);
    return text;
}

inline Task<Result<>> commit(Upload& upload, Algorithm algorithm) {
    CO_TRY(auto const digest, co_await upload.digest(algorithm));
    co_return co_await upload.commit(digest);
}

inline Task<Result<>> push(BlobStore& store, Uuid id, std::string_view text) {
    CO_TRY(auto const upload, co_await store.create(id, Algorithm::sha256));
    CO_CHECK(co_await upload->append(bytes_of(text)));
    co_return co_await commit(*upload, Algorithm::sha256);
}

struct InMemory {
    Storage& store() { return memory; }
    MemoryStore memory;
};

template <bool nameless>
struct OnDisk {
    OnDisk() {
        auto disk = std::make_unique<ocilot::test::TestDisk>(dir.path);
        if (!nameless) disk->failures["open_nameless"] = -EOPNOTSUPP;
        files = FilesystemStore::open(dir.path, pool, random, std::move(disk)).value();
    }
    Storage& store() { return *files; }
    ocilot::test::TempDir dir;
    SystemRandom random;
    BlockingPool pool{2};
    std::unique_ptr<FilesystemStore> files;
};

/// Every store passes the suites of both its sides.
template <class Stand>
class BlobStoreContract : public testing::Test {
  protected:
    Uuid new_id() { return Uuid::random(random_); }

    std::unique_ptr<Upload> create(Uuid id, Algorithm algorithm = Algorithm::sha256) {
        return ocilot::test::run(store.create(id, algorithm)).value();
    }
    std::unique_ptr<Upload> upload_of(std::string_view text, Algorithm algorithm = Algorithm::sha256) {
        auto upload = create(new_id(), algorithm);
        EXPECT_TRUE(ocilot::test::run(upload->append(bytes_of(text))));
        return upload;
    }
    std::string content(oci::Digest const& digest) {
        auto const blob = ocilot::test::run(store.open(digest)).value();
        std::string text(blob->size() + 1, '?');
        auto const n = ocilot::test::run(blob->read(0, std::as_writable_bytes(std::span(text)))).value();
        text.resize(n);
        return text;
    }
    Errc stat_error(oci::Digest const& digest) { return ocilot::test::run(store.stat(digest)).error().code; }

    Stand stand_;
    SystemRandom random_;
    Storage& store = stand_.store();
};

using Stores = testing::Types<InMemory, OnDisk<true>, OnDisk<false>>;

class StoreNames {
  public:
    template <class Stand>
    static std::string GetName(int index) {
        return std::vector<std::string>{"Memory", "Filesystem",
                                        "FilesystemWithoutTmpfile"}[static_cast<std::size_t>(index)];
    }
};

}  // namespace ocilot::blob
