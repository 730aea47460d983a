#pragma once

#include "base/result.h"
#include "net/networks.h"
#include "net/proxy.h"
#include "net/url.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::net {

/// Which requests go through a proxy, in the grammar that Go's programs (docker, containerd) read from the
/// environment.
class ProxyRules {
  public:
    struct Settings {
        std::string https =
            {};                 ///< proxy for https URLs: `http://[user:password@]host[:port]` or `host:port`
        std::string http = {};  ///< same for http URLs
        /// Hosts without proxy, separated by commas or blanks: `*`, `example.com` (and all below it),
        /// `.example.com` or `*.example.com` (only those below it), an address, a network such as 10.0.0.0/8;
        /// all but networks with an optional `:port`.
        std::string none = {};
    };
    /// Value of an environment variable; empty if it is not set.
    using Environment = std::function<std::string(char const*)>;

    /// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, or their lower-case names, which win. `HTTP_PROXY` in
    /// upper case is ignored where `REQUEST_METHOD` is set: in CGI a client chooses it.
    [[nodiscard]] static Settings settings_from(Environment const& environment);

    /// No proxy at all.
    ProxyRules() = default;
    /// config, naming the setting and what was expected, but no credentials.
    static Result<ProxyRules> parse(Settings const& settings);

    /// The proxy for a URL; null: connect directly, as always to this machine (`localhost`, loopback).
    [[nodiscard]] Proxy const* find(Url const& url) const;

  private:
    struct Exception {
        std::string name;        ///< `example.com`, or with its dot `.example.com`; empty: any
        bool below = false;      ///< only names below it
        std::uint16_t port = 0;  ///< 0: any
    };
    Result<> add_exception(std::string_view text);
    [[nodiscard]] bool excepts(Url const& url) const;

    std::optional<Proxy> https_;
    std::optional<Proxy> http_;
    std::vector<Exception> exceptions_;
    Networks networks_;
    std::vector<std::string> network_texts_;
};

}  // namespace ocilot::net
