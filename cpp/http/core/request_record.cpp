#include "http/core/request_record.h"

#include "http/core/target.h"
#include "http/core/url.h"

namespace ocilot::http {

namespace {

constexpr std::string_view uploads = "/blobs/uploads/";

/// A host with its port, without a copy: both are pieces of the same text where the client sent them so.
std::string_view joined(Authority const& authority, std::string& room) {
    auto const& [host, port] = authority;
    if (port.empty()) return host;
    if (port.data() == host.data() + host.size() + 1) return {host.data(), host.size() + 1 + port.size()};
    room = host;
    room += ':';
    room += port;
    return room;
}

/// What is not valid, or sent twice, is as if it were not there, as its specification wants.
std::string_view traceparent_of(Request const& request) {
    constexpr std::string_view name = "traceparent";
    auto const sent = request.header(name).value_or(std::string_view{});
    return !sent.empty() && is_traceparent(sent) && request.count(name) == 1 ? sent : std::string_view{};
}

}  // namespace

std::shared_ptr<RequestRecord const> record_of(Request const& request) {
    auto const [scheme, authority] = requested_origin(request);
    auto path = raw_path(request.target);
    auto const parent = path.substr(0, path.rfind('/') + 1);
    if (parent.ends_with(uploads)) path = parent;
    std::string room;
    RequestRecord::Parts const parts{.method = to_string(request.method),
                                     .scheme = scheme,
                                     .host = joined(authority, room),
                                     .path = path,
                                     .user_agent = request.header("User-Agent").value_or(std::string_view{}),
                                     .traceparent = traceparent_of(request)};
    return std::make_shared<RequestRecord const>(parts);
}

}  // namespace ocilot::http
