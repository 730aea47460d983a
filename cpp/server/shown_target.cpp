#include "server/shown_target.h"

#include "http/core/authority.h"

#include <algorithm>
#include <array>

namespace ocilot::server {

namespace {

constexpr std::string_view hidden = "***";
constexpr std::array<std::string_view, 11> secrets{
    "password",      "passwd",           "secret",      "token",         "access_token", "refresh_token",
    "subject_token", "client_assertion", "actor_token", "client_secret", "id_token"};

/// Appends parameters, the values of secrets replaced.
void append_query(std::string& out, std::string_view query) {
    for (;;) {
        auto const end = std::min(query.find('&'), query.size());
        auto const one = query.substr(0, end);
        auto const equals = one.find('=');
        bool const is_secret =
            equals != one.npos && std::ranges::find(secrets, one.substr(0, equals)) != secrets.end();
        out += is_secret ? one.substr(0, equals + 1) : one;
        if (is_secret) out += hidden;
        if (end == query.size()) return;
        out += '&';
        query.remove_prefix(end + 1);
    }
}

}  // namespace

std::string shown_target(std::string_view target) {
    std::string out;
    auto const question = std::min(target.find('?'), target.size());
    auto path = target.substr(0, question);
    if (auto const absolute = http::split_absolute(path)) {
        auto const user = absolute->authority.rfind('@');
        if (user != path.npos) {
            auto const host = absolute->scheme.size() + 3;
            out.append(path.substr(0, host)).append(hidden);
            path.remove_prefix(host + user);
        }
    }
    out += path;
    if (question == target.size()) return out;
    out += '?';
    append_query(out, target.substr(question + 1));
    return out;
}

}  // namespace ocilot::server
