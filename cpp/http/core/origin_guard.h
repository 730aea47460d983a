#pragma once

#include "base/result.h"
#include "http/core/message.h"

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::http {

struct AppSettings;

/// Names that a registry without accounts on a loopback address answers to, lower-case and without a port.
/// Web pages can make any other name lead to this address (DNS rebinding).
struct HostNames {
    bool checked = false;  ///< whether other names are refused
    std::vector<std::string> names = {};

    /// `localhost`, names below it and loopback addresses are always listed; a request without `Host` does
    /// not come from a browser.
    [[nodiscard]] bool lists(Request const& request) const;
};

/// denied for a request to a name that is not listed.
[[nodiscard]] Result<> check_host(HostNames const& hosts, Request const& request);

/// denied for a request that a page of another origin made a browser send: `Sec-Fetch-Site` or `Origin` say
/// so, and `ocilot.cors` does not list the page. Requests that read, those with a Bearer token, which no
/// browser adds by itself, and those of the control socket pass. A POST to the administration (`path` below
/// `/api/v1/`) needs what no form can send: `Content-Type: application/json`, or the header `Ocilot-Request`.
/// Clients that are no browsers send neither `Origin` nor `Sec-Fetch-Site`.
[[nodiscard]] Result<> check_origin(AppSettings const& settings, Request const& request,
                                    std::string_view path);

}  // namespace ocilot::http
