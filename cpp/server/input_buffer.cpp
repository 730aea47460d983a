#include "server/input_buffer.h"

#include <algorithm>
#include <cstring>

namespace ocilot::server {

std::span<std::byte> InputBuffer::prepare(std::size_t least) {
    if (begin_ > 0) {
        std::memmove(storage_.data(), storage_.data() + begin_, size());
        end_ -= begin_;
        begin_ = 0;
    }
    if (storage_.size() - end_ < least) {
        storage_.resize(std::max({idle_bytes, storage_.size() * 2, end_ + least}));
    }
    return std::as_writable_bytes(std::span(storage_)).subspan(end_);
}

std::string InputBuffer::take(std::size_t count) {
    std::string taken(view().substr(0, count));
    consume(count);
    return taken;
}

void InputBuffer::append(std::span<std::byte const> bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
}

void InputBuffer::shrink() noexcept {
    if (!empty()) return;
    begin_ = end_ = 0;
    if (storage_.size() > idle_bytes) storage_ = std::string();
}

}  // namespace ocilot::server
