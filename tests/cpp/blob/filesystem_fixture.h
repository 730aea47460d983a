#pragma once

#include "base/blocking_pool.h"
#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "oci/hasher.h"
#include "run.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::blob {

using oci::Algorithm;
using oci::digest_of;

inline std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline Task<Result<>> commit(Upload& upload) {
    CO_TRY(auto const digest, co_await upload.digest(Algorithm::sha256));
    co_return co_await upload.commit(digest);
}

/// The descriptors this process has open.
inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
}

class FilesystemBlobs : public testing::Test {
  protected:
    FilesystemBlobs() { start(); }

    /// A store as after a start of the process.
    void start() {
        store.reset();
        auto files = std::make_unique<ocilot::test::TestDisk>(dir.path);
        disk = files.get();
        store = FilesystemStore::open(dir.path, pool, random, std::move(files)).value();
        disk->forget();
    }
    std::unique_ptr<Upload> upload_of(std::string_view text) {
        auto upload = ocilot::test::run(store->create(id, Algorithm::sha256)).value();
        EXPECT_TRUE(ocilot::test::run(upload->append(bytes_of(text))));
        return upload;
    }
    Result<> put(std::string_view text) {
        return ocilot::test::run(store->put(digest_of(Algorithm::sha256, text), bytes_of(text)));
    }
    std::string file(std::filesystem::path const& path) {
        std::ifstream stream(dir.path / path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    /// Lines of the disk's log from the sync of the bytes on, without looking up and opening.
    std::vector<std::string> steps() {
        std::vector<std::string> lines;
        for (auto const& line : disk->log()) {
            if (line.starts_with("sync") || line.starts_with("link") || line.starts_with("rename") ||
                line.starts_with("mkdir")) {
                lines.push_back(line);
            }
        }
        return lines;
    }

    ocilot::test::TempDir dir;
    SystemRandom random;
    BlockingPool pool{2};
    std::unique_ptr<FilesystemStore> store;
    ocilot::test::TestDisk* disk = nullptr;
    Uuid id = Uuid::random(random);
    std::string const id_path = "ocilot/uploads/" + id.str().substr(0, 2) + "/" + id.str();
    // echo -n hello | sha256sum
    oci::Digest const hello = digest_of(Algorithm::sha256, "hello");
    std::string const algorithm_path = "docker/registry/v2/blobs/sha256";
    std::string const shard_path = algorithm_path + "/2c";
    std::string const hello_path =
        shard_path + "/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
};

}  // namespace ocilot::blob
