#include "blob/filesystem.h"

#include "blob/filesystem_upload.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace ocilot::blob {

namespace {

class FileBlob final : public Blob {
  public:
    FileBlob(Files& files, Fd file, std::uint64_t size)
        : files_(files), file_(std::move(file)), size_(size) {}

    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    [[nodiscard]] int fd() const noexcept override { return file_.get(); }

    Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
        if (offset >= size_) co_return std::size_t{0};
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
        auto const n = read_fully(files_, file_.get(), out.first(wanted), offset);
        if (n < 0) co_return system_error(static_cast<int>(-n), "cannot read a blob");
        if (static_cast<std::size_t>(n) < wanted) {
            co_return Error{Errc::io, fmt::format("a blob of {} bytes ends at byte {}; push it again", size_,
                                                  offset + static_cast<std::uint64_t>(n))};
        }
        co_return wanted;
    }

  private:
    Files& files_;
    Fd file_;
    std::uint64_t size_;
};

}  // namespace

Result<std::unique_ptr<FilesystemStore>> FilesystemStore::open(std::filesystem::path root, BlockingPool& pool,
                                                               Random& random) {
    return open(std::move(root), pool, random, std::make_unique<SystemFiles>());
}

Result<std::unique_ptr<FilesystemStore>> FilesystemStore::open(std::filesystem::path root, BlockingPool& pool,
                                                               Random& random, std::unique_ptr<Files> files) {
    TRY(auto directory, DataDirectory::open(root, *files));
    return std::unique_ptr<FilesystemStore>(
        new FilesystemStore(std::move(directory), std::move(files), pool, random));
}

FilesystemStore::FilesystemStore(DataDirectory directory, std::unique_ptr<Files> files, BlockingPool& pool,
                                 Random& random)
    : tree_(std::move(directory), std::move(files), random), pool_(pool) {}

Task<Result<std::unique_ptr<Upload>>> FilesystemStore::create(Uuid id, oci::Algorithm algorithm) {
    CO_TRY(Staged file, co_await pool_.run([this, id] { return tree_.create_upload(id); }));
    std::unique_ptr<Upload> upload =
        std::make_unique<FilesystemUpload>(tree_, pool_, id, algorithm, std::move(file));
    co_return upload;
}

Task<Result<std::unique_ptr<Upload>>> FilesystemStore::resume(Uuid id, oci::Algorithm algorithm) {
    auto upload = std::make_unique<FilesystemUpload>(tree_, pool_, id, algorithm, Staged{});
    CO_CHECK(co_await upload->recover());
    std::unique_ptr<Upload> recovered = std::move(upload);
    co_return recovered;
}

Task<Result<std::vector<Uuid>>> FilesystemStore::uploads() {
    co_return co_await pool_.run([this] { return tree_.uploads(); });
}

Task<Result<>> FilesystemStore::discard(Uuid id) {
    co_return co_await pool_.run([this, id] { return tree_.discard_upload(id); });
}

Task<Result<>> FilesystemStore::put(oci::Digest const& digest, std::span<std::byte const> bytes) {
    co_return co_await pool_.run([this, digest, bytes] { return tree_.put(digest, bytes); });
}

Task<Result<std::uint64_t>> FilesystemStore::stat(oci::Digest const& digest) {
    co_return tree_.size(digest);
}

Task<Result<std::unique_ptr<Blob>>> FilesystemStore::open(oci::Digest const& digest) {
    CO_TRY(Fd file, tree_.open(digest));
    auto const size = tree_.files().size(file.get(), "");
    if (size < 0) {
        co_return system_error(static_cast<int>(-size), fmt::format("cannot open blob {}", digest.str()));
    }
    std::unique_ptr<Blob> blob =
        std::make_unique<FileBlob>(tree_.files(), std::move(file), static_cast<std::uint64_t>(size));
    co_return blob;
}

Task<Result<>> FilesystemStore::remove(oci::Digest const& digest) {
    co_return co_await pool_.run([this, digest] { return tree_.remove(digest); });
}

Task<Result<>> FilesystemStore::check() {
    co_return co_await pool_.run([this] { return tree_.probe(); });
}

}  // namespace ocilot::blob
