#pragma once

#include "net/http_headers.h"

#include <cstdint>
#include <optional>

namespace ocilot::net {

/// The head of a response, understood.
struct HttpResponseHead {
    unsigned status = 0;
    HttpHeaders headers = {};
    std::optional<std::uint64_t> length = {};  ///< bytes of the body that follows, if they are known
};

}  // namespace ocilot::net
