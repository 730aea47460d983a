#include "blob/filesystem/upload.h"

#include "base/counted.h"
#include "blob/filesystem/upload_state.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>

namespace ocilot::blob {

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
/// Appended on the I/O thread: hashing this takes some 60 µs, two hops between threads not much less.
constexpr std::size_t max_inline = 64 * kib;
/// Written and hashed in turn, so that the hash finds the bytes in the cache.
constexpr std::size_t piece = 256 * kib;
/// Write-back starts this often, so that the sync at the end finds little to do.
constexpr std::uint64_t write_back_every = 16 * mib;
/// One turn on the pool when bytes are hashed again, so that commits get their turn in between.
constexpr std::uint64_t hash_turn = 16 * mib;

}  // namespace

FilesystemUpload::FilesystemUpload(BlobTree& tree, Pools pools, std::optional<Uuid> boot, Uuid id,
                                   oci::Algorithm algorithm, StagedFile file)
    : tree_(tree), pools_(pools), boot_(boot), id_(id), file_(std::move(file)), hasher_(algorithm) {}

Task<Result<>> FilesystemUpload::recover(std::string state) {
    CO_TRY(auto const held, co_await pools_.reading.run([this] { return open_file(); }));
    auto const known = read_state(hasher_.algorithm(), state);
    // A power cut may have left other bytes than those that were hashed, in a file of the same length.
    if (known.has_value() && known->hasher.size() <= held &&
        (known->is_synced || (boot_ && known->boot == boot_))) {
        hasher_ = known->hasher;
        if (known->is_synced) synced_ = hasher_.size();
    }
    CO_CHECK(co_await hash_up_to(hasher_, held));
    size_ = held;
    written_back_ = held;
    co_return Result<>();
}

Task<Result<>> FilesystemUpload::ensure_open() {
    CO_TRY(auto const held, co_await pools_.reading.run([this] { return open_file(); }));
    if (held >= size_) co_return Result<>();
    park();
    co_return Error{Errc::io, fmt::format("upload {} had {} and has {} now; start the upload again",
                                          id_.str(), counted_bytes(size_), held)};
}

Result<std::uint64_t> FilesystemUpload::open_file() {
    TRY(StagedFile file, tree_.open_upload(id_));
    auto const size = tree_.files().size(file.fd.get(), "");
    if (size < 0)
        return system_error(static_cast<int>(-size), fmt::format("cannot read upload {}", id_.str()));
    file_ = std::move(file);
    return static_cast<std::uint64_t>(size);
}

Task<Result<>> FilesystemUpload::append(std::span<std::byte const> bytes) {
    if (!file_.fd) {
        CO_CHECK(co_await ensure_open());
    }
    proven_.reset();
    if (bytes.size() > max_inline) {
        co_return co_await pools_.writing.run([this, bytes] {
            auto taken = take(bytes);
            start_write_back();
            return taken;
        });
    }
    CO_CHECK(take(bytes));
    if (size_ - written_back_ >= write_back_every) {
        // Blocks when the disk's queue is full, which holds back this upload and nobody else.
        co_return co_await pools_.writing.run([this]() -> Result<> {
            start_write_back();
            return {};
        });
    }
    co_return Result<>();
}

Result<> FilesystemUpload::take(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
        auto const part = bytes.first(std::min(bytes.size(), piece));
        auto const written = write_fully(tree_.files(), file_.fd.get(), part, size_);
        hasher_.update(part.first(written.bytes));
        size_ += written.bytes;
        if (written.error < 0) {
            return system_error(-written.error, fmt::format("cannot write to upload {}", id_.str()));
        }
        bytes = bytes.subspan(part.size());
    }
    return {};
}

Task<Result<>> FilesystemUpload::roll_back() {
    if (!savepoint_ || savepoint_->size == size_) co_return Result<>();
    if (!file_.fd) {
        CO_CHECK(co_await ensure_open());
    }
    CO_CHECK(co_await pools_.writing.run([this] { return cut(savepoint_->size); }));
    size_ = savepoint_->size;
    written_back_ = std::min(written_back_, size_);
    synced_ = std::min(synced_, size_);
    hasher_ = savepoint_->hasher;
    savepoint_.reset();
    proven_.reset();
    co_return Result<>();
}

Result<> FilesystemUpload::cut(std::uint64_t size) {
    int const done = tree_.files().truncate(file_.fd.get(), size);
    if (done == 0) return {};
    return system_error(-done, fmt::format("cannot revert a chunk of upload {}", id_.str()));
}

void FilesystemUpload::start_write_back() noexcept {
    if (size_ - written_back_ < write_back_every) return;
    tree_.files().write_back(file_.fd.get(), written_back_, size_ - written_back_);
    written_back_ = size_;
}

Task<Result<>> FilesystemUpload::hash_up_to(oci::Hasher& hasher, std::uint64_t size) {
    for (auto begin = hasher.size(); begin < size;) {
        auto const end = std::min(size, begin + hash_turn);
        CO_CHECK(co_await pools_.reading.run(
            [this, &hasher, begin, end] { return hash_range(hasher, begin, end); }));
        begin = end;
    }
    co_return Result<>();
}

Result<> FilesystemUpload::hash_range(oci::Hasher& hasher, std::uint64_t begin, std::uint64_t end) {
    auto const buffer = std::make_unique<std::byte[]>(piece);
    while (begin < end) {
        std::span const part(buffer.get(),
                             static_cast<std::size_t>(std::min<std::uint64_t>(piece, end - begin)));
        auto const n = read_fully(tree_.files(), file_.fd.get(), part, begin);
        if (n < 0) return system_error(static_cast<int>(-n), fmt::format("cannot read upload {}", id_.str()));
        if (static_cast<std::size_t>(n) < part.size()) {
            return Error{
                Errc::io,
                fmt::format("upload {} lost bytes while it was read; start the upload again", id_.str())};
        }
        hasher.update(part);
        begin += part.size();
    }
    return {};
}

Task<Result<oci::Digest>> FilesystemUpload::digest(oci::Algorithm algorithm) {
    if (algorithm == hasher_.algorithm()) {
        proven_ = hasher_.digest();
        co_return *proven_;
    }
    if (!file_.fd) {
        CO_CHECK(co_await ensure_open());
    }
    oci::Hasher other(algorithm);
    CO_CHECK(co_await hash_up_to(other, size_));
    proven_ = other.digest();
    co_return *proven_;
}

Task<Result<>> FilesystemUpload::commit(oci::Digest const& digest) {
    if (proven_ != digest) {
        co_return Error{Errc::internal,
                        fmt::format("digest of upload {} was not verified as {}", id_.str(), digest.str())};
    }
    if (!file_.fd) {
        CO_CHECK(co_await ensure_open());
    }
    co_return co_await pools_.writing.run([this, digest] { return make_blob(digest); });
}

Result<> FilesystemUpload::make_blob(oci::Digest const& digest) {
    auto const held = tree_.files().size(file_.fd.get(), "");
    if (held != static_cast<std::int64_t>(size_)) {
        return Error{
            Errc::io,
            fmt::format("the file of upload {} was changed by another process; start the upload again",
                        id_.str())};
    }
    CHECK(sync_file());
    auto published = tree_.publish(file_, digest);
    if (published.has_error() && !file_.fd) lose();
    return published;
}

Result<> FilesystemUpload::sync_file() {
    int const synced = tree_.files().sync(file_.fd.get(), Sync::data);
    if (synced == 0) return {};
    lose();
    return system_error(-synced,
                        fmt::format("cannot sync upload {} to disk; start the upload again", id_.str()));
}

// After a failed sync the kernel calls the bytes clean though they are not on disk: a second sync would
// succeed and prove nothing. So the upload goes, and the client sends the bytes again.
void FilesystemUpload::lose() noexcept {
    tree_.drop(std::move(file_));
    file_ = StagedFile{};
    hasher_ = oci::Hasher(hasher_.algorithm());
    proven_.reset();
    savepoint_.reset();
    size_ = 0;
    written_back_ = 0;
    synced_ = 0;
}

std::string FilesystemUpload::state() const {
    return write_state({hasher_, synced_ == size_, boot_});
}

Task<Result<>> FilesystemUpload::sync() {
    if (synced_ == size_) co_return Result<>();
    if (!file_.fd) {
        CO_CHECK(co_await ensure_open());
    }
    CO_CHECK(co_await pools_.writing.run([this] { return sync_file(); }));
    synced_ = size_;
    co_return Result<>();
}

Task<Result<>> FilesystemUpload::discard() {
    park();
    co_return co_await pools_.writing.run([this] { return tree_.discard_upload(id_); });
}

}  // namespace ocilot::blob
