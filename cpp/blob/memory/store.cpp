#include "blob/memory/store.h"

#include "oci/hasher.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace ocilot::blob {

namespace {

Error unknown(Uuid const& id) {
    return {Errc::upload_unknown, fmt::format("upload {} has no data; start the upload again", id.str())};
}

Error unknown(oci::Digest const& digest) {
    return {Errc::blob_unknown, fmt::format("blob {} is not in the store; push it first", digest.str())};
}

class MemoryBlob final : public Blob {
  public:
    explicit MemoryBlob(std::shared_ptr<MemoryStore::Bytes const> bytes) : bytes_(std::move(bytes)) {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_->size(); }
    [[nodiscard]] int fd() const noexcept override { return -1; }

    Task<> load(std::uint64_t, std::uint64_t) override { co_return; }
    bool read_at_once(std::uint64_t offset, std::span<std::byte> out) override {
        return copy(offset, out) == out.size();
    }
    Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
        co_return copy(offset, out);
    }

  private:
    std::size_t copy(std::uint64_t offset, std::span<std::byte> out) const {
        if (offset >= bytes_->size()) return 0;
        auto const rest = std::span(*bytes_).subspan(static_cast<std::size_t>(offset));
        auto const n = std::min(out.size(), rest.size());
        std::copy_n(rest.begin(), n, out.begin());
        return n;
    }

    std::shared_ptr<MemoryStore::Bytes const> bytes_;
};

class MemoryUpload final : public Upload {
  public:
    MemoryUpload(MemoryStore& store, Uuid id, oci::Algorithm algorithm,
                 std::shared_ptr<MemoryStore::Bytes> bytes, std::string_view state = {})
        : store_(store), id_(id), bytes_(std::move(bytes)), hasher_(algorithm) {
        auto const known = oci::Hasher::from_state(algorithm, state);
        if (known.has_value() && known->size() <= bytes_->size()) hasher_ = *known;
        hasher_.update(std::span(*bytes_).subspan(static_cast<std::size_t>(hasher_.size())));
    }

    [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_->size(); }

    Task<Result<>> append(std::span<std::byte const> bytes) override {
        if (store_.find_upload(id_) != bytes_) co_return unknown(id_);
        proven_.reset();
        bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
        hasher_.update(bytes);
        co_return Result<>();
    }

    void set_savepoint() override { savepoint_ = bytes_->size(); }
    Task<Result<>> roll_back() override {
        if (savepoint_ >= bytes_->size()) co_return Result<>();
        bytes_->resize(savepoint_);
        hasher_ = oci::Hasher(hasher_.algorithm());
        hasher_.update(*bytes_);
        proven_.reset();
        co_return Result<>();
    }

    Task<Result<oci::Digest>> digest(oci::Algorithm algorithm) override {
        proven_ = algorithm == hasher_.algorithm() ? hasher_.digest() : oci::digest_of(algorithm, *bytes_);
        co_return *proven_;
    }

    Task<Result<>> commit(oci::Digest const& digest) override {
        if (proven_ != digest) {
            co_return Error{Errc::internal, fmt::format("digest of upload {} was not verified as {}",
                                                        id_.str(), digest.str())};
        }
        co_return store_.commit_upload(id_, *bytes_, digest);
    }

    Task<Result<>> discard() override {
        if (store_.find_upload(id_) != bytes_) co_return Result<>();
        co_return co_await store_.discard(id_);
    }

    void park() noexcept override {}
    [[nodiscard]] std::string state() const override { return hasher_.export_state(); }
    Task<Result<>> sync() override { co_return Result<>(); }

  private:
    MemoryStore& store_;
    Uuid id_;
    std::shared_ptr<MemoryStore::Bytes> bytes_;
    oci::Hasher hasher_;
    std::size_t savepoint_ = SIZE_MAX;   ///< How many bytes roll_back leaves.
    std::optional<oci::Digest> proven_;  ///< What digest() has answered for the bytes as they are.
};

}  // namespace

Task<Result<std::unique_ptr<Upload>>> MemoryStore::create(Uuid id, oci::Algorithm algorithm) {
    auto bytes = std::make_shared<Bytes>();
    {
        std::lock_guard const lock(mutex_);
        if (!uploads_.emplace(id, bytes).second) {
            co_return Error{Errc::conflict,
                            fmt::format("upload {} already exists; start another one", id.str())};
        }
    }
    std::unique_ptr<Upload> upload = std::make_unique<MemoryUpload>(*this, id, algorithm, std::move(bytes));
    co_return upload;
}

Task<Result<std::unique_ptr<Upload>>> MemoryStore::resume(Uuid id, oci::Algorithm algorithm,
                                                          std::string state) {
    std::shared_ptr<Bytes> bytes;
    {
        std::lock_guard const lock(mutex_);
        auto const found = uploads_.find(id);
        if (found == uploads_.end()) co_return unknown(id);
        // Bytes of its own, so that the holder before can do nothing to them.
        bytes = found->second = std::make_shared<Bytes>(*found->second);
    }
    std::unique_ptr<Upload> upload =
        std::make_unique<MemoryUpload>(*this, id, algorithm, std::move(bytes), state);
    co_return upload;
}

Task<Result<std::vector<Uuid>>> MemoryStore::uploads() {
    std::lock_guard const lock(mutex_);
    std::vector<Uuid> ids;
    for (auto const& [id, bytes] : uploads_) ids.push_back(id);
    co_return ids;
}

Task<Result<>> MemoryStore::discard(Uuid id) {
    std::lock_guard const lock(mutex_);
    uploads_.erase(id);
    co_return Result<>();
}

Task<Result<>> MemoryStore::put(oci::Digest const& digest, std::span<std::byte const> bytes) {
    auto copy = std::make_shared<Bytes const>(bytes.begin(), bytes.end());
    std::lock_guard const lock(mutex_);
    blobs_.insert_or_assign(digest, std::move(copy));
    co_return Result<>();
}

Task<Result<std::uint64_t>> MemoryStore::stat(oci::Digest const& digest) {
    CO_TRY(auto const bytes, find(digest));
    co_return std::uint64_t{bytes->size()};
}

Task<Result<std::unique_ptr<Blob>>> MemoryStore::open(oci::Digest const& digest) {
    CO_TRY(auto bytes, find(digest));
    std::unique_ptr<Blob> blob = std::make_unique<MemoryBlob>(std::move(bytes));
    co_return blob;
}

Task<Result<RemovedBlobs>> MemoryStore::remove_all(std::vector<oci::Digest> digests) {
    RemovedBlobs answer;
    for (auto const& digest : digests) {
        auto const bytes = co_await stat(digest);
        auto const removed = co_await remove(digest);
        if (bytes.has_error() || removed.has_error()) {
            ++answer.missing;
            continue;
        }
        ++answer.blobs;
        answer.bytes += *bytes;
    }
    co_return answer;
}

Task<Result<>> MemoryStore::remove(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    if (blobs_.erase(digest) == 0) co_return unknown(digest);
    co_return Result<>();
}

Task<Result<Listing>> MemoryStore::list(std::optional<oci::Digest> after, std::size_t limit) {
    Listing listing;
    std::lock_guard const lock(mutex_);
    for (auto const& [digest, bytes] : blobs_) {
        if (!after || digest > *after) listing.digests.push_back(digest);
    }
    std::ranges::sort(listing.digests);
    if (listing.digests.size() > limit)
        listing.digests.erase(listing.digests.begin() + static_cast<std::ptrdiff_t>(limit),
                              listing.digests.end());
    co_return listing;
}

Task<Result<std::unique_ptr<Blob>>> MemoryStore::inspect(oci::Digest const& digest) {
    return open(digest);
}

// Kept aside would be kept for nobody: memory has no directory to look into.
Task<Result<>> MemoryStore::quarantine(oci::Digest const& digest) {
    return remove(digest);
}

Task<Result<>> MemoryStore::check() {
    co_return Result<>();
}

std::shared_ptr<MemoryStore::Bytes> MemoryStore::find_upload(Uuid const& id) {
    std::lock_guard const lock(mutex_);
    auto const found = uploads_.find(id);
    return found == uploads_.end() ? nullptr : found->second;
}

Result<> MemoryStore::commit_upload(Uuid const& id, Bytes const& bytes, oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    auto const found = uploads_.find(id);
    if (found == uploads_.end() || found->second.get() != &bytes) return unknown(id);
    blobs_.insert_or_assign(digest, found->second);
    uploads_.erase(found);
    return {};
}

Result<std::shared_ptr<MemoryStore::Bytes const>> MemoryStore::find(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    auto const found = blobs_.find(digest);
    if (found != blobs_.end()) return found->second;
    return unknown(digest);
}

}  // namespace ocilot::blob
