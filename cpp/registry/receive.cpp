#include "registry/receive.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

namespace ocilot::registry {

namespace {

constexpr std::size_t piece_size = 256 * 1024;

/// Fills `piece` as far as the source goes; `failure` tells why it stopped early.
Task<std::size_t> fill(ByteSource& source, std::span<std::byte> piece, Result<>& failure) {
    std::size_t filled = 0;
    while (filled < piece.size()) {
        auto const got = co_await source.read(piece.subspan(filled));
        if (got.has_error()) {
            failure = got.error();
            break;
        }
        if (*got == 0) break;
        filled += *got;
    }
    co_return filled;
}

}  // namespace

Task<Result<>> receive(blob::Upload& upload, Chunk chunk, std::atomic<std::uint64_t>& offset) {
    auto const promised = chunk.length.value_or(piece_size);
    auto const room = static_cast<std::size_t>(std::clamp<std::uint64_t>(promised, 1, piece_size));
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(room);
    std::uint64_t received = 0;
    for (;;) {
        Result<> failure;
        auto const filled = co_await fill(chunk.bytes, {buffer.get(), room}, failure);
        received += filled;
        if (chunk.length && received > *chunk.length) {
            co_return Error{Errc::size_invalid,
                            fmt::format("the body is longer than the {} bytes it announced", *chunk.length)};
        }
        auto const kept = co_await upload.append(std::span<std::byte const>(buffer.get(), filled));
        offset.store(upload.size());
        if (kept.has_error()) co_return kept.error();
        if (failure.has_error()) co_return failure.error();
        if (filled < room) break;
    }
    if (chunk.length && received != *chunk.length) {
        co_return Error{Errc::size_invalid, fmt::format("the body has {} bytes, not the {} it announced",
                                                        received, *chunk.length)};
    }
    co_return Result<>{};
}

}  // namespace ocilot::registry
