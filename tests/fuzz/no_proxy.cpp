#include "net/proxy_rules.h"
#include "net/url.h"
#include "promise.h"
#include "targets.h"

#include <string>

namespace ocilot::fuzz {

namespace {

constexpr std::string_view hosts[] = {"https://registry.example/", "https://a.b.example:8443/",
                                      "http://10.1.2.3/", "http://[2001:db8::1]:81/"};

bool direct(net::ProxyRules const& rules, std::string_view url) {
    return rules.find(net::parse_url(url).value()) == nullptr;
}

}  // namespace

/// A proxy, and after a line break the hosts without one.
void no_proxy(std::string_view input) {
    auto const line = input.find('\n');
    std::string const proxy(input.substr(0, line));
    std::string const none(line == input.npos ? std::string_view() : input.substr(line + 1));
    auto const named = net::ProxyRules::parse({.https = proxy, .http = proxy, .none = {}});
    if (named.has_error()) {
        promise(named.error().code == Errc::config, "a proxy is good or an error of the configuration");
    } else if (!proxy.empty()) {
        auto const* const found = named->find(net::parse_url("https://registry.example/").value());
        promise(found != nullptr && !found->host.empty() && found->port != 0, "a proxy can be connected to");
        promise(found->authorization.find_first_of("\r\n") == std::string::npos,
                "it brings no lines of its own");
    }
    auto const rules = net::ProxyRules::parse({.https = "p:1", .http = "p:1", .none = none});
    if (rules.has_error()) return promise(rules.error().code == Errc::config, "so are exceptions");
    auto const more = net::ProxyRules::parse({.https = "p:1", .http = "p:1", .none = none + ",*"}).value();
    auto const spaced =
        net::ProxyRules::parse({.https = "p:1", .http = "p:1", .none = " ,\t" + none + " "}).value();
    for (auto const url : hosts) {
        promise(direct(more, url), "* is every host");
        promise(direct(spaced, url) == direct(*rules, url), "blanks and empty entries mean nothing");
    }
    promise(direct(*rules, "http://127.0.0.1:5000/"), "this machine needs no proxy");
}

}  // namespace ocilot::fuzz
