#include "blob/filesystem/store.h"

#include "base/counted.h"
#include "blob/filesystem/read_only_files.h"
#include "blob/filesystem/resident_pages.h"
#include "blob/filesystem/upload.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ocilot::blob {

namespace {

/// Bytes of a read whose only purpose is that they are in memory then.
constexpr std::size_t loaded_at_once = 256 * 1024;

struct PieceRemoval {
    BlobTree* tree;
    RemovalPace* pace;
    std::span<oci::Digest const> digests;
    Result<RemovedBlobs> operator()() const {
        auto const began = RemovalPace::Ticks::now();
        auto removed = tree->remove_all(digests);
        pace->note(digests.size(), RemovalPace::Ticks::now() - began);
        return removed;
    }
};

/// What is in memory is read on the calling thread; whoever waits for the disk is a thread of the pool.
class FileBlob final : public Blob {
  public:
    FileBlob(Files& files, BlockingPool& pool, Fd file, std::uint64_t size)
        : files_(&files), pool_(&pool), file_(std::move(file)), size_(size) {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    [[nodiscard]] int fd() const noexcept override { return file_.get(); }

    bool read_at_once(std::uint64_t offset, std::span<std::byte> out) override {
        if (offset > size_ || out.size() > size_ - offset) return false;
        auto const n = files_->read(file_.get(), out, offset, Wait::no);
        return n == static_cast<std::int64_t>(out.size());
    }
    Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (read_at_once(offset, out)) co_return out.size();
        co_return co_await pool_->run([this, offset, out] { return read_now(offset, out); });
    }
    Task<> load(std::uint64_t offset, std::uint64_t length) override {
        // Pages come and go in long runs: both ends tell enough.
        std::byte byte{};
        std::span const one(&byte, 1);
        if (length == 0 || (read_at_once(offset, one) && read_at_once(offset + length - 1, one))) co_return;
        co_await pool_->run([this, offset, length] { return load_now(offset, length); });
    }
    Result<std::size_t> read_now(std::uint64_t offset, std::span<std::byte> out) {
        if (offset >= size_) return std::size_t{0};
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
        auto const n = read_fully(*files_, file_.get(), out.first(wanted), offset);
        if (n < 0) return system_error(static_cast<int>(-n), "cannot read a blob");
        if (static_cast<std::size_t>(n) < wanted) {
            return Error{Errc::io, fmt::format("a blob of {} ends at byte {}; push it again",
                                               counted_bytes(size_), offset + static_cast<std::uint64_t>(n))};
        }
        return wanted;
    }

  private:
    Result<> load_now(std::uint64_t offset, std::uint64_t length) {
        std::vector<std::byte> scratch(loaded_at_once);
        for (std::uint64_t done = 0; done < length;) {
            auto const next = std::min<std::uint64_t>(scratch.size(), length - done);
            TRY(auto const n, read_now(offset + done, std::span(scratch).first(next)));
            if (n == 0) break;
            done += n;
        }
        return {};
    }

    Files* files_;
    BlockingPool* pool_;
    Fd file_;
    std::uint64_t size_;
};

/// For one look: a thread of the pool waits for the disk, and afterwards the same pages are in memory as
/// before.
class InspectedBlob final : public Blob {
  public:
    InspectedBlob(FileBlob blob, BlockingPool& pool) : blob_(std::move(blob)), pool_(pool) {
        // Pages that are read ahead would look like those of others.
        ::posix_fadvise(blob_.fd(), 0, 0, POSIX_FADV_RANDOM);
    }

    ~InspectedBlob() override {
        if (before_) before_->forget_others();
    }

    [[nodiscard]] std::uint64_t size() const noexcept override { return blob_.size(); }
    [[nodiscard]] int fd() const noexcept override { return blob_.fd(); }

    Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
        return pool_.run([this, offset, out] { return read_and_forget(offset, out); });
    }
    bool read_at_once(std::uint64_t, std::span<std::byte>) override { return false; }
    Task<> load(std::uint64_t, std::uint64_t) override { co_return; }

  private:
    Result<std::size_t> read_and_forget(std::uint64_t offset, std::span<std::byte> out) {
        auto const end = offset + out.size();
        if (!before_ || offset < begin_ || end > end_) look_at(offset, std::max(end, offset + window));
        return blob_.read_now(offset, out);
    }

    /// The next part is read ahead in one go, once it is known what of it is in memory.
    void look_at(std::uint64_t begin, std::uint64_t end) {
        if (before_) before_->forget_others();
        begin_ = begin;
        end_ = end;
        auto const size = std::min(end, blob_.size()) - std::min(begin, blob_.size());
        before_.emplace(blob_.fd(), begin, size);
        if (size == 0) return;  // Which would mean the whole file.
        ::posix_fadvise(blob_.fd(), static_cast<off_t>(begin), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
    }

    static constexpr std::uint64_t window = 1024 * 1024;

    FileBlob blob_;
    BlockingPool& pool_;
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;
    std::optional<ResidentPages> before_;  ///< of bytes [begin_, end_)
};

Result<FileBlob> open_blob(BlobTree& tree, BlockingPool& pool, oci::Digest const& digest) {
    TRY(Fd file, tree.open(digest));
    auto const size = tree.files().size(file.get(), "");
    if (size < 0) {
        return system_error(static_cast<int>(-size), fmt::format("cannot open blob {}", digest.str()));
    }
    return FileBlob(tree.files(), pool, std::move(file), static_cast<std::uint64_t>(size));
}

}  // namespace

Result<std::unique_ptr<FilesystemStore>> FilesystemStore::open_for_reading(std::filesystem::path const& root,
                                                                           Pools pools, Random& random) {
    auto files = std::make_unique<ReadOnlyFiles>();
    TRY(auto directory, DataDirectory::open_for_reading(root, *files));
    return std::unique_ptr<FilesystemStore>(
        new FilesystemStore(std::move(directory), std::move(files), pools, random, boot_id()));
}

Result<std::unique_ptr<FilesystemStore>> FilesystemStore::open(std::filesystem::path root, Pools pools,
                                                               Random& random) {
    return open(std::move(root), pools, random, std::make_unique<SystemFiles>());
}

Result<std::unique_ptr<FilesystemStore>> FilesystemStore::open(std::filesystem::path root, Pools pools,
                                                               Random& random, std::unique_ptr<Files> files,
                                                               std::optional<Uuid> boot) {
    TRY(auto directory, DataDirectory::open(root, *files));
    return std::unique_ptr<FilesystemStore>(
        new FilesystemStore(std::move(directory), std::move(files), pools, random, boot));
}

FilesystemStore::FilesystemStore(DataDirectory directory, std::unique_ptr<Files> files, Pools pools,
                                 Random& random, std::optional<Uuid> boot)
    : tree_(std::move(directory), std::move(files), random), pools_(pools), boot_(boot) {}

Task<Result<std::unique_ptr<Upload>>> FilesystemStore::create(Uuid id, oci::Algorithm algorithm) {
    CO_TRY(StagedFile file, co_await pools_.writing.run([this, id] { return tree_.create_upload(id); }));
    std::unique_ptr<Upload> upload =
        std::make_unique<FilesystemUpload>(tree_, pools_, boot_, id, algorithm, std::move(file));
    co_return upload;
}

Task<Result<std::unique_ptr<Upload>>> FilesystemStore::resume(Uuid id, oci::Algorithm algorithm,
                                                              std::string state) {
    auto upload = std::make_unique<FilesystemUpload>(tree_, pools_, boot_, id, algorithm, StagedFile{});
    CO_CHECK(co_await upload->recover(std::move(state)));
    std::unique_ptr<Upload> recovered = std::move(upload);
    co_return recovered;
}

Task<Result<std::vector<Uuid>>> FilesystemStore::uploads() {
    co_return co_await pools_.reading.run([this] { return tree_.uploads(); });
}

Task<Result<>> FilesystemStore::discard(Uuid id) {
    co_return co_await pools_.writing.run([this, id] { return tree_.discard_upload(id); });
}

Task<Result<>> FilesystemStore::put(oci::Digest const& digest, std::span<std::byte const> bytes) {
    co_return co_await pools_.writing.run([this, digest, bytes] { return tree_.put(digest, bytes); });
}

Task<Result<std::uint64_t>> FilesystemStore::stat(oci::Digest const& digest) {
    co_return tree_.size(digest);
}

Task<Result<std::unique_ptr<Blob>>> FilesystemStore::open(oci::Digest const& digest) {
    CO_TRY(auto file, open_blob(tree_, pools_.reading, digest));
    std::unique_ptr<Blob> blob = std::make_unique<FileBlob>(std::move(file));
    co_return blob;
}

Task<Result<RemovedBlobs>> FilesystemStore::remove_all(std::vector<oci::Digest> digests) {
    std::vector<PieceRemoval> pieces;
    for (std::span<oci::Digest const> rest = digests; !rest.empty();) {
        auto const size = std::min(rest.size(), removal_pace_.at_once());
        pieces.push_back({&tree_, &removal_pace_, rest.first(size)});
        rest = rest.subspan(size);
    }
    auto parts = co_await pools_.removing.run_all(std::move(pieces));
    RemovedBlobs all;
    for (auto& part : parts) {
        CO_TRY(auto const removed, std::move(part));
        all.blobs += removed.blobs;
        all.bytes += removed.bytes;
        all.missing += removed.missing;
        all.failed.insert(all.failed.end(), removed.failed.begin(), removed.failed.end());
    }
    co_return all;
}

Task<Result<>> FilesystemStore::remove(oci::Digest const& digest) {
    co_return co_await pools_.writing.run([this, digest] { return tree_.remove(digest); });
}

Task<Result<Listing>> FilesystemStore::list(std::optional<oci::Digest> after, std::size_t limit) {
    co_return co_await pools_.reading.run([this, after, limit] { return tree_.list(after, limit); });
}

Task<Result<std::unique_ptr<Blob>>> FilesystemStore::inspect(oci::Digest const& digest) {
    CO_TRY(auto file,
           co_await pools_.reading.run([this, digest] { return open_blob(tree_, pools_.reading, digest); }));
    std::unique_ptr<Blob> blob = std::make_unique<InspectedBlob>(std::move(file), pools_.reading);
    co_return blob;
}

Task<Result<>> FilesystemStore::quarantine(oci::Digest const& digest) {
    co_return co_await pools_.writing.run([this, digest] { return tree_.quarantine(digest); });
}

Task<Result<>> FilesystemStore::check() {
    co_return co_await pools_.probing.run([this] { return tree_.probe(); });
}

Task<Result<std::optional<Capacity>>> FilesystemStore::capacity() {
    co_return co_await pools_.probing.run([this]() -> Result<std::optional<Capacity>> {
        TRY(auto const found, tree_.capacity());
        return std::optional(found);
    });
}

}  // namespace ocilot::blob
