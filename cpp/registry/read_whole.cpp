#include "registry/read_whole.h"

#include "base/counted.h"
#include "oci/hasher.h"

#include <fmt/format.h>
#include <span>

namespace ocilot::registry {

Task<Result<std::string>> read_whole(blob::Blob& blob, oci::Digest const& digest) {
    std::string bytes(static_cast<std::size_t>(blob.size()), '\0');
    std::span<std::byte> const room = std::as_writable_bytes(std::span(bytes));
    std::size_t filled = 0;
    while (filled < room.size()) {
        CO_TRY(auto const got, co_await blob.read(filled, room.subspan(filled)));
        if (got == 0) break;
        filled += got;
    }
    if (filled != room.size()) {
        co_return Error{Errc::io, fmt::format("{} ended after {} of {}", digest.str(), filled,
                                              counted_bytes(room.size()))};
    }
    if (oci::digest_of(digest.algorithm(), bytes) != digest) {
        co_return Error{Errc::io,
                        fmt::format("the stored bytes of {} are damaged; push it again", digest.str())};
    }
    co_return bytes;
}

}  // namespace ocilot::registry
