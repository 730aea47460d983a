#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

namespace ocilot::load {

/// A body that is never whole in memory: a block again and again, and a stamp of its own at the very end.
struct Body {
    std::uint64_t size = 0;
    std::string_view block;
    std::string_view stamp;
};

/// A request and how far it has been written. Its memory is used again for the connection's next one.
class Request {
  public:
    /// Ends with the empty line.
    std::string head;
    Body body;
    /// The answer has no body: HEAD.
    bool bodiless_answer = false;

    void clear() {
        head.clear();
        body = {};
        bodiless_answer = false;
        written_ = 0;
    }

    [[nodiscard]] bool all_written() const noexcept { return written_ == head.size() + body.size; }
    void wrote(std::size_t bytes) noexcept { written_ += bytes; }

    /// What to write next, at most a megabyte of it, into `out`, which has room for three pieces.
    [[nodiscard]] std::span<iovec const> pieces(std::span<iovec, 3> out) const noexcept {
        std::size_t count = 0;
        auto const add = [&](std::string_view piece) {
            out[count++] = {const_cast<char*>(piece.data()), piece.size()};
            return piece.size();
        };
        auto at = written_;
        if (at < head.size()) at += add(std::string_view(head).substr(static_cast<std::size_t>(at)));
        at -= head.size();
        auto const blocks = body.size - body.stamp.size();
        if (at < blocks) {
            auto const inside = static_cast<std::size_t>(at % body.block.size());
            auto const most = std::min<std::uint64_t>(most_at_once, blocks - at);
            at += add(body.block.substr(inside, static_cast<std::size_t>(most)));
        }
        if (at >= blocks && at < body.size) add(body.stamp.substr(static_cast<std::size_t>(at - blocks)));
        return out.first(count);
    }

  private:
    static constexpr std::uint64_t most_at_once = 1024 * 1024;

    std::uint64_t written_ = 0;
};

}  // namespace ocilot::load
