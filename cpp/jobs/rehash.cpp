#include "jobs/rehash.h"

#include "oci/hasher.h"

#include <memory>

namespace ocilot::jobs {

namespace {

/// Hashing this takes an I/O thread no longer than the chunks of an upload do.
constexpr std::size_t piece = 64 * 1024;

}  // namespace

Task<Result<oci::Digest>> rehash(blob::Blob& blob, oci::Algorithm algorithm, ReadThrottle& throttle) {
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(piece);
    std::span<std::byte> const room(buffer.get(), piece);
    oci::Hasher hasher(algorithm);
    for (std::uint64_t offset = 0; offset < blob.size();) {
        CO_TRY(auto const got, co_await blob.read(offset, room));
        if (got == 0) break;
        hasher.update(room.first(got));
        offset += got;
        CO_CHECK(co_await throttle.step(got));
    }
    co_return hasher.digest();
}

}  // namespace ocilot::jobs
