#include "server/forwarded_warning.h"

#include "http/core/forwarded.h"
#include "http/core/header.h"

#include <algorithm>
#include <array>

namespace ocilot::server {

namespace {

constexpr std::array<std::string_view, 5> names{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
                                                "X-Forwarded-Port", "Forwarded"};

/// The header as the table has it; empty for any other.
std::string_view forwarded_name(std::string_view header) noexcept {
    // The first letter and the length of all others tell them apart: this looks at every header of a request.
    if (header.size() < 9 || header.size() > 17) return {};
    char const first = static_cast<char>(header.front() | 0x20);
    if (first != 'x' && first != 'f') return {};
    auto const* const found =
        std::ranges::find_if(names, [header](auto name) { return http::same_token(header, name); });
    return found == names.end() ? std::string_view() : *found;
}

bool names_a_client(std::string_view name, std::string_view value) noexcept {
    if (name == "X-Forwarded-For") return true;
    return name == "Forwarded" && !http::forwarded_parameter(value, "for").empty();
}

}  // namespace

void ForwardedWarning::check(std::string_view peer, RequestHead const& request, bool only_clients) noexcept {
    for (auto const& [header, value] : request.headers) {
        auto const name = forwarded_name(header);
        if (name.empty() || (only_clients && !names_a_client(name, value))) continue;
        if (done_.exchange(true)) return;
        log_.warn(
            "forwarded header ignored; if the peer is a reverse proxy, add its address to "
            "ocilot.trustedproxies",
            {{"header", name}, {"peer", peer}});
        return;
    }
}

}  // namespace ocilot::server
