#include "registry/receive.h"

#include "base/counted.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>

namespace ocilot::registry {

namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t least_piece = 16 * 1024;

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

/// Takes memory for pieces as large as there is room for; their size.
Result<std::size_t> reserve(MemoryBudget::Reservation& reservation, std::size_t wanted) {
    for (; wanted > least_piece; wanted /= 4) {
        if (reservation.try_reserve(wanted)) return wanted;
    }
    CHECK(reservation.reserve(wanted));
    return wanted;
}

/// Reads to the end of the body, or to where it is longer than promised.
Task<Result<>> receive_all(blob::Upload& upload, Chunk& chunk, std::atomic<std::uint64_t>& offset,
                           std::uint64_t& received, MemoryBudget* memory, StorageRoom* room,
                           QuotaRoom const& quota) {
    auto const promised = chunk.length.value_or(piece_size);
    auto const wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(promised, 1, piece_size));
    MemoryBudget::Reservation reservation(memory);
    CO_TRY(auto const size, reserve(reservation, wanted));
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(size);
    for (;;) {
        Result<> failure;
        auto const filled = co_await fill(chunk.bytes, {buffer.get(), size}, failure);
        received += filled;
        if (chunk.length && received > *chunk.length) co_return Result<>{};
        CO_CHECK(quota.require(upload.size() + filled));
        if (room != nullptr && filled > 0 && !room->take(filled)) {
            CO_CHECK(co_await room->require());
        }
        auto const kept = co_await upload.append(std::span<std::byte const>(buffer.get(), filled));
        offset.store(upload.size());
        if (kept.has_error()) co_return kept.error();
        if (failure.has_error()) co_return failure.error();
        if (filled < size) co_return Result<>{};
    }
}

}  // namespace

Task<Result<>> receive(blob::Upload& upload, Chunk chunk, std::atomic<std::uint64_t>& offset,
                       MemoryBudget* memory, StorageRoom* room, QuotaRoom const& quota) {
    CO_CHECK(quota.require(upload.size() + chunk.length.value_or(0)));
    if (chunk.length) upload.set_savepoint();
    std::uint64_t received = 0;
    CO_CHECK(co_await receive_all(upload, chunk, offset, received, memory, room, quota));
    if (!chunk.length || received == *chunk.length) co_return Result<>{};
    auto const taken_back = co_await upload.roll_back();
    offset.store(upload.size());
    CO_CHECK(taken_back);
    auto const has = received > *chunk.length ? std::string("more bytes") : counted_bytes(received);
    co_return Error{
        Errc::size_invalid,
        fmt::format("the body has {} instead of the announced {}; nothing was stored, send the chunk again",
                    has, *chunk.length)};
}

}  // namespace ocilot::registry
