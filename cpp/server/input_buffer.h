#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::server {

/// Bytes a connection has received and not used yet. Small while a connection is idle.
class InputBuffer {
  public:
    [[nodiscard]] std::string_view view() const noexcept { return {storage_.data() + begin_, end_ - begin_}; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

    /// Room for at least `least` more bytes; what is read into it is added by `commit`. Invalidates views.
    [[nodiscard]] std::span<std::byte> prepare(std::size_t least);
    void commit(std::size_t count) noexcept { end_ += count; }
    /// Drops the first `count` bytes.
    void consume(std::size_t count) noexcept { begin_ += count; }
    /// Takes the first `count` bytes out.
    [[nodiscard]] std::string take(std::size_t count);
    void append(std::span<std::byte const> bytes);
    /// Gives memory back if nothing is held and more than an idle connection's share is allocated.
    void shrink() noexcept;

    static constexpr std::size_t idle_bytes = 1024;

  private:
    std::string storage_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace ocilot::server
