#include "server/client_address.h"

#include "http/core/forwarded.h"
#include "http/core/header.h"

namespace ocilot::server {

namespace {

/// The last element of a list, which is taken off.
std::string_view take_last(std::string_view& list) {
    auto const comma = list.rfind(',');
    auto const last = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
    return last;
}

/// `192.0.2.7` of `192.0.2.7:4711` or `[2001:db8::1]:4711`.
std::string_view without_port(std::string_view element) {
    if (element.starts_with('[')) return element.substr(1, element.find(']') - 1);
    auto const colon = element.find(':');
    bool const has_port =
        colon != std::string_view::npos && element.find(':', colon + 1) == std::string_view::npos;
    return has_port ? element.substr(0, colon) : element;
}

}  // namespace

std::string_view client_address(std::string_view peer, RequestHead const& request,
                                net::Networks const& trusted) {
    auto client = peer;
    for (std::string_view const name : {"X-Forwarded-For", "Forwarded"}) {
        bool const is_standard = name == "Forwarded";
        bool found = false;
        for (auto line = request.headers.rbegin(); line != request.headers.rend(); ++line) {
            if (!http::same_token(line->first, name)) continue;
            found = true;
            for (auto list = line->second; !list.empty() && trusted.contains(client);) {
                auto const element = http::trimmed(take_last(list));
                auto const address =
                    without_port(is_standard ? http::forwarded_parameter(element, "for") : element);
                if (!net::Networks::is_address(address)) return client;
                client = address;
            }
        }
        if (found) break;
    }
    return client;
}

}  // namespace ocilot::server
