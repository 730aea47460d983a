#include "net/http_failure.h"

#include <fmt/format.h>

namespace ocilot::net {

Error request_failed(std::string_view request, Error const& why) {
    bool const own = why.code == Errc::denied || why.code == Errc::cancelled ||
                     why.code == Errc::bad_request || why.code == Errc::internal;
    return {own ? why.code : Errc::unavailable, fmt::format("{} failed: {}", request, why.message)};
}

}  // namespace ocilot::net
