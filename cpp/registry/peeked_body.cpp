#include "registry/peeked_body.h"

#include <algorithm>

namespace ocilot::registry {

Task<Result<bool>> PeekedBody::peek() {
    CO_TRY(auto const count, co_await body_.read(first_));
    left_ = std::span(first_).first(count);
    co_return count > 0;
}

Task<Result<std::size_t>> PeekedBody::read(std::span<std::byte> out) {
    if (left_.empty()) co_return co_await body_.read(out);
    auto const next = left_.first(std::min(out.size(), left_.size()));
    std::ranges::copy(next, out.begin());
    left_ = left_.subspan(next.size());
    co_return next.size();
}

}  // namespace ocilot::registry
