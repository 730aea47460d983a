#include "deflate/deflater.h"

#include "deflate/block_writer.h"
#include "deflate/codes.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ocilot::deflate {

namespace {

constexpr std::int32_t capacity = 12 * MatchFinder::window;
/// What stays when the buffer is full: the window, and the input of a block that may be stored.
constexpr std::int32_t kept = 3 * MatchFinder::window;
constexpr std::int32_t most_stored = 2 * MatchFinder::window;
/// Bytes after a place without which its match could be longer with more input.
constexpr std::int32_t lookahead = max_match + 2;

constexpr std::array<Effort, 9> efforts = {{
    {4, 0, 16},
    {8, 0, 32},
    {16, 4, 64},
    {16, 16, 64},
    {24, 32, 96},
    {40, 48, 128},
    {80, 96, 258},
    {300, 258, 258},
    {1'000, 258, 258},
}};

Effort effort_of(int level) {
    return efforts[static_cast<std::size_t>(std::clamp(level, 1, 9) - 1)];
}

}  // namespace

Deflater::Deflater(int level)
    : effort_(effort_of(level)),
      finder_(effort_),
      buffer_(std::make_unique<unsigned char[]>(capacity + MatchFinder::slack)) {}

void Deflater::write(std::span<std::byte const> input, std::string& out) {
    bits_.append_to(out);
    while (!input.empty()) {
        fill(input);
        advance(false);
        if (end_ == capacity) make_room();
    }
}

void Deflater::finish(std::string& out) {
    bits_.append_to(out);
    advance(true);
    if (literal_waits_) block_.add_literal(buffer_[static_cast<std::size_t>(place_ - 1)]);
    literal_waits_ = false;
    end_block(true);
    bits_.align();
}

void Deflater::fill(std::span<std::byte const>& input) {
    auto const size = std::min(input.size(), static_cast<std::size_t>(capacity - end_));
    std::memcpy(buffer_.get() + end_, input.data(), size);
    input = input.subspan(size);
    end_ += static_cast<std::int32_t>(size);
}

void Deflater::advance(bool all) {
    auto const stop = all ? end_ : end_ - lookahead;
    while (place_ < stop) {
        step(static_cast<std::uint32_t>(end_ - place_));
        if (block_.full()) end_block(false);
    }
}

void Deflater::step(std::uint32_t available) {
    auto const before = waiting_;
    waiting_ = {};
    if (available >= 4) {
        finder_.insert(buffer_.get(), place_);
        if (before.length == 0 || before.length < effort_.lazy) {
            auto const than = std::max(before.length, min_match - 1);
            waiting_ = finder_.find(buffer_.get(), place_, than, std::min(available, max_match));
        }
    }
    if (before.length > 0 && waiting_.length == 0) {
        literal_waits_ = false;
        --place_;
        accept(before, available + 1);
        return;
    }
    if (literal_waits_) block_.add_literal(buffer_[static_cast<std::size_t>(place_ - 1)]);
    if (waiting_.length > 0 && effort_.lazy == 0) {
        auto const found = waiting_;
        waiting_ = {};
        literal_waits_ = false;
        accept(found, available);
        return;
    }
    literal_waits_ = true;
    ++place_;
}

void Deflater::accept(Match match, std::uint32_t available) {
    block_.add_match(match.length, match.distance);
    // The place itself, and the one after a match that waited, are there already.
    auto const first = effort_.lazy == 0 ? 1U : 2U;
    auto const last = std::min(match.length, available - std::min(available, 3U));
    for (auto i = first; i < last; ++i) finder_.insert(buffer_.get(), place_ + static_cast<std::int32_t>(i));
    place_ += static_cast<std::int32_t>(match.length);
}

void Deflater::make_room() {
    auto const by = capacity - kept;
    std::memmove(buffer_.get(), buffer_.get() + by, kept);
    finder_.shift(by);
    end_ -= by;
    place_ -= by;
    block_start_ = std::max(block_start_ - by, -1);
}

void Deflater::end_block(bool last) {
    auto const bytes = static_cast<std::int64_t>(block_.bytes());
    std::span<unsigned char const> input;
    if (bytes <= most_stored && block_start_ >= 0) {
        input = {buffer_.get() + block_start_, static_cast<std::size_t>(bytes)};
    }
    write_block(bits_, block_, input, last);
    block_start_ = place_ - (literal_waits_ ? 1 : 0);
    block_.clear();
}

}  // namespace ocilot::deflate
