#pragma once

#include "blob/filesystem/blob_tree.h"
#include "blob/filesystem/pools.h"
#include "blob/store.h"
#include "oci/hasher.h"

#include <optional>

namespace ocilot::blob {

/// An upload in a file of its own. The hash always covers exactly the first size() bytes of the file.
class FilesystemUpload final : public Upload {
  public:
    /// `file` is empty, or parked (no descriptor) for `recover`. `tree` and `pools` outlive this.
    FilesystemUpload(BlobTree& tree, Pools pools, std::optional<Uuid> boot, Uuid id, oci::Algorithm algorithm,
                     StagedFile file);

    /// Takes up the bytes an earlier process left, and its `state()` if that holds: upload_unknown if there
    /// is no such file.
    Task<Result<>> recover(std::string state);

    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    Task<Result<>> append(std::span<std::byte const> bytes) override;
    void set_savepoint() override { savepoint_.emplace(hasher_, size_); }
    Task<Result<>> roll_back() override;
    Task<Result<oci::Digest>> digest(oci::Algorithm algorithm) override;
    Task<Result<>> commit(oci::Digest const& digest) override;
    Task<Result<>> discard() override;
    void park() noexcept override { file_.fd.reset(); }
    [[nodiscard]] std::string state() const override;
    Task<Result<>> sync() override;

  private:
    struct Savepoint {
        oci::Hasher hasher;
        std::uint64_t size;
        Savepoint(oci::Hasher const& now, std::uint64_t held) : hasher(now), size(held) {}
    };

    Task<Result<>> ensure_open();
    /// Feeds `hasher` with the rest of the first `size` bytes.
    Task<Result<>> hash_up_to(oci::Hasher& hasher, std::uint64_t size);
    Result<> hash_range(oci::Hasher& hasher, std::uint64_t begin, std::uint64_t end);
    Result<> take(std::span<std::byte const> bytes);
    Result<> cut(std::uint64_t size);
    Result<std::uint64_t> open_file();
    Result<> sync_file();
    Result<> make_blob(oci::Digest const& digest);
    void start_write_back() noexcept;
    void lose() noexcept;

    BlobTree& tree_;
    Pools pools_;
    std::optional<Uuid> boot_;
    Uuid id_;
    StagedFile file_;
    oci::Hasher hasher_;
    std::uint64_t size_ = 0;
    std::uint64_t written_back_ = 0;
    std::uint64_t synced_ = 0;  ///< This many first bytes are known to be on disk.
    std::optional<Savepoint> savepoint_;
    std::optional<oci::Digest> proven_;  ///< What digest() has answered for the bytes as they are.
};

}  // namespace ocilot::blob
